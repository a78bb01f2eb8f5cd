// `ordo train warm`: warm-start methods side by side on the user's data, over rounds and seeds, and
// a search for the best shrinking.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/data/catalogue.h"
#include "ordo/train/prepare.h"
#include "ordo/train/recipe.h"
#include "ordo/train/rounds.h"

namespace ordo::train {

/// How data arrive.
struct ArrivalRecipe {
  std::string protocol = "two-phase";  ///< "two-phase", "online"
  double first = 0.5;                  ///< fraction in the first of two phases
  std::int64_t chunk = 0;              ///< new examples in an online round; 0: by `chunks`
  std::int64_t chunks = 10;            ///< online rounds
  void describe(OptionSet& set);
};
/// Throws UsageError if a round would have nothing new.
RoundSizes sizes_of(const ArrivalRecipe& recipe, std::int64_t examples);

// ---- bench ----

struct WarmBenchOptions {
  DataRecipe data;
  LearningRecipe learning;
  ArrivalRecipe arrival;
  std::vector<std::string> methods = {"ri", "ws", "sp:shrink=0.6,perturb=0.01", "sp", "dash"};
  std::uint64_t seed = 0;        ///< of the first repetition; the others count on
  std::int64_t seeds = 1;        ///< repetitions
  std::filesystem::path report;  ///< HTML; empty: none
  void describe(OptionSet& set);
};

/// One method at one seed.
struct WarmRun {
  std::string method;
  std::uint64_t seed = 0;
  std::vector<RoundResult> rounds;

  bool reached() const;  ///< every round did
  double accuracy() const { return rounds.back().accuracy; }
  double last3_accuracy() const;  ///< mean of the last three rounds
  std::int64_t steps() const;     ///< of all rounds
  double seconds() const;         ///< of all rounds, starts included
};

struct WarmBench {
  std::vector<std::string> methods;  ///< as they were asked for
  std::vector<WarmRun> runs;         ///< seed by seed, method by method
  std::filesystem::path report;
};
Json to_json(const WarmBench& bench);
/// A table: mean and 95 % Student interval of each measure, and of its difference from the first
/// method's (ratio, for steps and seconds), seeds paired.
std::string to_text(const WarmBench& bench);
ExitCode exit_code(const WarmBench& bench);

/// Runs every method at every seed. Methods of a seed share its data, its first network and its
/// first round. Under a study, each run is a cell with the columns `method` and `seed`.
WarmBench warm_bench(const WarmBenchOptions& options, const data::Folders& folders,
                     Context& context);

// ---- tune ----

struct WarmTuneOptions {
  DataRecipe data;
  LearningRecipe learning;
  ArrivalRecipe arrival;
  std::vector<double> shrinks = {0, 0.2, 0.3, 0.4, 0.6, 0.8, 1};
  std::vector<double> perturbs = {0.01, 0.1};
  std::int64_t rounds = 4;  ///< rounds of data that the search may use, from the beginning
  std::uint64_t seed = 0;
  void describe(OptionSet& set);
};

struct WarmTuned {
  struct Candidate {
    double shrink = 0, perturb = 0;
    std::int64_t rounds = 0;  ///< that it was allowed
    double accuracy = 0;      ///< on the validation examples, after its last round
    std::int64_t steps = 0;   ///< of all its rounds
  };
  std::vector<Candidate> candidates;  ///< best first
};
Json to_json(const WarmTuned& tuned);
std::string to_text(const WarmTuned& tuned);

/// Successive halving: all candidates live through the second round, the better half by accuracy on
/// the validation examples through the third, and so on; equal accuracies go to fewer steps. Test
/// examples are not looked at.
WarmTuned warm_tune(const WarmTuneOptions& options, const data::Folders& folders, Context& context);

}  // namespace ordo::train
