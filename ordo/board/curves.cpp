#include "ordo/board/curves.h"

#include <unordered_map>

#include <fmt/format.h>

#include "ordo/board/series_pack.h"
#include "ordo/http/server.h"
#include "ordo/trial/document.h"

namespace ordo::board {
namespace {

void add_curve(SeriesPacker& packer, const store::Curve& curve) {
  packer.add({{"run", curve.run},
              {"name", curve.name},
              {"count", curve.count},
              {"total", curve.total},
              {"width", curve.width},
              {"first", curve.first_step},
              {"last", curve.last_step}},
             curve.step, curve.value, curve.low, curve.high);
}

void require_metric(const StudyData& data, const std::string& metric) {
  for (const store::MetricSummary& one : data.metrics) {
    if (one.name == metric) return;
  }
  throw http::NotFound(
      fmt::format("no run of '{}' has recorded '{}'", data.card.summary.name, metric));
}

// The curves of the runs that count, by run.
std::unordered_map<store::RunId, store::Curve> curves_by_run(const store::Store& store,
                                                             const StudyData& data,
                                                             const std::string& metric,
                                                             const Window& window) {
  std::unordered_map<store::RunId, store::Curve> curves;
  for (store::Curve& curve :
       store.study_series(data.card.summary.name, window.points, metric, window.from, window.to)) {
    curves.emplace(curve.run, std::move(curve));
  }
  return curves;
}

bool has_series(const store::Store& store, store::RunId run, const std::string& metric) {
  for (const store::SeriesInfo& series : store.series_list(run)) {
    if (series.name == metric) return true;
  }
  return false;
}

}  // namespace

std::string pack_run_series(const store::Store& store, store::RunId run, const std::string& metric,
                            const Window& window) {
  if (!has_series(store, run, metric)) {
    throw http::NotFound(fmt::format("run {} has no series '{}'", run, metric));
  }
  SeriesPacker packer;
  add_curve(packer, store.series(run, metric, window.points, window.from, window.to));
  return packer.finish();
}

std::string pack_study_series(const store::Store& store, const StudyData& data,
                              const std::string& metric, const Window& window,
                              const std::set<std::string>& environments) {
  SeriesPacker packer;
  if (!environments.empty()) {
    const trial::Results results = trial::read_results(store, data.card.summary.name, environments);
    for (const trial::CellResult& cell : results.cells) {
      if (!cell.run || !has_series(store, cell.run->id, metric)) continue;
      add_curve(packer, store.series(cell.run->id, metric, window.points, window.from, window.to));
    }
    return packer.finish();
  }
  require_metric(data, metric);
  const auto curves = curves_by_run(store, data, metric, window);
  for (const trial::CellResult& cell : data.results.cells) {
    const auto curve = cell.run ? curves.find(cell.run->id) : curves.end();
    if (curve != curves.end()) add_curve(packer, curve->second);
  }
  return packer.finish();
}

std::string pack_bands(const store::Store& store, const StudyData& data, const std::string& metric,
                       const Window& window) {
  require_metric(data, metric);
  auto curves = curves_by_run(store, data, metric, window);
  SeriesPacker packer;
  for (const trial::Variant& variant : data.results.variants) {
    std::vector<std::pair<std::string, store::Curve>> runs;
    double first = std::numeric_limits<double>::infinity(), last = -first;
    std::uint64_t width = 1;
    for (const trial::CellResult& cell : data.results.cells) {
      const auto curve = cell.run ? curves.find(cell.run->id) : curves.end();
      if (cell.cell.variant != variant.name || curve == curves.end()) continue;
      first = std::min(first, curve->second.first_step);
      last = std::max(last, curve->second.last_step);
      width = std::max(width, curve->second.width);
      runs.emplace_back(trial::run_id(cell), std::move(curve->second));
    }
    const std::size_t count = runs.size();
    const report::Curve band = trial::variant_curve(metric, variant.name, std::move(runs));
    packer.add({{"variant", variant.name},
                {"runs", count},
                {"width", width},
                {"first", first},
                {"last", last}},
               band.steps, band.mean, band.low, band.high);
  }
  return packer.finish();
}

}  // namespace ordo::board
