// A column of n doubles is one byte, which encoding, then
//   0  n doubles, little-endian
//   1  first and increment: value i is first + i * increment, exactly (regular steps)
//   2  the length of what follows (32 bits, little-endian), then zlib of this: each value's bits
//      XOR those of the value before, laid out byte plane by byte plane (all lowest bytes first).
//      Neighbours share sign, exponent and high digits, which become runs of zeros.
// The smallest is taken, and 2 only where it saves an eighth.
#include "ordo/store/series.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include <zlib.h>

#include "ordo/base/error.h"

namespace ordo::store {
namespace {

static_assert(std::endian::native == std::endian::little, "columns are copied as they lie");

enum Encoding : char { kRaw = 0, kRegular = 1, kPacked = 2 };

[[noreturn]] void refuse(const std::string& why) {
  throw InputError({.source = "series block"}, why + "; 'ordo store check' tells what is damaged");
}

template <class T>
void put(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

std::string_view take(std::string_view& bytes, std::size_t size) {
  if (bytes.size() < size) {
    refuse(fmt::format("expected {} more bytes, found {}", size, bytes.size()));
  }
  const std::string_view front = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return front;
}

template <class T>
T take_value(std::string_view& bytes) {
  T value;
  std::memcpy(&value, take(bytes, sizeof(T)).data(), sizeof(T));
  return value;
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool is_regular(std::span<const double> values) {
  if (values.size() < 3) return false;
  const double increment = values[1] - values[0];
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!same_bits(values[0] + static_cast<double>(i) * increment, values[i])) return false;
  }
  return true;
}

std::string byte_planes(std::span<const double> values) {
  const std::size_t size = values.size();
  std::string planes(8 * size, '\0');
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto bits = std::bit_cast<std::uint64_t>(values[i]);
    const std::uint64_t delta = bits ^ before;
    before = bits;
    for (std::size_t plane = 0; plane < 8; ++plane) {
      planes[plane * size + i] = static_cast<char>(delta >> (8 * plane));
    }
  }
  return planes;
}

std::vector<double> from_byte_planes(const std::string& planes) {
  const std::size_t size = planes.size() / 8;
  std::vector<double> values(size);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < size; ++i) {
    std::uint64_t delta = 0;
    for (std::size_t plane = 0; plane < 8; ++plane) {
      delta |= std::uint64_t{static_cast<unsigned char>(planes[plane * size + i])} << (8 * plane);
    }
    before ^= delta;
    values[i] = std::bit_cast<double>(before);
  }
  return values;
}

// The zlib stream of the byte planes, or nothing if it would not save an eighth.
std::string deflate_planes(std::span<const double> values) {
  const std::string planes = byte_planes(values);
  std::string packed(planes.size() - planes.size() / 8, '\0');
  uLongf size = packed.size();
  const int status =
      ::compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                  reinterpret_cast<const Bytef*>(planes.data()), planes.size(), Z_BEST_SPEED);
  packed.resize(status == Z_OK ? size : 0);
  return packed;
}

}  // namespace

std::string pack_column(std::span<const double> values) {
  std::string bytes;
  if (is_regular(values)) {
    bytes.push_back(kRegular);
    put(bytes, values[0]);
    put(bytes, values[1] - values[0]);
    return bytes;
  }
  const std::string packed = values.size() < 16 ? std::string() : deflate_planes(values);
  if (!packed.empty()) {
    bytes.push_back(kPacked);
    put(bytes, static_cast<std::uint32_t>(packed.size()));
    return bytes + packed;
  }
  bytes.push_back(kRaw);
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  return bytes;
}

std::vector<double> unpack_column(std::string_view& bytes, std::size_t count) {
  if (count > kBlockSize) refuse(fmt::format("{} entries, more than {}", count, kBlockSize));
  const char encoding = take(bytes, 1)[0];
  std::vector<double> values(count);
  if (encoding == kRaw) {
    if (count > 0) std::memcpy(values.data(), take(bytes, 8 * count).data(), 8 * count);
  } else if (encoding == kRegular) {
    const auto first = take_value<double>(bytes);
    const auto increment = take_value<double>(bytes);
    for (std::size_t i = 0; i < count; ++i) values[i] = first + static_cast<double>(i) * increment;
  } else if (encoding == kPacked) {
    const std::string_view packed = take(bytes, take_value<std::uint32_t>(bytes));
    std::string planes(8 * count, '\0');
    uLongf size = planes.size();
    const int status = ::uncompress(reinterpret_cast<Bytef*>(planes.data()), &size,
                                    reinterpret_cast<const Bytef*>(packed.data()), packed.size());
    if (status != Z_OK || size != planes.size()) refuse("a compressed column does not unpack");
    values = from_byte_planes(planes);
  } else {
    refuse(fmt::format("unknown column encoding {}", static_cast<int>(encoding)));
  }
  return values;
}

