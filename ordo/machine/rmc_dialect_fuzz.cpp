// Any bytes as a text of every dialect, and as a question to it: a program that prints and, where
// it came from Prolog, becomes Prolog again; or located problems.
#include <cstdint>

#include "ordo/machine/rmc_dialect.h"
#include "ordo/machine/rmc_to_prolog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::machine;
  using namespace ordo::machine::rmc;
  if (size > 4096) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const Dialect& dialect : dialects()) {
    try {
      SourceMap sources;
      const SourceId file = sources.add("fuzz", text);
      Terms terms;
      Module module;
      Diagnostics problems(sources);
      Translation translation{sources, file, file, "program", terms, module, problems};
      dialect.translate(translation);
      (void)problems.to_text();
      if (!problems.empty() || module.definitions.empty()) continue;
      (void)print(terms, terms.definition(module.definitions[0]).body, 10'000);
      if (dialect.name == "prolog") {
        const std::string printed = to_prolog(terms, sources, module);
        const SourceId again = sources.add("again", printed);
        Module second;
        Translation back{sources, again, std::nullopt, "again", terms, second, problems};
        dialect.translate(back);
        if (!problems.empty() || to_prolog(terms, sources, second) != printed) __builtin_trap();
      }
    } catch (const ordo::Error&) {
    }
  }
  return 0;
}
