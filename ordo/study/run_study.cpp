// `ordo study run`, `add-seeds` and `rerun`: from a study's file to recorded cells and verdicts.
#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "ordo/study/environment.h"
#include "ordo/study/progress.h"
#include "ordo/study/show.h"
#include "ordo/study/verbs.h"

namespace ordo::study {
namespace {

using store::Status;

trial::Spec spec_to_run(const StudyOption& options, const Surroundings& around,
                        const store::Store* store) {
  const std::filesystem::path file = around.folder / options.study;
  if (trial::is_file_name(file.string())) return trial::read_spec(file);
  if (store == nullptr) {
    throw UsageError(
        fmt::format("there is neither a file nor a stored study '{}' (no store in '{}')",
                    options.study, options.store.string()));
  }
  return trial::read_registered(*store, options.study).spec;
}

std::optional<store::Store> open_to_run(const RunStudyOptions& options, const Surroundings& around,
                                        Context& context) {
  const std::filesystem::path folder = around.folder / options.store;
  const bool exists = store::Store::exists(folder);
  // Neither a dry run nor a mistyped name leaves an empty store behind.
  if (!exists &&
      (options.dry_run || !trial::is_file_name((around.folder / options.study).string()))) {
    return std::nullopt;
  }
  if (!exists) trial::read_spec(around.folder / options.study);
  const auto access = options.dry_run ? store::Access::read : store::Access::create;
  return store::Store(folder, {.access = access}, context);
}

void apply_overrides(const RunStudyOptions& options, trial::StudyOptions& study) {
  if (options.jobs) study.jobs = *options.jobs;
  if (options.timeout) study.timeout = *options.timeout;
  if (options.memory) study.memory = *options.memory;
  if (options.retries) study.retries = *options.retries;
}

int jobs_at_once(const trial::StudyOptions& study, const Context& context) {
  if (study.exclusive) return 1;
  return study.jobs > 0 ? study.jobs : std::max(1, context.threads);
}

trial::ExpandOptions expansion(const trial::Spec& spec, std::vector<std::int64_t> seeds,
                               const Surroundings& around, const Context& context) {
  trial::ExpandOptions expand_options;
  expand_options.seeds = std::move(seeds);
  expand_options.threads = std::max(1, context.threads / jobs_at_once(spec.study, context));
  expand_options.base = around.folder;
  expand_options.search_path = around.search_path;
  expand_options.environment = around.environment;
  return expand_options;
}

// What is to be done with the cells of one study.
class Selection {
 public:
  Selection(const RunStudyOptions& options, const std::vector<store::Cell>& recorded)
      : options_(options) {
    for (const store::Cell& cell : recorded) recorded_.emplace(cell.key, cell);
  }

  /// Whether any cell of the job has to run. A process that reports many cells runs for all.
  bool wants(const trial::Job& job) {
    bool wanted = false;
    for (const trial::Cell& cell : job.cells) wanted |= wants(cell, job.fingerprint);
    return wanted;
  }
  std::size_t stale() const { return stale_; }
  /// Cells whose mark is out of date, with the fingerprint that they would have now.
  const std::vector<std::pair<store::CellId, std::string>>& marks() const { return marks_; }

 private:
  bool wants(const trial::Cell& cell, const std::string& fingerprint) {
    const auto found = recorded_.find(cell.key);
    if (found == recorded_.end()) return true;
    const store::Cell& known = found->second;
    switch (known.status) {
      case Status::done:
      case Status::stale: {
        const bool is_stale = known.fingerprint != fingerprint;
        if (is_stale != (known.status == Status::stale)) marks_.emplace_back(known.id, fingerprint);
        stale_ += is_stale ? 1 : 0;
        return is_stale && options_.rerun_stale;
      }
      case Status::failed:
      case Status::timeout:
        return options_.rerun_failed;
      case Status::pending:
      case Status::running:
      case Status::killed:
        return true;
    }
    return true;
  }

