// Any bytes as a text of every dialect, alone and as a question to itself: a program that prints
// and, where it came from Prolog, becomes Prolog again; or located problems.
#include <cstdint>
#include <optional>
#include <string>

#include "ordo/machine/rmc_dialect.h"
#include "ordo/machine/rmc_to_prolog.h"

namespace {

using namespace ordo::machine;
using namespace ordo::machine::rmc;

enum class Question { none, itself };

void translate(const Dialect& dialect, const std::string& text, Question question) {
  SourceMap sources;
  const SourceId file = sources.add("fuzz", text);
  std::optional<SourceId> asked;
  if (question == Question::itself) asked = file;
  Terms terms;
  Module module;
  Diagnostics problems(sources);
  Translation translation{sources, file, asked, "program", terms, module, problems};
  dialect.translate(translation);
  (void)problems.to_text();
  if (!problems.empty() || module.definitions.empty()) return;
  (void)print(terms, terms.definition(module.definitions[0]).body, 10'000);
  if (dialect.name != "prolog") return;
  const std::string printed = to_prolog(terms, sources, module);
  const SourceId again = sources.add("again", printed);
  Module second;
  Translation back{sources, again, std::nullopt, "again", terms, second, problems};
  dialect.translate(back);
  if (!problems.empty() || to_prolog(terms, sources, second) != printed) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (is_reserved(definition_name(text))) __builtin_trap();
  try {
    (void)find_dialect(text);
  } catch (const ordo::Error&) {
  }
  for (const Dialect& dialect : dialects()) {
    for (const Question question : {Question::none, Question::itself}) {
      try {
        translate(dialect, text, question);
      } catch (const ordo::Error&) {
      }
    }
  }
  return 0;
}
