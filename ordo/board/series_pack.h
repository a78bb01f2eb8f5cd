// Series as bytes that a page reads without parsing: "ORS1", the length of a JSON header (u32), the
// header padded with spaces to a multiple of 8, then columns of little-endian doubles at the byte
// offsets that the header names. Series with equal steps share one column of steps.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "ordo/base/json.h"

namespace ordo::board {

inline constexpr const char* kSeriesType = "application/vnd.ordo.series";

class SeriesPacker {
 public:
  /// Adds a series; `members` are put before the offsets. `low` and `high` empty: none.
  void add(JsonObject members, const std::vector<double>& step, const std::vector<double>& value,
           const std::vector<double>& low, const std::vector<double>& high);
  /// The bytes. The packer is empty afterwards.
  std::string finish();

 private:
  std::size_t put(std::span<const double> column);  // its offset after the header
  std::size_t put_steps(const std::vector<double>& steps);

  std::string columns_;
  Json::Array series_;
  std::map<std::size_t, std::vector<std::size_t>> steps_by_size_;  // offsets
};

}  // namespace ordo::board
