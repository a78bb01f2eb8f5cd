// The verbs of `ordo fmc`, as library functions: options in, results out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/options.h"
#include "ordo/machine/fmc_machine.h"
#include "ordo/machine/fmc_reduce.h"
#include "ordo/machine/fmc_types.h"

namespace ordo::machine::fmc {

/// Where a verb's terms come from.
struct Input {
  std::string file;        ///< definitions and actions; "-" reads standard input; may be empty
  std::string expression;  ///< a term, in the scope of the file's definitions
  std::string memory;      ///< "c: 0; in: 5 3": what the stacks hold at the start

  void describe(OptionSet& set);
};

/// What a verb shows, and how it ended.
struct Answer {
  Json json = Json::object();
  std::string text;
  ExitCode code = ExitCode::done;
};
inline Json to_json(const Answer& answer) { return answer.json; }
inline std::string to_text(const Answer& answer) { return answer.text; }
inline ExitCode exit_code(const Answer& answer) { return answer.code; }

struct RunVerb {
  Input input;
  Limits limits;
  bool exact = false;  ///< explore rnd and nd: a distribution of outcomes
  void describe(OptionSet& set);
};
/// Exit codes: 10 another jump than `*`, 11 stuck, 6 a limit.
Answer run_verb(const RunVerb& options, Context& context);

struct TraceVerb {
  Input input;
  std::uint64_t max_steps = 1000;  ///< states shown
  std::string html;                ///< where the stepper is written; empty: no stepper
  void describe(OptionSet& set);
};
Answer trace_verb(const TraceVerb& options, Context& context);

struct ReduceVerb {
  Input input;
  std::string strategy = "normal";
  std::uint64_t max_steps = 1'000'000;
  std::uint64_t max_memory = 4096;
  std::uint64_t unroll = 0;
  bool eta = false;
  bool log = false;
  void describe(OptionSet& set);
};
Answer reduce_verb(const ReduceVerb& options, Context& context);

struct EqualVerb {
  Input input;
  std::string other;
  std::uint64_t max_steps = 1'000'000;
  std::uint64_t max_memory = 4096;
  bool eta = false;
  bool log = false;
  void describe(OptionSet& set);
};
/// Whether two terms have one normal form; exit code 1 if not.
Answer equal_verb(const EqualVerb& options, Context& context);

struct TermVerb {
  Input input;
  void describe(OptionSet& set) { input.describe(set); }
};
Answer type_verb(const TermVerb& options, Context& context);
/// Parses and types every definition and action.
Answer check_verb(const TermVerb& options, Context& context);

struct FmtVerb {
  std::string file;
  std::string expression;
  bool write = false;
  bool check = false;
  void describe(OptionSet& set);
};
/// Lays out a file; a term is printed in its canonical form.
Answer fmt_verb(const FmtVerb& options, Context& context);

struct TranslateVerb {
  std::string file;        ///< the text
  std::string expression;  ///< or the text itself
  std::string from = "fmc";
  std::string to = "fmc";
  void describe(OptionSet& set);
};
Answer translate_verb(const TranslateVerb& options, Context& context);

}  // namespace ordo::machine::fmc
