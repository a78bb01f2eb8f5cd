// Any text is a configuration or an InputError; what is taken keeps its own rules.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "ordo/base/error.h"
#include "ordo/models/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const ordo::models::Config config = ordo::models::parse_config(
        ordo::parse_json({reinterpret_cast<const char*>(data), size}, "fuzz"), "fuzz");
    if (config.heads % config.key_heads != 0 ||
        std::cmp_not_equal(config.windows.size(), config.layers)) {
      std::abort();
    }
    ordo::models::to_json(config);
  } catch (const ordo::InputError&) {
  }
  return 0;
}
