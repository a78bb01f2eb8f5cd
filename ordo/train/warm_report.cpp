#include "ordo/train/warm_report.h"

#include <functional>

#include <fmt/format.h>

#include "ordo/base/version.h"
#include "ordo/report/report.h"
#include "ordo/stats/estimates.h"
#include "ordo/stats/ratios.h"
#include "ordo/stats/student.h"

namespace ordo::train {
namespace {

struct MeasureKind {
  const char* name;
  const char* description;
  report::Measure::Better better;
  std::function<double(const WarmRun&)> of;
};

const std::vector<MeasureKind>& measures() {
  using Better = report::Measure::Better;
  static const std::vector<MeasureKind> all = {
      {"accuracy", "on the test examples, after the last round", Better::higher,
       [](const WarmRun& run) { return run.accuracy(); }},
      {"last3-accuracy", "mean of the last three rounds", Better::higher,
       [](const WarmRun& run) { return run.last3_accuracy(); }},
      {"steps", "of all rounds together", Better::lower,
       [](const WarmRun& run) { return static_cast<double>(run.steps()); }},
      {"seconds", "of training, all rounds together", Better::lower,
       [](const WarmRun& run) { return run.seconds(); }},
  };
  return all;
}

std::vector<double> values_of(const WarmBench& bench, const std::string& method,
                              const MeasureKind& measure) {
  std::vector<double> values;
  for (const WarmRun& run : bench.runs) {
    if (run.method == method) values.push_back(measure.of(run));
  }
  return values;
}

report::Curve curve_of(const WarmBench& bench, const std::string& method) {
  report::Curve curve{.metric = "accuracy", .variant = method};
  std::vector<const WarmRun*> runs;
  for (const WarmRun& run : bench.runs) {
    if (run.method == method) runs.push_back(&run);
  }
  for (std::size_t round = 0; round < runs.front()->rounds.size(); ++round) {
    std::vector<double> values;
    for (const WarmRun* run : runs) values.push_back(run->rounds[round].accuracy);
    const stats::Interval interval = stats::student_interval(values);
    curve.steps.push_back(static_cast<double>(runs.front()->rounds[round].examples));
    curve.mean.push_back(stats::mean(values));
    const bool known = values.size() > 1;
    curve.low.push_back(known ? interval.lower : std::nan(""));
    curve.high.push_back(known ? interval.upper : std::nan(""));
  }
  return curve;
}

std::string with_interval(double estimate, const stats::Interval& interval, const char* format,
                          std::size_t count) {
  const std::string value = fmt::format(fmt::runtime(format), estimate);
  if (count < 2) return value;
  return fmt::format("{} [{}, {}]", value, fmt::format(fmt::runtime(format), interval.lower),
                     fmt::format(fmt::runtime(format), interval.upper));
}

}  // namespace

std::string to_text(const WarmBench& bench) {
  std::size_t width = 6;
  for (const std::string& method : bench.methods) width = std::max(width, method.size());
  const std::string& base = bench.methods.front();
  std::string text =
      fmt::format("{:<{}}  {:<26}  {:<28}  {:<22}  {:<22}\n", "method", width, "accuracy",
                  "accuracy - " + base, "steps / " + base, "seconds / " + base);
  const auto& all = measures();
  std::size_t count = 0;
  for (const std::string& method : bench.methods) {
    const std::vector<double> accuracy = values_of(bench, method, all[0]);
    count = accuracy.size();
    text += fmt::format(
        "{:<{}}  {:<26}", method, width,
        with_interval(stats::mean(accuracy), stats::student_interval(accuracy), "{:.4f}", count));
    if (method == base) {
      text += "\n";
      continue;
    }
    const std::vector<double> difference =
        stats::differences(accuracy, values_of(bench, base, all[0]));
    text += fmt::format("  {:<28}",
                        with_interval(stats::mean(difference), stats::student_interval(difference),
                                      "{:+.4f}", count));
    for (const std::size_t measure : {std::size_t{2}, std::size_t{3}}) {
      const std::vector<double> values = values_of(bench, method, all[measure]);
      const std::vector<double> against = values_of(bench, base, all[measure]);
      const stats::Ratio ratio = stats::geometric_ratio(values, against);
      text +=
          fmt::format("  {:<22}", with_interval(ratio.estimate, ratio.interval, "{:.2f}", count));
    }
    while (text.back() == ' ') text.pop_back();
    text += "\n";
  }
  text += count > 1 ? fmt::format("means of {} seeds with 95 % intervals, seeds paired\n", count)
                    : "one seed: no intervals; --seeds 5 gives some\n";
  if (!bench.report.empty()) text += fmt::format("report: {}\n", bench.report.string());
  return text;
}

void write_warm_report(const WarmBench& bench, const WarmBenchOptions& options) {
  report::Document document{
      .name = "warm-bench",
      .title = "Warm-start methods on " + options.data.data,
      .question = "Which start of each round keeps accuracy, and at what cost?",
      .program = fmt::format("ordo {}", version()),
      .table_interval = "95 % Student interval",
      .curve_interval = "95 % Student interval"};
  for (const Json& recipe : {to_json(options.data), to_json(options.learning)}) {
    for (const JsonMember& member : recipe.as_object()) document.fixed[member.key] = member.value;
  }
  for (const MeasureKind& measure : measures()) {
    document.measures.push_back(
        {.name = measure.name, .description = measure.description, .better = measure.better});
  }
  for (const std::string& method : bench.methods) {
    document.variants.push_back({.name = method, .parameters = {{"method", method}}});
    for (const MeasureKind& measure : measures()) {
      const std::vector<double> values = values_of(bench, method, measure);
      const stats::Interval interval = stats::student_interval(values);
      document.table.push_back({.variant = method,
                                .measure = measure.name,
                                .mean = stats::mean(values),
                                .interval = {interval.lower, interval.upper},
                                .runs = static_cast<std::int64_t>(values.size())});
    }
    document.curves.push_back(curve_of(bench, method));
  }
  for (const WarmRun& run : bench.runs) {
    report::Run shown{.id = fmt::format("{}/{}", run.method, run.seed),
                      .variant = run.method,
                      .seed = static_cast<std::int64_t>(run.seed),
                      .status = run.reached() ? "done" : "failed",
                      .message = run.reached() ? "" : "a round gave up before its accuracy",
                      .seconds = run.seconds()};
    for (const MeasureKind& measure : measures()) shown.measures[measure.name] = measure.of(run);
    document.runs.push_back(std::move(shown));
  }
  report::write_html(document, options.report);
}

}  // namespace ordo::train
