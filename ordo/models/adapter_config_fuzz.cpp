// Any text is an adapter's configuration or an InputError; what is taken keeps its own rules.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ordo/base/error.h"
#include "ordo/models/adapter_config.h"

namespace {

bool is_rank(std::int64_t rank) { return rank >= 1 && rank <= ordo::models::kMaxAdapterRank; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto config =
        ordo::models::parse_adapter_config({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (!is_rank(config.rank) || !(config.alpha > 0)) std::abort();
    for (const auto& [pattern, rank] : config.ranks) {
      if (!is_rank(rank)) std::abort();
    }
  } catch (const ordo::InputError&) {
  }
  return 0;
}
