// Any bytes as a Prolog text and as a query: clauses or located problems.
#include <cstdint>

#include "ordo/machine/rmc_prolog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::machine;
  using namespace ordo::machine::rmc;
  if (size > 4096) return 0;
  SourceMap sources;
  try {
    const SourceId file =
        sources.add("fuzz", std::string(reinterpret_cast<const char*>(data), size));
    Diagnostics problems(sources);
    PrologProgram program;
    read_prolog(sources, file, program, problems);
    read_prolog_query(sources, file, program, problems);
    check_prolog_predicates(program, Arithmetic::on, problems);
    (void)problems.to_text();
  } catch (const ordo::Error&) {
  }
  return 0;
}
