// Any text is a task or an InputError, as lines and as a table; the right answer is one of the
// answers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ordo/base/error.h"
#include "ordo/text/choice_questions.h"

namespace {

using namespace ordo::text;

template <class Parse>
void check(const Parse& parse, std::string_view text) {
  try {
    for (const ChoiceQuestion& question : parse(text, "fuzz")) {
      if (question.right >= question.answers.size()) std::abort();
    }
  } catch (const ordo::InputError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(parse_choice_lines, text);
  check(parse_mmlu, text);
  return 0;
}
