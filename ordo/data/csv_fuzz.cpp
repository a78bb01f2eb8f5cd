#include <cstdint>
#include <string_view>

#include "ordo/base/error.h"
#include "ordo/data/labelled_testing.h"
#include "ordo/data/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* const label : {"label", "l"}) {
    try {
      ordo::data::trap_unless_sound(
          ordo::data::parse_labelled_csv(text, "t.csv", {.label = label}));
    } catch (const ordo::InputError&) {
    }
  }
  return 0;
}
