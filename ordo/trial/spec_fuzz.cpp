// Any text is a study or an InputError; a study that was read expands to what it counted.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ordo/trial/expand.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const ordo::trial::Spec spec = ordo::trial::parse_spec(text, "fuzz.toml", "/");
    const std::vector<ordo::trial::Variant> all = ordo::trial::variants(spec);
    if (all.empty() || spec.seeds.empty()) std::abort();
    if (all.size() * spec.seeds.size() > 1000) return 0;
    const std::vector<ordo::trial::Job> jobs =
        ordo::trial::expand(spec, {.seeds = spec.seeds, .base = "/"});
    std::size_t cells = 0;
    for (const ordo::trial::Job& job : jobs) cells += job.cells.size();
    if (cells != all.size() * spec.seeds.size()) std::abort();
  } catch (const ordo::InputError&) {
  }
  return 0;
}
