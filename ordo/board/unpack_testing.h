// Reads what SeriesPacker writes, as the page does.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/json.h"

namespace ordo::board {

struct Unpacked {
  Json members;
  std::vector<double> step, value, low, high;
};

inline std::vector<double> column_at(std::string_view bytes, const Json& offset,
                                     std::size_t count) {
  if (offset.is_null()) return {};
  std::vector<double> column(count);
  const auto at = static_cast<std::size_t>(offset.as_int());
  if (at % 8 != 0 || at + count * sizeof(double) > bytes.size()) {
    throw UsageError("a column lies outside of the bytes");
  }
  if (count > 0) std::memcpy(column.data(), bytes.data() + at, count * sizeof(double));
  return column;
}

inline std::vector<Unpacked> unpack(std::string_view bytes) {
  if (bytes.substr(0, 4) != "ORS1") throw UsageError("no series");
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 4, sizeof length);
  const Json header = parse_json(bytes.substr(8, length));
  std::vector<Unpacked> all;
  for (const Json& one : header.at("series").as_array()) {
    const auto count = static_cast<std::size_t>(one.at("entries").as_int());
    all.push_back({one, column_at(bytes, one.at("step"), count),
                   column_at(bytes, one.at("value"), count), column_at(bytes, one.at("low"), count),
                   column_at(bytes, one.at("high"), count)});
  }
  return all;
}

}  // namespace ordo::board
