// Any bytes: the parser reports or yields a module; what it yields prints, parses back, reduces,
// types, runs and translates within limits; other languages' readers do not fall over.
#include <cstdint>

#include "ordo/machine/fmc_export.h"
#include "ordo/machine/fmc_format.h"
#include "ordo/machine/fmc_lambda.h"
#include "ordo/machine/fmc_machine.h"
#include "ordo/machine/fmc_meta.h"
#include "ordo/machine/fmc_reduce.h"
#include "ordo/machine/fmc_types.h"
#include "ordo/machine/fmc_while.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::machine;
  using namespace ordo::machine::fmc;
  if (size > 4096) return 0;
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
    from_lambda(terms, sources, file, LambdaOrder::by_value, other);
    from_lambda(terms, sources, file, LambdaOrder::by_name, other);
    from_while(terms, sources, file, other);
    from_metalanguage(terms, sources, file, Metalanguage::moggi, other);
    from_metalanguage(terms, sources, file, Metalanguage::push_value, other);
    if (!problems.empty()) return 0;
    const std::string laid_out = format_source(sources, file);
    if (format_source(sources, sources.add("laid out", laid_out)) != laid_out) __builtin_trap();
    for (const Action& action : module.actions) {
      (void)infer(terms, module, action.term, other);
      RunOptions options;
      options.limits.max_steps = 2000;
      options.limits.max_memory = 64;
      (void)print_memory(
          terms, run(terms, module, action.term, action.memory, options, context).memory, 1000);
      ReduceOptions reduce_options;
      reduce_options.max_steps = 200;
      reduce_options.max_memory = 64;
      for (const Strategy strategy : {Strategy::normal, Strategy::parallel, Strategy::random}) {
        reduce_options.strategy = strategy;
        reduce_options.eta = strategy != Strategy::random;
        reduce_options.memory = action.memory;
        (void)print(terms, reduce(terms, action.term, reduce_options, context).term, 1000);
      }
      for (const Target target :
           {Target::lambda_cbn, Target::lambda_cbv, Target::moggi, Target::push_value}) {
        Diagnostics refused(sources);
        (void)export_term(terms, action.term, target, refused);
      }
      const SourceId again = sources.add("again", print(terms, action.term, 1 << 20));
      Diagnostics printed(sources);
      const TermId back = parse_term(terms, sources, again, module, printed);
      if (!printed.empty() || !terms.equal(back, action.term)) __builtin_trap();
    }
  } catch (const ordo::Error&) {
  }
  return 0;
}
