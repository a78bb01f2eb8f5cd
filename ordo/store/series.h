// How a metric series is packed. Points are kept in arrival order in blocks of 1024; a block is two
// columns, steps and values, each in the smallest of three encodings (see series.cpp). Above them
// stands a pyramid for drawing: a bucket of level k summarises 32^k points that follow each other,
// so that level 1 has 32 buckets a block of points and level 2 has one. Only full buckets are
// stored; what is left over at the end is summarised when it is read.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ordo::store {

inline constexpr std::size_t kBlockSize = 1024;  ///< points or buckets a block
inline constexpr std::size_t kFanOut = 32;       ///< points or buckets a bucket of the next level

/// Packs doubles so that they come back bit by bit.
std::string pack_column(std::span<const double> values);
/// Unpacks the column of `count` values at the front of `bytes` and removes it from there. Throws
/// InputError if the bytes are not such a column.
std::vector<double> unpack_column(std::string_view& bytes, std::size_t count);

/// Points, or buckets of points, as columns of equal length. Level 0 has only `step` and `mean`.
struct Buckets {
  std::vector<double> step;   ///< of the first point
  std::vector<double> mean;   ///< of the values that are not NaN; the value itself on level 0
  std::vector<double> low;    ///< least value that is not NaN
  std::vector<double> high;   ///< greatest value that is not NaN
  std::vector<double> count;  ///< values that are not NaN

  std::size_t size() const { return step.size(); }
  bool summarised() const { return !low.empty(); }
  void append(const Buckets& other, std::size_t from, std::size_t to);
};

std::string pack_block(const Buckets& block);
/// Throws InputError if `bytes` is not a packed block of `count` entries of that level.
Buckets unpack_block(std::string_view bytes, std::size_t count, int level);

/// One bucket a run of `width` entries (the last may be shorter).
Buckets summarise(const Buckets& entries, std::size_t width);

/// The ends of a series, level by level, to which points are appended. What is written are whole
/// blocks: the last one of each level is written again when it grew.
class SeriesTail {
 public:
  /// Continues a series of `count` points, reading the last block of each level through `read`.
  using ReadBlock = std::function<Buckets(int level, std::uint64_t number)>;
  using WriteBlock = std::function<void(int level, std::uint64_t number, const Buckets& block)>;

  SeriesTail() = default;
  SeriesTail(std::uint64_t count, const ReadBlock& read);

  /// Appends points and hands every block that changed to `write`.
  void append(std::span<const double> steps, std::span<const double> values,
              const WriteBlock& write);

  std::uint64_t count() const { return count_; }

 private:
  struct Level {
    Buckets block;             // the last block, at most kBlockSize entries
    std::uint64_t number = 0;  // its number
    bool changed = false;
  };
  Level& level(std::size_t index);
  void push(std::size_t index, const Buckets& entries, std::size_t from, std::size_t to,
            const WriteBlock& write);

  std::vector<Level> levels_;
  std::uint64_t count_ = 0;
};

}  // namespace ordo::store
