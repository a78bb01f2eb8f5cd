// Any bytes: the parser reports or yields a module (and a query, a memory, a term); what it yields
// prints and parses back to an equal program, is typed, normalised, and run within limits; the core
// that its shape chooses and the general machine have the same results.
#include <algorithm>
#include <cstdint>

#include "ordo/machine/rmc_machine.h"
#include "ordo/machine/rmc_normal.h"
#include "ordo/machine/rmc_reduce.h"
#include "ordo/machine/rmc_types.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::machine;
  using namespace ordo::machine::rmc;
  if (size > 2048) return 0;
  Terms terms;
  SourceMap sources;
  ordo::Context context;
  try {
    const SourceId file =
        sources.add("fuzz", std::string(reinterpret_cast<const char*>(data), size));
    Module module;
    Diagnostics problems(sources), other(sources);
    parse_module(terms, sources, file, module, problems);
    (void)problems.to_text();
    (void)parse_query(terms, sources, file, module, other);
    (void)parse_memory(terms, sources, file, module, other);
    (void)parse_term(terms, sources, file, module, other);
    if (!problems.empty()) return 0;
    for (const Query& query : module.queries) {
      const SourceId again = sources.add("again", print(terms, query.program, 1 << 20));
      Diagnostics printed(sources);
      const ProgramId back = parse_program(terms, sources, again, module, printed);
      if (!printed.empty() || !terms.equal(back, query.program)) __builtin_trap();
      (void)infer(terms, module, query.program, other);
      RunOptions options;
      options.limits.max_steps = 2'000;
      options.limits.max_answers = 20;
      options.limits.max_memory = 64;
      options.heap_words = 64;
      options.quantum = 50;
      const auto results = [&](CoreChoice core, StarMode star) {
        options.core = core;
        options.star = star;
        const RunResult result = run(terms, query.program, query.memory, options, context);
        std::vector<std::string> texts;
        for (const Answer& answer : result.answers) texts.push_back(print_answer(terms, answer));
        std::sort(texts.begin(), texts.end());
        return std::pair{result.limit, texts};
      };
      for (const StarMode star : {StarMode::bag, StarMode::set}) {
        const auto by_shape = results(CoreChoice::by_shape, star);
        const auto general = results(CoreChoice::general, star);
        const bool complete = by_shape.first == Limit::none && general.first == Limit::none;
        if (complete && by_shape.second != general.second) __builtin_trap();
      }
      NormalOptions normal;
      normal.max_spans = 50;
      (void)print(terms, normalise(terms, query.program, normal, context).program, 1'000);
      ReduceOptions reduce_options;
      reduce_options.max_steps = 50;
      (void)print(terms, reduce(terms, query.program, reduce_options, context).program, 1'000);
    }
  } catch (const ordo::Error&) {
  }
  return 0;
}
