// Any bytes are a measure or an InputError; a measure prints to text that reads back to the same
// text, and evaluates or fails with an Error.
#include <cstdint>
#include <cstdlib>

#include "ordo/claims/measure.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::claims;
  static const std::vector<double> steps = {1, 2, 4}, values = {0.5, 0.25, 0.125};
  static const ordo::JsonObject results = {{"f", 0.5}, {"flag", true}, {"text", "t"}};
  const CellView cell{.series = {{"a", steps, values}}, .results = &results, .seconds = 2.0};
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Measure measure = parse_measure(text);
    const std::string printed = to_string(measure.root());
    if (to_string(parse_measure(printed).root()) != printed) std::abort();
    evaluate(measure, cell);
  } catch (const ordo::Error&) {
  }
  return 0;
}
