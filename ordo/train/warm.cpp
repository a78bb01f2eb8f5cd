#include "ordo/train/warm.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/tensor/device.h"
#include "ordo/train/named_spec.h"
#include "ordo/train/round_start.h"
#include "ordo/train/warm_report.h"

namespace ordo::train {
namespace {

// What a seed fixes: data, labels, the first network.
struct Beginning {
  PreparedData data;
  nets::Spec spec;
  RoundSizes sizes;
  Lineage first;  // after the first round
  RoundResult first_round;
};

Beginning begin(const DataRecipe& data_recipe, const LearningRecipe& learning,
                const ArrivalRecipe& arrival, const data::Folders& folders, std::uint64_t seed,
                Context& context, bool on_validation) {
  const Random stream(seed);
  PreparedData data =
      prepare_data(data_recipe, {}, folders, placement_of(learning), stream.split("data"));
  if (on_validation && data.validation.size() == 0) {
    throw UsageError("the search needs validation examples: give --validation a fraction, as 0.2");
  }
  if (!on_validation && data.test.size() == 0) {
    throw UsageError("there are no test examples to compare methods on; see --split and --test");
  }
  const nets::Spec spec = spec_for(learning, data);
  const RoundSizes sizes = sizes_of(arrival, data.train.size());
  Lineage lineage(spec, learning, stream.split("lineage"));
  RoundResult round = lineage.round({.name = "ri", .options = {}}, data.train, sizes.front(),
                                    on_validation ? data.validation : data.test, context);
  return {std::move(data), spec, sizes, std::move(lineage), round};
}

// Sends on to the cell of one method and seed what a run reports.
class CellSink : public EventSink {
 public:
  CellSink(EventSink& sink, std::string method, std::uint64_t seed)
      : sink_(sink),
        cell_({{"method", std::move(method)}, {"seed", static_cast<std::int64_t>(seed)}}) {}
  void emit(const Event& event) override {
    Event marked = event;
    if (std::holds_alternative<Metric>(event.body) || std::holds_alternative<Result>(event.body)) {
      marked.cell = cell_;
    }
    sink_.emit(marked);
  }

