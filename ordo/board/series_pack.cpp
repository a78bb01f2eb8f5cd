// The header holds offsets and its own length moves them, so they are written relative to the
// columns' beginning first and shifted once the length is known: a shift that makes a number longer
// may need one more round.
#include "ordo/board/series_pack.h"

#include <bit>
#include <cstring>

#include "ordo/report/page.h"

namespace ordo::board {
namespace {

constexpr std::size_t kPrefix = 8;           // "ORS1" and the header's length
constexpr std::size_t kMostSharedSteps = 8;  // columns of one size that a new one is compared with

static_assert(std::endian::native == std::endian::little, "columns are copied as they stand");

std::string header_with(const Json::Array& series, std::size_t shift) {
  Json::Array shifted = series;
  for (Json& one : shifted) {
    for (const char* column : {"step", "value", "low", "high"}) {
      Json& offset = one[column];
      if (!offset.is_null()) offset = offset.as_int() + static_cast<std::int64_t>(shift);
    }
  }
  std::string header = report::repair_utf8(Json::object({{"series", std::move(shifted)}}).dump());
  header.append((8 - header.size() % 8) % 8, ' ');
  return header;
}

}  // namespace

std::size_t SeriesPacker::put(std::span<const double> column) {
  const std::size_t at = columns_.size();
  columns_.append(reinterpret_cast<const char*>(column.data()), column.size_bytes());
  return at;
}

std::size_t SeriesPacker::put_steps(const std::vector<double>& steps) {
  std::vector<std::size_t>& known = steps_by_size_[steps.size()];
  for (const std::size_t at : known) {
    const std::size_t bytes = steps.size() * sizeof(double);
    if (bytes > 0 && std::memcmp(columns_.data() + at, steps.data(), bytes) == 0) return at;
  }
  const std::size_t at = put(steps);
  if (known.size() < kMostSharedSteps) known.push_back(at);
  return at;
}

void SeriesPacker::add(JsonObject members, const std::vector<double>& step,
                       const std::vector<double>& value, const std::vector<double>& low,
                       const std::vector<double>& high) {
  members["entries"] = step.size();
  members["step"] = put_steps(step);
  members["value"] = put(value);
  members["low"] = low.empty() ? Json() : Json(put(low));
  members["high"] = high.empty() ? Json() : Json(put(high));
  series_.push_back(std::move(members));
}

std::string SeriesPacker::finish() {
  std::string header = header_with(series_, 0);
  for (std::size_t size = 0; size != header.size();) {
    size = header.size();
    header = header_with(series_, kPrefix + size);
    if (header.size() < size) header.append(size - header.size(), ' ');
  }
  std::string bytes = "ORS1";
  const auto length = static_cast<std::uint32_t>(header.size());
  for (int byte = 0; byte < 4; ++byte) bytes += static_cast<char>(length >> (8 * byte) & 255);
  bytes.reserve(kPrefix + header.size() + columns_.size());
  bytes += header;
  bytes += columns_;
  *this = {};
  return bytes;
}

}  // namespace ordo::board
