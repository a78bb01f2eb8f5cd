#include "ordo/lm/kneser_ney.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::lm {
namespace {

std::size_t kind_of(std::uint32_t count) { return std::min<std::size_t>(count, 3) - 1; }

}  // namespace

KneserNey::KneserNey(std::span<const std::int64_t> tokens, std::int64_t vocabulary, int order)
    : vocabulary_(vocabulary),
      bits_(static_cast<int>(std::bit_width(static_cast<std::uint64_t>(vocabulary - 1)))),
      orders_(static_cast<std::size_t>(order)) {
  if (order < 1 || order * std::max(bits_, 1) > 64) {
    throw UsageError(fmt::format("{}-grams of {} tokens do not fit into 64 bits: take fewer", order,
                                 vocabulary));
  }
  for (std::size_t end = static_cast<std::size_t>(order); end <= tokens.size(); ++end) {
    ++orders_.back().counts[key_of(
        tokens.subspan(end - static_cast<std::size_t>(order), static_cast<std::size_t>(order)))];
  }
  // An n-gram of a lower order counts once for each different token before it.
  for (std::size_t length = orders_.size() - 1; length > 0; --length) {
    const std::uint64_t without_first =
        (std::uint64_t{1} << (static_cast<unsigned>(bits_) * length)) - 1;
    for (const auto& [key, count] : orders_[length].counts) {
      ++orders_[length - 1].counts[key & without_first];
    }
  }
  for (Order& one : orders_) prepare(one);
}

std::uint64_t KneserNey::key_of(std::span<const std::int64_t> tokens) const {
  std::uint64_t key = 0;
  for (const std::int64_t token : tokens) {
    key = key << static_cast<unsigned>(bits_) | static_cast<std::uint64_t>(token);
  }
  return key;
}

void KneserNey::prepare(Order& order) const {
  std::array<double, 4> times = {};  // n-grams counted once to four times
  for (const auto& [key, count] : order.counts) {
    if (count <= 4) ++times[count - 1];
    Context& context = order.contexts[key >> static_cast<unsigned>(bits_)];
    context.total += count;
    ++context.follow[kind_of(count)];
  }
  // Where texts are so small that a count is missing, half a count is taken off.
  const double base = times[0] / (times[0] + 2 * times[1]);
  for (std::size_t kind = 0; kind < 3; ++kind) {
    const auto count = static_cast<double>(kind + 1);
    const bool is_known = times[kind] > 0 && times[kind + 1] > 0 && times[0] > 0;
    const double discount =
        is_known ? count - (count + 1) * base * times[kind + 1] / times[kind] : 0.5;
    order.discounts[kind] = std::clamp(discount, 0.0, count);
  }
}

double KneserNey::probability(std::span<const std::int64_t> history, std::int64_t token) const {
  double probability = 1 / static_cast<double>(vocabulary_);
  const std::size_t most = std::min(history.size(), orders_.size() - 1);
  for (std::size_t length = 0; length <= most; ++length) {
    const Order& order = orders_[length];
    const std::uint64_t context_key = key_of(history.last(length));
    const auto context = order.contexts.find(context_key);
    if (context == order.contexts.end()) break;  // and no longer one was seen either
    const auto found = order.counts.find(context_key << static_cast<unsigned>(bits_) |
                                         static_cast<std::uint64_t>(token));
    double kept = 0;
    if (found != order.counts.end()) {
      kept = static_cast<double>(found->second) - order.discounts[kind_of(found->second)];
    }
    double taken = 0;
    for (std::size_t kind = 0; kind < 3; ++kind) {
      taken += order.discounts[kind] * context->second.follow[kind];
    }
    probability = (kept + taken * probability) / context->second.total;
  }
  return probability;
}

double KneserNey::mean_loss(std::span<const std::int64_t> tokens) const {
  double sum = 0;
  for (std::size_t place = 1; place < tokens.size(); ++place) {
    sum -= std::log(probability(tokens.first(place), tokens[place]));
  }
  return sum / static_cast<double>(tokens.size() - 1);
}

}  // namespace ordo::lm
