#include <cstdint>
#include <string_view>

#include "ordo/base/error.h"
#include "ordo/data/labelled_testing.h"
#include "ordo/data/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    ordo::data::trap_unless_sound(ordo::data::parse_labelled_npz(
        std::string_view(reinterpret_cast<const char*>(data), size), "t.npz"));
  } catch (const ordo::InputError&) {
  } catch (const ordo::LimitError&) {
  }
  return 0;
}