void Buckets::append(const Buckets& other, std::size_t from, std::size_t to) {
  const auto copy = [from, to](std::vector<double>& into, const std::vector<double>& source) {
    if (!source.empty()) {
      into.insert(into.end(), source.begin() + static_cast<std::ptrdiff_t>(from),
                  source.begin() + static_cast<std::ptrdiff_t>(to));
    }
  };
  copy(step, other.step);
  copy(mean, other.mean);
  copy(low, other.low);
  copy(high, other.high);
  copy(count, other.count);
}

std::string pack_block(const Buckets& block) {
  std::string bytes = pack_column(block.step) + pack_column(block.mean);
  if (block.summarised()) {
    bytes += pack_column(block.low) + pack_column(block.high) + pack_column(block.count);
  }
  return bytes;
}

Buckets unpack_block(std::string_view bytes, std::size_t count, int level) {
  Buckets block;
  block.step = unpack_column(bytes, count);
  block.mean = unpack_column(bytes, count);
  if (level > 0) {
    block.low = unpack_column(bytes, count);
    block.high = unpack_column(bytes, count);
    block.count = unpack_column(bytes, count);
  }
  if (!bytes.empty()) refuse(fmt::format("{} bytes too many", bytes.size()));
  return block;
}

Buckets summarise(const Buckets& entries, std::size_t width) {
  Buckets out;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t begin = 0; begin < entries.size(); begin += width) {
    double sum = 0, count = 0, low = nan, high = nan;
    for (std::size_t i = begin; i < std::min(begin + width, entries.size()); ++i) {
      const double mean = entries.mean[i];
      const double weight = entries.summarised() ? entries.count[i] : (std::isnan(mean) ? 0 : 1);
      if (weight == 0) continue;
      sum += weight * mean;
      count += weight;
      low = std::fmin(low, entries.summarised() ? entries.low[i] : mean);
      high = std::fmax(high, entries.summarised() ? entries.high[i] : mean);
    }
    out.step.push_back(entries.step[begin]);
    out.mean.push_back(count == 0 ? nan : sum / count);
    out.low.push_back(low);
    out.high.push_back(high);
    out.count.push_back(count);
  }
  return out;
}

SeriesTail::SeriesTail(std::uint64_t count, const ReadBlock& read) : count_(count) {
  std::uint64_t entries = count;
  for (int index = 0; index == 0 || entries > 0; ++index, entries /= kFanOut) {
    Level next;
    next.number = entries == 0 ? 0 : (entries - 1) / kBlockSize;
    if (entries > 0) next.block = read(index, next.number);
    const std::uint64_t expected = entries - next.number * kBlockSize;
    if (next.block.size() != expected) {
      refuse(fmt::format("the last block of level {} has {} entries, expected {}", index,
                         next.block.size(), expected));
    }
    levels_.push_back(std::move(next));
  }
}

SeriesTail::Level& SeriesTail::level(std::size_t index) {
  if (index >= levels_.size()) levels_.resize(index + 1);
  return levels_[index];
}

// Appends entries to a level and what fills up to the level above. A bucket never spans two blocks,
// for kFanOut divides kBlockSize.
void SeriesTail::push(std::size_t index, const Buckets& entries, std::size_t from, std::size_t to,
                      const WriteBlock& write) {
  while (from < to) {
    if (level(index).block.size() == kBlockSize) {
      level(index).block = {};
      ++level(index).number;
    }
    Level& here = level(index);
    const std::size_t old_size = here.block.size();
    const std::size_t taken = std::min(to - from, kBlockSize - old_size);
    here.block.append(entries, from, from + taken);
    here.changed = true;
    from += taken;
    Buckets full;
    const std::size_t first = old_size / kFanOut * kFanOut;
    full.append(here.block, first, here.block.size() / kFanOut * kFanOut);
    if (here.block.size() == kBlockSize) {
      write(static_cast<int>(index), here.number, here.block);
      here.changed = false;
    }
    const Buckets above = summarise(full, kFanOut);
    if (above.size() > 0) push(index + 1, above, 0, above.size(), write);
  }
}

void SeriesTail::append(std::span<const double> steps, std::span<const double> values,
                        const WriteBlock& write) {
  Buckets points;
  points.step.assign(steps.begin(), steps.end());
  points.mean.assign(values.begin(), values.end());
  push(0, points, 0, points.size(), write);
  count_ += points.size();
  for (std::size_t index = 0; index < levels_.size(); ++index) {
    Level& changed = levels_[index];
    if (!changed.changed) continue;
    write(static_cast<int>(index), changed.number, changed.block);
    changed.changed = false;
  }
}

}  // namespace ordo::store
