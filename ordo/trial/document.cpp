#include "ordo/trial/document.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>

#include <fmt/format.h>

#include "ordo/base/version.h"
#include "ordo/stats/student.h"

namespace ordo::trial {
namespace {

constexpr std::size_t kCurvePoints = 500;  // of a run's series; more cannot be seen on a screen

report::Verdict to_verdict(claims::Outcome outcome) {
  switch (outcome) {
    case claims::Outcome::holds:
      return report::Verdict::holds;
    case claims::Outcome::fails:
      return report::Verdict::fails;
    case claims::Outcome::undecided:
      break;
  }
  return report::Verdict::undecided;
}

// Where left - right must lie for the comparison to be true.
report::Interval claimed(const claims::Finding& finding) {
  report::Interval interval;
  switch (finding.comparison.relation) {
    case claims::Relation::greater:
    case claims::Relation::greater_equal:
      interval.low = finding.margin;
      break;
    case claims::Relation::less:
    case claims::Relation::less_equal:
      interval.high = finding.margin;
      break;
    case claims::Relation::equivalent:
      interval.low = -std::abs(finding.margin);
      interval.high = std::abs(finding.margin);
      break;
  }
  return interval;
}

report::Comparison to_comparison(const claims::Finding& finding) {
  report::Comparison comparison;
  const std::string right = claims::to_string(finding.comparison.right);
  comparison.label = claims::to_string(finding.comparison.left);
  if (right != "0") comparison.label += " − " + right;
  const std::vector<std::string> measures = finding.comparison.measures();
  if (measures.size() == 1) comparison.unit = measures[0];
  comparison.estimate = finding.estimate.value_or(std::nan(""));
  if (finding.bounds) comparison.interval = {finding.bounds->low, finding.bounds->high};
  comparison.claimed = claimed(finding);
  comparison.verdict = to_verdict(finding.outcome);
  comparison.pairs = finding.n;
  comparison.p_value = finding.p_value();
  return comparison;
}

std::vector<report::Claim> to_claims(const Results& results) {
  std::vector<report::Claim> all;
  for (const claims::Verdict& verdict : results.verdicts) {
    report::Claim& claim = all.emplace_back();
    claim.name = verdict.claim.name;
    claim.text = verdict.claim.text;
    claim.sentence = verdict.sentence;
    claim.verdict = to_verdict(verdict.outcome);
    for (const ClaimText& text : results.spec.claims) {
      if (text.name == claim.name) claim.note = text.note;
    }
    for (const claims::Finding& finding : verdict.findings) {
      claim.comparisons.push_back(to_comparison(finding));
    }
  }
  return all;
}

// Parameters that every variant has with the same value.
JsonObject shared_parameters(const std::vector<Variant>& variants) {
  JsonObject shared;
  for (const JsonMember& member : variants.front().parameters) {
    const bool is_shared = std::all_of(variants.begin(), variants.end(), [&](const Variant& one) {
      const Json* value = one.parameters.find(member.key);
      return value != nullptr && *value == member.value;
    });
    if (is_shared) shared[member.key] = member.value;
  }
  return shared;
}

// The mean of `values` with its band, appended to `curve`.
void append_band(report::Curve& curve, double step, const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  const stats::Interval band = stats::student_interval(values);
  const bool has_band = values.size() >= 2 && std::isfinite(band.lower);
  curve.steps.push_back(step);
  curve.mean.push_back(sum / static_cast<double>(values.size()));
  curve.low.push_back(has_band ? band.lower : std::nan(""));
  curve.high.push_back(has_band ? band.upper : std::nan(""));
}

// Runs that logged at the same steps need no search for those that they share.
bool have_equal_steps(const std::vector<std::pair<std::string, store::Curve>>& runs) {
  return std::all_of(runs.begin(), runs.end(),
                     [&](const auto& run) { return run.second.step == runs.front().second.step; });
}

std::vector<report::Curve> to_curves(const store::Store& store, const Results& results,
                                     const DocumentParts& parts) {
  std::map<store::RunId, const CellResult*> cell_of;
  for (const CellResult& cell : results.cells) {
    if (cell.run) cell_of[cell.run->id] = &cell;
  }
  using Runs = std::vector<std::pair<std::string, store::Curve>>;
  std::map<std::string, std::map<std::string, Runs>> by_metric;
  const std::vector<std::string>& wanted = results.spec.report.curves;
  for (store::Curve& curve : store.study_series(results.spec.study.name, kCurvePoints)) {
    const auto cell = cell_of.find(curve.run);
    const bool is_wanted =
        wanted.empty() || std::count(wanted.begin(), wanted.end(), curve.name) > 0;
    if (cell == cell_of.end() || !is_wanted || curve.step.size() < 2) continue;
    by_metric[curve.name][cell->second->cell.variant].emplace_back(run_id(*cell->second),
                                                                   std::move(curve));
  }
  std::vector<report::Curve> curves;
  for (auto& [metric, variants] : by_metric) {
    for (const Variant& variant : results.variants) {  // in the order of the study
      const auto runs = variants.find(variant.name);
      if (runs == variants.end()) continue;
      curves.push_back(variant_curve(metric, variant.name, std::move(runs->second)));
      if (!parts.traces) curves.back().runs.clear();
    }
  }
  return curves;
}

report::Run to_run(const store::Store& store, const CellResult& cell, const DocumentParts& parts) {
  report::Run run;
  run.id = run_id(cell);
  run.variant = cell.cell.variant;
  run.seed = cell.cell.seed;
  run.status = cell.status == store::Status::pending ? "waiting" : to_string(cell.status);
  run.parameters = cell.cell.params;
  for (const auto& [name, value] : cell.values) run.measures[name] = value;
  if (!cell.run) return run;
  run.message = cell.run->reason;
  run.started = iso_time(cell.run->start);
  run.seconds = cell.run->wall_seconds;
  if (!parts.logs) return run;
  const store::Log log = store.log(cell.run->id);
  const auto kept = static_cast<std::int64_t>(log.head.size() + log.tail.size());
  run.logs.push_back({"output", log.head, log.tail,
                      static_cast<std::uint64_t>(std::max<std::int64_t>(log.bytes - kept, 0))});
  return run;
}

void add_runs(const store::Store& store, const Results& results, const DocumentParts& parts,
              report::Document& document) {
  std::map<std::string, std::int64_t> places;
  for (const CellResult& cell : results.cells) {
    report::Run run = to_run(store, cell, parts);
    if (cell.run && !cell.run->environment.empty()) {
      const auto [place, is_new] = places.try_emplace(
          cell.run->environment, static_cast<std::int64_t>(document.environments.size()));
      if (is_new) {
        document.environments.push_back(
            {fmt::format("environment {}", place->second + 1),
             store.environment(cell.run->environment).value_or(JsonObject())});
      }
      run.environment = place->second;
    }
    if (run.started > document.created) document.created = run.started;
    document.runs.push_back(std::move(run));
  }
}

report::Testing to_testing(const Results& results) {
  report::Testing testing;
  testing.alpha = results.spec.study.alpha;
  testing.registered_seeds = static_cast<std::int64_t>(results.registered.size());
  for (const claims::Verdict& verdict : results.verdicts) {
    for (const claims::Finding& finding : verdict.findings) {
      if (testing.method.empty()) testing.method = finding.method;
    }
  }
  testing.correction = results.level;
  for (const store::Look& look : results.looks) {
    testing.looks.push_back({look.seeds, look.alpha_spent, iso_time(look.time)});
  }
  for (const std::string& change : results.changes) {
    testing.notes.push_back("Changed after results were there: " + change);
  }
  testing.notes.insert(testing.notes.end(), results.errors.begin(), results.errors.end());
  return testing;
}

}  // namespace

std::string iso_time(double unix_time) {
  const auto seconds = static_cast<std::time_t>(unix_time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string run_id(const CellResult& cell) {
  return fmt::format("{}/{}", cell.cell.variant, cell.cell.seed);
}

report::Curve variant_curve(const std::string& metric, const std::string& variant,
                            std::vector<std::pair<std::string, store::Curve>> runs) {
  report::Curve curve;
  curve.metric = metric;
  curve.variant = variant;
  std::vector<double> values;
  if (!runs.empty() && have_equal_steps(runs)) {
    const std::vector<double>& steps = runs.front().second.step;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      values.clear();
      for (const auto& [id, series] : runs) values.push_back(series.value[i]);
      append_band(curve, steps[i], values);
    }
  } else {
    std::map<double, std::vector<double>> by_step;
    for (const auto& [id, series] : runs) {
      for (std::size_t i = 0; i < series.step.size(); ++i) {
        by_step[series.step[i]].push_back(series.value[i]);
      }
    }
    for (const auto& [step, at_step] : by_step) {
      if (at_step.size() == runs.size()) append_band(curve, step, at_step);
    }
  }
  for (auto& [id, series] : runs) {
    curve.runs.push_back({id, std::move(series.step), std::move(series.value)});
  }
  return curve;
}

report::Document report_document(const store::Store& store, const Results& results,
                                 const DocumentParts& parts) {
  report::Document document;
  const StudyOptions& study = results.spec.study;
  document.name = study.name;
  document.title = study.title;
  document.question = study.question;
  document.program = fmt::format("ordo {}", version());
  document.fixed = shared_parameters(results.variants);
  for (const Variant& variant : results.variants) {
    report::Variant& one = document.variants.emplace_back();
    one.name = variant.name;
    for (const JsonMember& member : variant.parameters) {
      if (!document.fixed.contains(member.key)) one.parameters[member.key] = member.value;
    }
  }
  for (const MeasureText& measure : results.spec.measures) {
    report::Measure& column = document.measures.emplace_back();
    column.name = measure.name;
    column.description = measure.expression;
  }
  for (const Estimate& one : results.estimates) {
    if (one.values.empty()) continue;
    document.table.push_back({one.variant,
                              one.measure,
                              one.mean,
                              {one.low, one.high},
                              static_cast<std::int64_t>(one.values.size())});
  }
  document.table_interval = "95 % Student interval of the mean";
  document.curve_interval = "95 % Student interval of the mean at each step";
  document.claims = to_claims(results);
  document.curves = to_curves(store, results, parts);
  add_runs(store, results, parts, document);
  document.testing = to_testing(results);
  return document;
}

}  // namespace ordo::trial
