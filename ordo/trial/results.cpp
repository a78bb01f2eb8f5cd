#include "ordo/trial/results.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "ordo/claims/measure.h"
#include "ordo/stats/sequential.h"
#include "ordo/stats/student.h"

namespace ordo::trial {
namespace {

constexpr std::size_t kAllPoints = std::numeric_limits<std::size_t>::max();

// The measures of one finished run.
void measure(const store::Store& store, const std::vector<claims::Measure>& measures,
             const Spec& spec, CellResult& cell) {
  const store::Run& run = *cell.run;
  std::set<std::string> wanted;
  for (const claims::Measure& one : measures) {
    wanted.insert(one.series().begin(), one.series().end());
  }
  std::vector<store::Curve> curves;
  for (const store::SeriesInfo& series : store.series_list(run.id)) {
    // Series that no measure needs are named, so that errors can list them, but not loaded.
    if (wanted.contains(series.name))
      curves.push_back(store.series(run.id, series.name, kAllPoints));
    else
      curves.emplace_back().name = series.name;
  }
  claims::CellView view;
  for (const store::Curve& curve : curves)
    view.series.push_back({curve.name, curve.step, curve.value});
  view.results = &run.results;
  view.seconds = run.wall_seconds;
  view.cpu_seconds = run.cpu_seconds;
  view.peak_memory = static_cast<double>(run.peak_memory);
  if (run.exit_status) view.exit_status = *run.exit_status;
  for (std::size_t i = 0; i < measures.size(); ++i) {
    const std::string& name = spec.measures[i].name;
    try {
      cell.values[name] = claims::evaluate(measures[i], view);
    } catch (const Error& error) {
      cell.reasons[name] = error.what();
    }
  }
}

// The run that stands for each cell.
using RunsByCell = std::unordered_map<store::CellId, store::Run>;

RunsByCell runs_that_count(const store::Store& store, const std::string& study) {
  RunsByCell runs;
  for (store::Run& run : store.runs(study)) runs.emplace(run.cell, std::move(run));
  return runs;
}

RunsByCell runs_made_in(const store::Store& store, const std::string& study,
                        const std::set<std::string>& environments) {
  RunsByCell runs;
  for (const store::Cell& cell : store.cells(study)) {
    for (store::Run& run : store.attempts(cell.id)) {
      if (run.status != store::Status::done || !environments.contains(run.environment)) continue;
      runs[cell.id] = std::move(run);
    }
  }
  return runs;
}

std::vector<CellResult> read_cells(const store::Store& store, const Results& results,
                                   const RunsByCell& runs, bool only_these) {
  const std::string& study = results.spec.study.name;
  std::vector<claims::Measure> measures;
  for (const MeasureText& one : results.spec.measures) {
    measures.push_back(claims::parse_measure(one.expression, one.where));
  }
  std::unordered_map<std::string, store::Cell> recorded;
  for (store::Cell& cell : store.cells(study)) recorded.emplace(cell.key, std::move(cell));

  std::vector<CellResult> cells;
  for (const std::int64_t seed : results.seeds) {
    for (const Variant& variant : results.variants) {
      CellResult& cell = cells.emplace_back();
      cell.cell = {cell_key(variant, seed), variant.name, variant.parameters, seed};
      const auto found = recorded.find(cell.cell.key);
      if (found == recorded.end()) continue;
      cell.status = found->second.status;
      cell.id = found->second.id;
      if (const auto run = runs.find(cell.id); run != runs.end()) cell.run = run->second;
      if (only_these) cell.status = cell.run ? store::Status::done : store::Status::pending;
      const bool has_values =
          cell.status == store::Status::done || cell.status == store::Status::stale;
      if (has_values && cell.run) measure(store, measures, results.spec, cell);
    }
  }
  return cells;
}

std::vector<Estimate> estimate(const Results& results) {
  std::vector<Estimate> all;
  for (const Variant& variant : results.variants) {
    for (const MeasureText& one : results.spec.measures) {
      Estimate& next = all.emplace_back();
      next.variant = variant.name;
      next.measure = one.name;
      for (const CellResult& cell : results.cells) {
        const auto value = cell.values.find(one.name);
        if (cell.cell.variant == variant.name && value != cell.values.end()) {
          next.values.push_back(value->second);
        }
      }
      double sum = 0;
      for (const double value : next.values) sum += value;
      next.mean = sum / static_cast<double>(next.values.size());  // NaN without values
      next.low = -std::numeric_limits<double>::infinity();
      next.high = std::numeric_limits<double>::infinity();
      if (next.values.size() >= 2 && std::isfinite(next.mean)) {
        const stats::Interval interval = stats::student_interval(next.values);
        next.low = interval.lower;
        next.high = interval.upper;
      }
    }
  }
  return all;
}

claims::CellMeasures to_measures(const CellResult& cell) {
  claims::CellMeasures measures{.variant = cell.cell.variant, .seed = cell.cell.seed};
  measures.values = cell.values;
  measures.reasons = cell.reasons;
  if (cell.status == store::Status::done || cell.status == store::Status::stale) return measures;
  measures.failure = cell.run && !cell.run->reason.empty() ? cell.run->reason
                                                           : std::string(to_string(cell.status));
  return measures;
}

// Why a claim cannot be judged at all: a measure it needs has no value in any run of a variant.
std::string missing_measure(const Results& results, const claims::Claim& claim) {
  for (const claims::Comparison& comparison : claim.comparisons) {
    for (const std::string& name : comparison.measures()) {
      const bool is_there =
          std::any_of(results.cells.begin(), results.cells.end(),
                      [&](const CellResult& cell) { return cell.values.contains(name); });
      if (is_there) continue;
      const auto failed =
          std::find_if(results.cells.begin(), results.cells.end(),
                       [&](const CellResult& cell) { return cell.reasons.contains(name); });
      if (failed == results.cells.end()) continue;
      return fmt::format(
          "{}: no run gives the measure '{}' that this claim needs; the first says: {}",
          claim.where.to_string(), name, failed->reasons.at(name));
    }
  }
  return {};
}

std::vector<claims::Claim> judgeable_claims(Results& results) {
  std::vector<std::string> variants, measures;
  for (const Variant& variant : results.variants) variants.push_back(variant.name);
  for (const MeasureText& one : results.spec.measures) measures.push_back(one.name);
  std::vector<claims::Claim> claims;
  for (const ClaimText& text : results.spec.claims) {
    claims::Claim claim =
        claims::resolve(claims::parse_claim(text.text, text.where), variants, measures);
    claim.name = text.name;
    if (!text.method.empty()) claim.method = claims::parse_method(text.method);
    if (text.paired) {
      claim.pairing = *text.paired ? claims::Pairing::by_seed : claims::Pairing::unpaired;
    }
    std::string error = missing_measure(results, claim);
    if (error.empty())
      claims.push_back(std::move(claim));
    else
      results.errors.push_back(std::move(error));
  }
  return claims;
}

void judge(Results& results) {
  const StudyOptions& study = results.spec.study;
  const std::vector<claims::Claim> claims = judgeable_claims(results);
  if (claims.empty()) return;
  std::vector<claims::CellMeasures> cells;
  for (const CellResult& cell : results.cells) cells.push_back(to_measures(cell));
  claims::JudgeOptions options;
  options.alpha = study.alpha;
  options.method = claims::parse_method(study.method);
  options.pairing = study.paired ? claims::Pairing::by_seed : claims::Pairing::unpaired;
  options.registered_seeds = static_cast<int>(results.registered.size());
  for (const store::Look& look : results.looks) {
    if (look.seeds < static_cast<std::int64_t>(results.seeds.size())) {
      options.earlier_looks.push_back(static_cast<int>(look.seeds));
    }
  }
  results.verdicts = claims::judge(claims, cells, options);
  results.level = claims::describe_level(results.verdicts, options);
}

// Cells that were run again after a look had judged them. Their new values are judged under that
// look, which spends no alpha, so whoever reads the verdicts must be told.
std::size_t cells_rerun_after_a_look(const Results& results) {
  std::map<std::int64_t, double> judged;  // when each seed was first judged
  for (const store::Look& look : results.looks) {
    const auto seen =
        std::min<std::size_t>(static_cast<std::size_t>(look.seeds), results.seeds.size());
    for (std::size_t i = 0; i < seen; ++i) judged.emplace(results.seeds[i], look.time);
  }
  return static_cast<std::size_t>(
      std::count_if(results.cells.begin(), results.cells.end(), [&](const CellResult& cell) {
        const auto when = judged.find(cell.cell.seed);
        return cell.run && when != judged.end() && cell.run->start > when->second;
      }));
}

}  // namespace

bool is_finished(store::Status status) {
  using store::Status;
  return status == Status::done || status == Status::stale || status == Status::failed ||
         status == Status::timeout;
}

std::vector<std::int64_t> all_seeds(const store::Store& store, const Registered& registered) {
  std::vector<std::int64_t> seeds = registered.seeds;
  std::set<std::int64_t> known(seeds.begin(), seeds.end());
  for (const std::int64_t seed : registered.spec.seeds) {
    if (known.insert(seed).second) seeds.push_back(seed);
  }
  std::set<std::string> names;
  for (const Variant& variant : variants(registered.spec)) names.insert(variant.name);
  for (const store::Cell& cell : store.cells(registered.spec.study.name)) {
    if (names.contains(cell.variant) && known.insert(cell.seed).second) seeds.push_back(cell.seed);
  }
  return seeds;
}

namespace {

Results results_of(const store::Store& store, const std::string& study, const RunsByCell& runs,
                   bool only_these) {
  Registered registered = read_registered(store, study);
  Results results;
  results.seeds = all_seeds(store, registered);
  results.registered = registered.seeds;
  results.spec = std::move(registered.spec);
  results.changes = std::move(registered.changes);
  results.variants = variants(results.spec);
  results.looks = store.looks(study);
  results.cells = read_cells(store, results, runs, only_these);
  if (const std::size_t count = cells_rerun_after_a_look(results); count > 0) {
    results.changes.push_back(fmt::format(
        "{} of {} cells were run again after claims had been judged; their new values are judged "
        "without spending alpha",
        count, results.cells.size()));
  }
  results.estimates = estimate(results);
  results.is_complete =
      std::all_of(results.cells.begin(), results.cells.end(),
                  [](const CellResult& cell) { return is_finished(cell.status); });
  if (results.is_complete) judge(results);
  return results;
}

}  // namespace

Results read_results(const store::Store& store, const std::string& study) {
  return results_of(store, study, runs_that_count(store, study), false);
}

Results read_results(const store::Store& store, const std::string& study,
                     const std::set<std::string>& environments) {
  return results_of(store, study, runs_made_in(store, study, environments), true);
}

void record_look(store::Store& store, Results& results) {
  if (results.verdicts.empty()) return;
  const auto seeds = static_cast<std::int64_t>(results.seeds.size());
  for (const store::Look& look : results.looks) {
    if (look.seeds >= seeds) return;
  }
  std::vector<double> spent;
  for (const store::Look& look : results.looks) spent.push_back(look.alpha_spent);
  store::Look look;
  look.seeds = seeds;
  look.alpha_spent = stats::next_look_level(results.spec.study.alpha, spent);
  for (const claims::Verdict& verdict : results.verdicts) {
    look.verdicts[verdict.claim.name] = std::string(to_string(verdict.outcome));
  }
  store.add_look(results.spec.study.name, look);
  results.looks = store.looks(results.spec.study.name);
}

}  // namespace ordo::trial