 private:
  EventSink& sink_;
  JsonObject cell_;
};

void report_round(Context& context, const RoundResult& round) {
  const auto step = static_cast<double>(round.examples);
  context.metric("accuracy", step, round.accuracy);
  context.metric("loss", step, round.loss);
  context.metric("steps", step, static_cast<double>(round.fit.steps));
  context.metric("seconds", step, round.fit.seconds + round.start_seconds);
  context.metric("correlation", step, round.correlation);
}

JsonObject results_of(const WarmRun& run) {
  return {{"accuracy", run.accuracy()},
          {"last3-accuracy", run.last3_accuracy()},
          {"steps", run.steps()},
          {"last-steps", run.rounds.back().fit.steps},
          {"train-seconds", run.seconds()},
          {"correlation", run.rounds.back().correlation},
          {"distance", run.rounds.back().distance},
          {"reached", run.reached()}};
}

}  // namespace

void ArrivalRecipe::describe(OptionSet& set) {
  set.add("protocol", protocol, "Two rounds (part of the data, then all), or one a chunk.")
      .choices({"two-phase", "online"});
  set.add("first", first, "Fraction of the examples in the first of two phases.").range(0, 1);
  set.add("chunk", chunk, "New examples in an online round; 0: as --chunks says.").range(0);
  set.add("chunks", chunks, "Online rounds, of equal size.").range(1);
}

RoundSizes sizes_of(const ArrivalRecipe& recipe, std::int64_t examples) {
  if (recipe.protocol == "two-phase") return two_phase_sizes(examples, recipe.first);
  if (recipe.chunk > 0) return online_sizes(examples, recipe.chunk);
  if (recipe.chunks > examples) {
    throw UsageError(fmt::format("{} examples do not fill {} chunks", examples, recipe.chunks));
  }
  RoundSizes sizes;
  for (std::int64_t round = 1; round <= recipe.chunks; ++round) {
    sizes.push_back(examples * round / recipe.chunks);
  }
  return sizes;
}

// ---- bench ----

void WarmBenchOptions::describe(OptionSet& set) {
  set.positional(
      "methods", methods,
      "Methods, each NAME or NAME:key=value,... ('ordo train list' shows them); the first "
      "is what the others are compared with.");
  arrival.describe(set);
  data.describe(set);
  learning.describe(set);
  set.add("seed", seed, "Seed of the first repetition; the others count on.");
  set.add("seeds", seeds, "Repetitions.").range(1);
  set.add("report", report, "HTML file with table and curves.").placeholder("FILE");
}

bool WarmRun::reached() const {
  return std::all_of(rounds.begin(), rounds.end(),
                     [](const RoundResult& round) { return round.fit.reached(); });
}

double WarmRun::last3_accuracy() const {
  const std::size_t count = std::min<std::size_t>(3, rounds.size());
  double sum = 0;
  for (std::size_t back = 1; back <= count; ++back) sum += rounds[rounds.size() - back].accuracy;
  return sum / static_cast<double>(count);
}

std::int64_t WarmRun::steps() const {
  return std::accumulate(
      rounds.begin(), rounds.end(), std::int64_t{0},
      [](std::int64_t sum, const RoundResult& round) { return sum + round.fit.steps; });
}

double WarmRun::seconds() const {
  return std::accumulate(rounds.begin(), rounds.end(), 0.0,
                         [](double sum, const RoundResult& round) {
                           return sum + round.fit.seconds + round.start_seconds;
                         });
}

WarmBench warm_bench(const WarmBenchOptions& options, const data::Folders& folders,
                     Context& context) {
  if (options.methods.empty()) throw UsageError("expected at least one method");
  tensor::set_threads(context.threads);
  std::vector<NamedSpec> methods;
  for (const std::string& text : options.methods) {
    methods.push_back(parse_named_spec(text));
    make_round_start(methods.back());  // refuse what is wrong before an hour has passed
  }
  WarmBench bench{.methods = options.methods, .runs = {}, .report = options.report};
  const auto total = static_cast<double>(options.seeds) * static_cast<double>(methods.size());
  for (std::int64_t repetition = 0; repetition < options.seeds; ++repetition) {
    const std::uint64_t seed = options.seed + static_cast<std::uint64_t>(repetition);
    Context quiet = context;  // the inner loop's progress is not this one's
    quiet.events = &null_sink();
    Beginning beginning = begin(options.data, options.learning, options.arrival, folders, seed,
                                quiet, /*on_validation=*/false);
    for (std::size_t index = 0; index < methods.size(); ++index) {
      CellSink sink(*context.events, options.methods[index], seed);
      Context cell = context;
      cell.events = &sink;
      WarmRun run{
          .method = options.methods[index], .seed = seed, .rounds = {beginning.first_round}};
      report_round(cell, run.rounds.back());
      Lineage lineage = beginning.first.fork();
      for (std::size_t round = 1; round < beginning.sizes.size(); ++round) {
        run.rounds.push_back(lineage.round(methods[index], beginning.data.train,
                                           beginning.sizes[round], beginning.data.test, quiet));
        report_round(cell, run.rounds.back());
      }
      if (!run.reached()) {
        context.warn(
            fmt::format("{} at seed {} gave up in some round before its accuracy on the "
                        "training examples was reached; see --max-epochs",
                        run.method, seed));
      }
      cell.result(results_of(run));
      bench.runs.push_back(std::move(run));
      context.progress("methods", static_cast<double>(bench.runs.size()), total, "runs");
    }
  }
  if (!options.report.empty()) {
    write_warm_report(bench, options);
    context.artifact(options.report.string(), {}, "text/html");
  }
  return bench;
}

Json to_json(const WarmBench& bench) {
  Json::Array runs;
  for (const WarmRun& run : bench.runs) {
    Json::Array rounds;
    for (const RoundResult& round : run.rounds) {
      Json json = to_json(round.fit);
      json["examples"] = round.examples;
      json["start-seconds"] = round.start_seconds;
      json["accuracy"] = round.accuracy;
      json["loss"] = round.loss;
      json["distance"] = round.distance;
      json["correlation"] = round.correlation;
      rounds.push_back(std::move(json));
    }
    Json json = Json(results_of(run));
    json["method"] = run.method;
    json["seed"] = static_cast<std::int64_t>(run.seed);
    json["rounds"] = Json(std::move(rounds));
    runs.push_back(std::move(json));
  }
  return Json::object({{"runs", std::move(runs)}});
}

ExitCode exit_code(const WarmBench& bench) {
  const bool all = std::all_of(bench.runs.begin(), bench.runs.end(),
                               [](const WarmRun& run) { return run.reached(); });
  return all ? ExitCode::done : ExitCode::limit;
}

// ---- tune ----

void WarmTuneOptions::describe(OptionSet& set) {
  set.add("shrinks", shrinks, "Factors on the old weights to try (lambda).").range(0, 1);
  set.add("perturbs", perturbs, "Shares of a fresh network to try (gamma).").range(0);
  set.add("rounds", rounds, "Rounds of data that the search may use.").range(2);
  arrival.describe(set);
  data.describe(set);
  learning.describe(set);
  set.add("seed", seed, "Seed of data and networks.");
}

WarmTuned warm_tune(const WarmTuneOptions& options, const data::Folders& folders,
                    Context& context) {
  tensor::set_threads(context.threads);
  Context quiet = context;
  quiet.events = &null_sink();
  Beginning beginning = begin(options.data, options.learning, options.arrival, folders,
                              options.seed, quiet, /*on_validation=*/true);
  struct Living {
    WarmTuned::Candidate candidate;
    Lineage lineage;
  };
  std::vector<Living> living;
  for (const double shrink : options.shrinks) {
    for (const double perturb : options.perturbs) {
      living.push_back({{.shrink = shrink,
                         .perturb = perturb,
                         .rounds = 1,
                         .accuracy = beginning.first_round.accuracy,
                         .steps = beginning.first_round.fit.steps},
                        beginning.first.fork()});
    }
  }
  if (living.empty()) throw UsageError("--shrinks and --perturbs: expected at least one of each");
  const auto is_better = [](const Living& a, const Living& b) {
    if (a.candidate.accuracy != b.candidate.accuracy) {
      return a.candidate.accuracy > b.candidate.accuracy;
    }
    return a.candidate.steps < b.candidate.steps;
  };
  const std::size_t last =
      std::min(beginning.sizes.size(), static_cast<std::size_t>(options.rounds));
  std::vector<WarmTuned::Candidate> dropped;  // the latest first
  for (std::size_t round = 1; round < last; ++round) {
    std::size_t done = 0;
    for (Living& one : living) {
      const NamedSpec method{
          .name = "sp",
          .options = {{"shrink", one.candidate.shrink}, {"perturb", one.candidate.perturb}}};
      const RoundResult result = one.lineage.round(
          method, beginning.data.train, beginning.sizes[round], beginning.data.validation, quiet);
      one.candidate.rounds = static_cast<std::int64_t>(round) + 1;
      one.candidate.accuracy = result.accuracy;
      one.candidate.steps += result.fit.steps;
      context.progress(fmt::format("round {} of {}", round + 1, last), static_cast<double>(++done),
                       static_cast<double>(living.size()), "candidates");
    }
    std::stable_sort(living.begin(), living.end(), is_better);
    if (round + 1 == last) break;
    const std::size_t keep = (living.size() + 1) / 2;
    std::vector<WarmTuned::Candidate> worse;
    for (std::size_t index = keep; index < living.size(); ++index) {
      worse.push_back(living[index].candidate);
    }
    dropped.insert(dropped.begin(), worse.begin(), worse.end());
    living.erase(living.begin() + static_cast<std::ptrdiff_t>(keep), living.end());
  }
  WarmTuned tuned;
  for (const Living& one : living) tuned.candidates.push_back(one.candidate);
  tuned.candidates.insert(tuned.candidates.end(), dropped.begin(), dropped.end());
  return tuned;
}

Json to_json(const WarmTuned& tuned) {
  Json::Array candidates;
  for (const WarmTuned::Candidate& candidate : tuned.candidates) {
    candidates.push_back(Json::object({{"shrink", candidate.shrink},
                                       {"perturb", candidate.perturb},
                                       {"rounds", candidate.rounds},
                                       {"validation-accuracy", candidate.accuracy},
                                       {"steps", candidate.steps}}));
  }
  return Json::object({{"shrink", tuned.candidates.front().shrink},
                       {"perturb", tuned.candidates.front().perturb},
                       {"candidates", std::move(candidates)}});
}

std::string to_text(const WarmTuned& tuned) {
  std::string text = "shrink  perturb  rounds  accuracy    steps\n";
  for (const WarmTuned::Candidate& candidate : tuned.candidates) {
    text += fmt::format("{:<6}  {:<7}  {:>6}  {:<8.4f}  {:>7}\n", candidate.shrink,
                        candidate.perturb, candidate.rounds, candidate.accuracy, candidate.steps);
  }
  const WarmTuned::Candidate& best = tuned.candidates.front();
  return text +
         fmt::format("use --init sp:shrink={},perturb={} (accuracy on validation examples)\n",
                     best.shrink, best.perturb);
}

}  // namespace ordo::train