  const RunStudyOptions& options_;
  std::unordered_map<std::string, store::Cell> recorded_;
  std::size_t stale_ = 0;
  std::vector<std::pair<store::CellId, std::string>> marks_;
};

std::size_t count_cells(const std::vector<trial::Job>& jobs) {
  std::size_t count = 0;
  for (const trial::Job& job : jobs) count += job.cells.size();
  return count;
}

// Registers the cells of `jobs`; those that ran before are made pending again.
void prepare_cells(store::Store& store, const std::string& study,
                   const std::vector<trial::Job>& all, const std::vector<trial::Job>& chosen) {
  const auto to_specs = [](const std::vector<trial::Job>& jobs) {
    std::vector<store::CellSpec> specs;
    for (const trial::Job& job : jobs) {
      for (const trial::Cell& cell : job.cells) {
        specs.push_back({cell.variant, cell.params, cell.seed, cell.key});
      }
    }
    return specs;
  };
  store.add_cells(study, to_specs(all));
  for (const store::CellId id : store.add_cells(study, to_specs(chosen))) {
    const auto cell = store.cell(id);
    if (cell && cell->status != Status::pending && cell->status != Status::running) {
      store.reset_cell(id);
    }
  }
}

// Seconds that `jobs` will take, from the mean time of each variant's finished runs; nothing if a
// variant has none.
std::optional<double> expected_seconds(const store::Store& store, const std::string& study,
                                       const std::vector<trial::Job>& jobs, int at_once) {
  std::unordered_map<store::CellId, std::string> variant_of;
  for (const store::Cell& cell : store.cells(study)) variant_of.emplace(cell.id, cell.variant);
  std::unordered_map<std::string, std::pair<double, int>> times;
  for (const store::Run& run : store.runs(study)) {
    if (run.status != Status::done) continue;
    auto& [sum, count] = times[variant_of[run.cell]];
    sum += run.wall_seconds;
    ++count;
  }
  double total = 0;
  for (const trial::Job& job : jobs) {
    const auto known = times.find(job.cells.front().variant);
    if (known == times.end()) return std::nullopt;
    total += known->second.first / known->second.second;
  }
  return total / at_once;
}

RunSummary run_chosen(const trial::Spec& spec, std::vector<trial::Job> jobs, std::size_t cells,
                      store::Store& store, const Surroundings& around, Context& context) {
  const int at_once = jobs_at_once(spec.study, context);
  if (jobs.empty()) return {};
  check_commands(jobs);
  RunOptions run_options;
  run_options.jobs = at_once;
  run_options.threads_per_cell = std::max(1, context.threads / at_once);
  run_options.exclusive = spec.study.exclusive;

  Plan plan;
  plan.study = spec.study.name;
  for (const trial::Variant& variant : variants(spec)) plan.variants.push_back(variant.name);
  plan.cells = cells;
  plan.finished = cells - count_cells(jobs);
  plan.jobs = std::move(jobs);
  plan.jobs_at_once = at_once;
  ProgressObserver events(context);
  StudyObserver& observer = around.observer != nullptr ? *around.observer : events;
  observer.begin(plan);
  run_options.environment =
      store.put_environment(describe_environment(around.folder / spec.folder, context));
  RunSummary summary;
  try {
    summary = run_jobs(plan.jobs, store, spec.study.name, run_options, observer, context);
  } catch (...) {
    observer.end();  // gives the terminal back before the error is shown on it
    throw;
  }
  observer.end();
  return summary;
}

// Runs what is wanted of `seeds` and judges the study.
RunReport run_seeds(const trial::Spec& spec, const std::vector<std::int64_t>& seeds,
                    const RunStudyOptions& options, store::Store& store, const Surroundings& around,
                    Context& context) {
  trial::ExpandOptions expand_options = expansion(spec, seeds, around, context);
  if (!options.shard.empty()) expand_options.shard = trial::parse_shard(options.shard);
  expand_options.only = options.only;
  const std::vector<trial::Job> all = trial::expand(spec, expand_options);
  Selection selection(options, store.cells(spec.study.name));
  std::vector<trial::Job> chosen;
  for (const trial::Job& job : all) {
    if (selection.wants(job)) chosen.push_back(job);
  }
  RunReport report;
  report.cells = count_cells(all);
  report.planned = count_cells(chosen);
  report.stale = selection.stale();
  for (const auto& [cell, fingerprint] : selection.marks()) store.mark_stale(cell, fingerprint);
  prepare_cells(store, spec.study.name, all, chosen);
  report.summary = run_chosen(spec, std::move(chosen), report.cells, store, around, context);
  report.results = trial::read_results(store, spec.study.name);
  report.store = options.store;
  trial::record_look(store, report.results);
  return report;
}

RunReport dry_run(const trial::Spec& spec, const RunStudyOptions& options,
                  const store::Store* store, const Surroundings& around, const Context& context) {
  RunReport report;
  report.is_dry = true;
  const std::string& name = spec.study.name;
  const bool is_known = store != nullptr && store->study(name).has_value();
  std::vector<std::int64_t> seeds = spec.seeds;
  if (is_known) {
    trial::Registered registered = trial::read_registered(*store, name);
    report.changes = trial::registered_changes(registered.spec, spec);
    registered.spec = spec;
    seeds = trial::all_seeds(*store, registered);
  }
  trial::ExpandOptions expand_options = expansion(spec, seeds, around, context);
  if (!options.shard.empty()) expand_options.shard = trial::parse_shard(options.shard);
  expand_options.only = options.only;
  std::vector<trial::Job> jobs = trial::expand(spec, expand_options);
  check_commands(jobs);
  report.cells = count_cells(jobs);
  Selection selection(options, is_known ? store->cells(name) : std::vector<store::Cell>());
  std::erase_if(jobs, [&](const trial::Job& job) { return !selection.wants(job); });
  report.planned = count_cells(jobs);
  report.stale = selection.stale();
  if (is_known) {
    report.expected_seconds =
        expected_seconds(*store, name, jobs, jobs_at_once(spec.study, context));
  }
  report.results.spec = spec;
  report.results.variants = variants(spec);
  report.results.seeds = seeds;
  return report;
}

}  // namespace

void StoreOption::describe(OptionSet& set) {
  set.add("store", store, "Folder of the store.").placeholder("DIR");
}

void StudyOption::describe(OptionSet& set) {
  set.positional("study", study, "A study's TOML file, or the name of a stored study.").required();
  StoreOption::describe(set);
}

void RunStudyOptions::describe(OptionSet& set) {
  StudyOption::describe(set);
  set.add("jobs", jobs, "Cells at once; over the file's.").range(1, 10'000).short_name('j');
  set.add("shard", shard,
          "Run part i of n, for several machines: `2/4`. Each has a store of its own; `ordo store "
          "merge` joins them.")
      .placeholder("i/n");
  set.add("dry-run", dry_run, "Only say how many cells would run, and for how long.");
  set.add("timeout", timeout, "Seconds a cell may run; over the file's.").range(0);
  set.add("memory", memory, "MiB a cell may use; over the file's.").range(0, 1e9);
  set.add("retries", retries, "Further attempts at a cell that failed; over the file's.")
      .range(0, 100);
  set.add("rerun-stale", rerun_stale, "Run cells again whose program or command changed since.");
  set.add("rerun-failed", rerun_failed, "Run cells again that failed or ran out of time.");
  set.add("only", only, "Run only this variant; may be repeated.").placeholder("VARIANT");
}

void AddSeedsOptions::describe(OptionSet& set) {
  set.positional("count", count, "How many seeds to add.").range(1, 1e6).required();
  set.positional("study", study, "A study's TOML file, or the name of a stored study.").required();
  set.add("jobs", jobs, "Cells at once; over the file's.").range(1, 10'000).short_name('j');
  StoreOption::describe(set);
}

RunReport run_study(const RunStudyOptions& options, const Surroundings& around, Context& context) {
  std::optional<store::Store> store = open_to_run(options, around, context);
  trial::Spec spec = spec_to_run(options, around, store ? &*store : nullptr);
  apply_overrides(options, spec.study);
  if (options.dry_run) return dry_run(spec, options, store ? &*store : nullptr, around, context);
  if (!store->study(spec.study.name)) {  // a study that cannot start leaves no trace
    check_commands(trial::expand(spec, expansion(spec, spec.seeds, around, context)));
  }
  const std::vector<std::string> changes = trial::register_study(*store, spec);
  for (const std::string& change : changes) {
    context.warn("the study has results, and what it registered changed: " + change);
  }
  trial::Registered registered = trial::read_registered(*store, spec.study.name);
  RunReport report =
      run_seeds(spec, trial::all_seeds(*store, registered), options, *store, around, context);
  report.changes = changes;
  return report;
}

RunReport add_seeds(const AddSeedsOptions& options, const Surroundings& around, Context& context) {
  store::Store store(around.folder / options.store, {.access = store::Access::write}, context);
  std::string name = options.study;
  if (trial::is_file_name((around.folder / name).string()))
    name = trial::read_spec(around.folder / name).study.name;
  trial::Results before = trial::read_results(store, name);
  if (!before.is_complete) {
    throw UsageError(
        fmt::format("the study '{0}' is not finished ({1}): run 'ordo study run {0}' "
                    "first, then add seeds",
                    name, counts_text(before)));
  }
  trial::record_look(store, before);  // of shards that were merged, the first look is made here
  std::vector<std::int64_t> seeds = before.seeds;
  std::int64_t next = *std::max_element(seeds.begin(), seeds.end());
  for (int i = 0; i < options.count; ++i) seeds.push_back(++next);
  RunStudyOptions run_options;
  run_options.store = options.store;
  if (options.jobs) before.spec.study.jobs = *options.jobs;
  return run_seeds(before.spec, seeds, run_options, store, around, context);
}

RunReport rerun(const CellOption& options, const Surroundings& around, Context& context) {
  store::Store store(around.folder / options.store, {.access = store::Access::write}, context);
  const store::Cell cell = find_cell(store, options.cell);
  const trial::Registered registered = trial::read_registered(store, cell.study);
  const trial::ExpandOptions expand_options =
      expansion(registered.spec, {cell.seed}, around, context);
  std::vector<trial::Job> jobs = trial::expand(registered.spec, expand_options);
  std::erase_if(jobs, [&](const trial::Job& job) {
    return std::none_of(job.cells.begin(), job.cells.end(),
                        [&](const trial::Cell& one) { return one.key == cell.key; });
  });
  if (jobs.empty()) {
    throw UsageError(
        fmt::format("the study '{}' has no such cell any more: its file changed", cell.study));
  }
  prepare_cells(store, cell.study, {}, jobs);
  RunReport report;
  report.cells = report.planned = count_cells(jobs);
  report.summary =
      run_chosen(registered.spec, std::move(jobs), report.cells, store, around, context);
  report.results = trial::read_results(store, cell.study);
  report.store = options.store;
  return report;
}

Json to_json(const RunReport& report) {
  Json json = report.is_dry ? Json::object({{"study", report.results.spec.study.name}})
                            : results_json(report.results);
  json["ran"] = Json::object({{"done", report.summary.done},
                              {"failed", report.summary.failed},
                              {"interrupted", report.summary.interrupted},
                              {"skipped", report.summary.skipped},
                              {"seconds", report.summary.seconds}});
  json["dry_run"] = report.is_dry;
  json["planned"] = report.planned;
  json["stale"] = report.stale;
  if (report.expected_seconds) json["expected_seconds"] = *report.expected_seconds;
  return json;
}

std::string to_text(const RunReport& report) {
  std::string text;
  if (report.is_dry) {
    text = fmt::format("{}: {} × {}; {} of {} cells would run, ", report.results.spec.study.name,
                       count_of(report.results.variants.size(), "variant"),
                       count_of(report.results.seeds.size(), "seed"), report.planned, report.cells);
    text += report.expected_seconds
                ? fmt::format("in about {} s\n", short_number(*report.expected_seconds))
                : "in a time that is unknown until cells of each variant have finished\n";
    for (const std::string& change : report.changes) text += "changed: " + change + "\n";
  } else {
    text = results_text(report.results);
  }
  if (report.stale > 0) {
    text += fmt::format(
        "! {} stale: the program or command changed since. --rerun-stale runs them again.\n",
        report.stale == 1 ? "1 cell is" : fmt::format("{} cells are", report.stale));
  }
  if (report.summary.interrupted > 0) {
    text += fmt::format("! interrupted; 'ordo study run {}' goes on where it stopped.\n",
                        report.results.spec.study.name);
  }
  if (!report.is_dry && report.results.is_complete) {
    const StoreOption usual;
    text +=
        fmt::format("The whole as a page: ordo study report {}{}\n", report.results.spec.study.name,
                    report.store == usual.store ? "" : " --store " + report.store.string());
  }
  return text;
}

ExitCode exit_code(const RunReport& report) {
  if (report.is_dry) return ExitCode::done;
  if (report.summary.interrupted > 0) return ExitCode::interrupted;
  if (!report.results.errors.empty()) return ExitCode::input;
  return report.summary.failed > 0 || any_fails(report.results) ? ExitCode::no : ExitCode::done;
}

}  // namespace ordo::study
