// Targets and ranges of requests: what is accepted is well-formed, and whatever is not is refused
// by UsageError alone.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ordo/base/error.h"
#include "ordo/http/range.h"
#include "ordo/http/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const ordo::http::Target target = ordo::http::parse_target(text);
    if (target.path.empty() || target.path.front() != '/') std::abort();
    for (const char c : target.path) {
      if (static_cast<unsigned char>(c) < 0x20) std::abort();
    }
    target.query.number("from", 0);
    target.query.integer("points", 2, 1000, 10);
  } catch (const ordo::UsageError&) {
  }
  for (const std::int64_t bytes : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1000}}) {
    const ordo::http::RangeAnswer answer = ordo::http::parse_range(text, bytes);
    if (answer.kind != ordo::http::RangeKind::part) continue;
    if (answer.range.first < 0 || answer.range.size < 1) std::abort();
    if (answer.range.first + answer.range.size > bytes) std::abort();
  }
  return 0;
}
