// The Range header of RFC 9110: one range of bytes. Lists of ranges are answered with the whole, as
// the RFC allows: they only serve to make a server work hard.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ordo::http {

struct ByteRange {
  std::int64_t first = 0;  ///< offset of the first byte
  std::int64_t size = 0;   ///< bytes
};

enum class RangeKind {
  whole,          ///< no range was asked for, or one that is to be ignored
  part,           ///< `range` holds it
  unsatisfiable,  ///< it begins behind the end: status 416
};
struct RangeAnswer {
  RangeKind kind = RangeKind::whole;
  ByteRange range = {};
};

/// What the header `text` ("bytes=0-99", "bytes=100-", "bytes=-100"; empty: none) asks for of
/// `size` bytes.
RangeAnswer parse_range(std::string_view text, std::int64_t size);

}  // namespace ordo::http
