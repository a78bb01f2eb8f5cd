// `ordo study show`, `status`, `check` and `report`: what a store says about a study.
#include <algorithm>

#include <fmt/format.h>

#include "ordo/report/report.h"
#include "ordo/study/show.h"
#include "ordo/study/verbs.h"
#include "ordo/trial/document.h"

namespace ordo::study {
namespace {

std::string stored_name(const std::string& study, const Surroundings& around) {
  const std::filesystem::path file = around.folder / study;
  return trial::is_file_name(file.string()) ? trial::read_spec(file).study.name : study;
}

store::Store open_store(const StoreOption& options, const Surroundings& around, Context& context) {
  return store::Store(around.folder / options.store, {.access = store::Access::read}, context);
}

// The study's results. A look that nobody recorded yet (of shards that were merged) is recorded, so
// that seeds which are added later know of it.
trial::Results look_at(const StudyOption& options, const Surroundings& around, Context& context) {
  const std::string name = stored_name(options.study, around);
  trial::Results results = trial::read_results(open_store(options, around, context), name);
  const auto seeds = static_cast<std::int64_t>(results.seeds.size());
  const bool is_new = std::none_of(results.looks.begin(), results.looks.end(),
                                   [&](const store::Look& look) { return look.seeds >= seeds; });
  if (is_new && !results.verdicts.empty()) {
    store::Store writable(around.folder / options.store, {.access = store::Access::write}, context);
    trial::record_look(writable, results);
  }
  return results;
}

}  // namespace

Shown show(const StudyOption& options, const Surroundings& around, Context& context) {
  return {look_at(options, around, context)};
}
Json to_json(const Shown& shown) { return results_json(shown.results); }
std::string to_text(const Shown& shown) { return results_text(shown.results); }
ExitCode exit_code(const Shown& shown) {
  return shown.results.errors.empty() ? ExitCode::done : ExitCode::input;
}

StatusReport status(const StudyOption& options, const Surroundings& around, Context& context) {
  const std::string name = stored_name(options.study, around);
  return {trial::read_results(open_store(options, around, context), name)};
}

Json to_json(const StatusReport& report) {
  JsonObject counts;
  for (const auto& [name, count] : count_by_status(report.results)) counts[name] = count;
  return Json::object({{"study", report.results.spec.study.name},
                       {"complete", report.results.is_complete},
                       {"cells", report.results.cells.size()},
                       {"counts", std::move(counts)}});
}

std::string to_text(const StatusReport& report) {
  const trial::Results& results = report.results;
  std::vector<std::vector<std::string>> rows(1, {"variant"});
  const std::map<std::string, int> counts = count_by_status(results);
  for (const auto& [name, count] : counts) rows[0].push_back(name);
  for (const trial::Variant& variant : results.variants) {
    std::vector<std::string>& row = rows.emplace_back(1, variant.name);
    for (const auto& [name, total] : counts) {
      const auto count = std::count_if(
          results.cells.begin(), results.cells.end(), [&](const trial::CellResult& cell) {
            return cell.cell.variant == variant.name && to_string(cell.status) == name;
          });
      row.push_back(std::to_string(count));
    }
  }
  std::string text = fmt::format("{}: {}\n\n{}", results.spec.study.name, counts_text(results),
                                 align_columns(rows));
  for (const trial::CellResult& cell : results.cells) {
    const bool is_plain = cell.status == store::Status::done ||
                          cell.status == store::Status::stale ||
                          cell.status == store::Status::pending;
    if (is_plain) continue;
    text += fmt::format("\ncell {}: {} seed {} {}", cell.id, cell.cell.variant, cell.cell.seed,
                        to_string(cell.status));
    if (cell.run && !cell.run->reason.empty()) text += ": " + cell.run->reason;
  }
  return text.ends_with('\n') ? text : text + "\n";
}

void CheckOptions::describe(OptionSet& set) {
  StudyOption::describe(set);
  set.add("strict", strict, "A claim that is undecided counts as one that fails.");
}

Checked check_claims(const CheckOptions& options, const Surroundings& around, Context& context) {
  Checked checked{look_at(options, around, context), options.strict};
  if (!options.strict && any_undecided(checked.results)) {
    context.warn("not every claim is decided; --strict makes this an error");
  }
  return checked;
}

Json to_json(const Checked& checked) { return results_json(checked.results); }
std::string to_text(const Checked& checked) { return verdicts_text(checked.results); }
ExitCode exit_code(const Checked& checked) {
  if (!checked.results.errors.empty()) return ExitCode::input;
  const bool is_no =
      any_fails(checked.results) || (checked.strict && any_undecided(checked.results));
  return is_no ? ExitCode::no : ExitCode::done;
}

void ReportVerbOptions::describe(OptionSet& set) {
  StudyOption::describe(set);
  set.add("out", out, "The HTML file. Empty: as the study's file says, else NAME.html here.")
      .placeholder("FILE");
}

Reported report_study(const ReportVerbOptions& options, const Surroundings& around,
                      Context& context) {
  const trial::Results results = look_at(options, around, context);
  const store::Store store = open_store(options, around, context);
  std::filesystem::path file = around.folder / options.out;
  if (options.out.empty()) {
    const trial::ReportOptions& wanted = results.spec.report;
    file = wanted.out.empty() ? around.folder / (results.spec.study.name + ".html")
                              : results.spec.folder / wanted.out;
  }
  report::write_html(trial::report_document(store, results), file);
  context.artifact(file.string(), {}, "text/html");
  return {file};
}

Json to_json(const Reported& reported) { return Json::object({{"file", reported.file.string()}}); }
std::string to_text(const Reported& reported) { return reported.file.string() + "\n"; }

}  // namespace ordo::study
