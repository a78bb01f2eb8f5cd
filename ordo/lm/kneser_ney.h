// The n-gram model that a neural one has to beat: interpolated Kneser-Ney with three discounts
// (Chen and Goodman 1999).
//
//   p(w | h) = max(c(h w) - D(c(h w)), 0) / c(h) + g(h) p(w | h without its first token)
//
// c counts occurrences in the highest order, and in lower ones the different tokens that came
// before; D is one of three discounts by the count (1, 2, 3 and more), estimated from how many
// n-grams were counted once to four times; g(h) is what the discounts took. The last p is uniform.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace ordo::lm {

class KneserNey {
 public:
  /// Counts `tokens`. Throws UsageError if an n-gram does not fit into 64 bits: `order` times the
  /// bits of a token.
  KneserNey(std::span<const std::int64_t> tokens, std::int64_t vocabulary, int order = 5);

  /// p(token | history); of the history, the last order - 1 tokens count.
  double probability(std::span<const std::int64_t> history, std::int64_t token) const;
  /// Mean of -log p in nats over all tokens but the first.
  double mean_loss(std::span<const std::int64_t> tokens) const;

 private:
  struct Context {
    double total = 0;                   // of the counts that follow
    std::array<double, 3> follow = {};  // tokens counted once, twice, more often
  };
  struct Order {
    std::unordered_map<std::uint64_t, std::uint32_t> counts;  // by n-gram
    std::unordered_map<std::uint64_t, Context> contexts;      // by n-gram without its last token
    std::array<double, 3> discounts = {};
  };

  std::uint64_t key_of(std::span<const std::int64_t> tokens) const;
  void prepare(Order& order) const;

  std::int64_t vocabulary_;
  int bits_;
  std::vector<Order> orders_;  // of 1, 2, ... tokens
};

}  // namespace ordo::lm
