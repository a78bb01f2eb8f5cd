// Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011). A stream is
// a 64-bit key and a 128-bit counter, so streams split without talking to each other, and the n-th
// number of a stream does not depend on threads or order of computation.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace ordo {

/// Ten rounds of Philox 4x32: the block of four words at `counter` under `key`.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed);

  /// An independent stream, a pure function of this stream's identity and `index` (or `name`),
  /// not of how many numbers were drawn.
  Random split(std::uint64_t index) const;
  Random split(std::string_view name) const;

  /// What names the stream: Philox's key, and the upper half of its counter. The lower half counts
  /// blocks up to 2^63; beyond, counter space is free for whoever computes blocks in parallel.
  std::array<std::uint32_t, 2> key() const { return key_; }
  std::array<std::uint32_t, 2> upper_counter() const { return stream_; }

  std::uint32_t next32();
  std::uint64_t next64();
  /// Uniform on [0, 1) with 53 bits.
  double uniform();
  /// Uniform on 0, ..., bound - 1, without bias (Lemire). `bound` > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Standard normal (Box-Muller on a pair; both are used).
  double normal();
  /// Standard Gumbel: -log(-log(u)), u uniform inside (0, 1).
  double gumbel();
  bool bernoulli(double probability);
  /// Fisher-Yates.
  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[below(left)]);
    }
  }
  /// 0, ..., size - 1 in random order.
  std::vector<std::size_t> permutation(std::size_t size);

  // So that it serves as a generator for the standard library's algorithms.
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()() { return next64(); }

 private:
  Random(std::array<std::uint32_t, 2> key, std::array<std::uint32_t, 2> stream);

  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 2> stream_;  // the counter's upper half: which split this is
  std::uint64_t block_ = 0;              // the counter's lower half
  std::array<std::uint32_t, 4> words_{};
  unsigned used_ = 4;
  double spare_normal_ = 0;
  bool has_spare_normal_ = false;
};

}  // namespace ordo
