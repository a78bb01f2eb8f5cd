// The verbs of `ordo rmc`, as library functions: options in, results out.
#pragma once

#include <string>

#include "ordo/base/context.h"
#include "ordo/base/options.h"
#include "ordo/machine/rmc_answer.h"

namespace ordo::machine::rmc {

/// Where a verb's programs come from.
struct Input {
  std::string file;          ///< declarations and queries; "-" reads standard input; may be empty
  std::string expression;    ///< a program, in the scope of the file's definitions
  std::string memory;        ///< "in: b a; q: t": what the stacks hold at the start
  std::string from = "rmc";  ///< the file's language
  std::string ask;           ///< a question in that language
  bool arith = false;        ///< the stack `arith` computes
  std::string ask_file;      ///< a file that holds one; "-" reads standard input

  void describe(OptionSet& set);
};

/// What a verb shows, and how it ended.
struct Shown {
  Json json = Json::object();
  std::string text;
  ExitCode code = ExitCode::done;
};
inline Json to_json(const Shown& shown) { return shown.json; }
inline std::string to_text(const Shown& shown) { return shown.text; }
inline ExitCode exit_code(const Shown& shown) { return shown.code; }

struct RunVerb {
  Input input;
  Limits limits;
  std::string search = "interleave";
  std::string star = "bag";
  std::uint64_t max_depth = 0;
  double timeout = 0;
  bool no_occurs = false;
  bool backward = false;
  bool count = false;
  bool explain_plan = false;
  void describe(OptionSet& set);
};
/// Exit codes: 1 no result, 6 a limit cut the search.
Shown run_verb(const RunVerb& options, Context& context);

struct TraceVerb {
  Input input;
  std::uint64_t max_steps = 1000;  ///< transitions shown
  std::string search = "dfs";
  bool backward = false;
  std::string html;  ///< where the stepper is written; empty: no stepper
  void describe(OptionSet& set);
};
Shown trace_verb(const TraceVerb& options, Context& context);

struct TermVerb {
  Input input;
  void describe(OptionSet& set) { input.describe(set); }
};
/// Parses and types every definition and query.
Shown check_verb(const TermVerb& options, Context& context);
/// Prints declarations and queries in the canonical form.
Shown fmt_verb(const TermVerb& options, Context& context);
Shown dual_verb(const TermVerb& options, Context& context);

Shown type_verb(const TermVerb& options, Context& context);

struct ReduceVerb {
  Input input;
  std::string strategy = "normal";
  std::uint64_t max_steps = 1'000'000;
  bool no_eta = false;
  bool log = false;
  void describe(OptionSet& set);
};
/// The normal form; with a log, by rewriting step by step.
Shown reduce_verb(const ReduceVerb& options, Context& context);

struct EqualVerb {
  Input input;
  std::string other;  ///< what the expression is compared with
  bool set = false;
  bool no_eta = false;
  void describe(OptionSet& set_of_options);
};
/// Exit code 1 where a pair is not equal.
Shown equal_verb(const EqualVerb& options, Context& context);

struct TranslateVerb {
  Input input;
  std::string to = "rmc";
  void describe(OptionSet& set);
};
Shown translate_verb(const TranslateVerb& options, Context& context);

}  // namespace ordo::machine::rmc
