// Any text is a study or an InputError; a study that was read expands to what it counted.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ordo/study/expand.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const ordo::study::Spec spec = ordo::study::parse_spec(text, "fuzz.toml", "/");
    const std::vector<ordo::study::Variant> all = ordo::study::variants(spec);
    if (all.empty() || spec.seeds.empty()) std::abort();
    if (all.size() * spec.seeds.size() > 1000) return 0;
    const std::vector<ordo::study::Job> jobs =
        ordo::study::expand(spec, {.seeds = spec.seeds, .base = "/"});
    std::size_t cells = 0;
    for (const ordo::study::Job& job : jobs) cells += job.cells.size();
    if (cells != all.size() * spec.seeds.size()) std::abort();
  } catch (const ordo::InputError&) {
  }
  return 0;
}
