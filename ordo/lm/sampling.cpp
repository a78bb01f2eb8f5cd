#include "ordo/lm/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::lm {
namespace {

std::vector<double> to_numbers(const torch::Tensor& logits) {
  const torch::Tensor numbers = logits.detach().to(torch::kCPU, torch::kFloat64).contiguous();
  const double* const data = numbers.const_data_ptr<double>();
  std::vector<double> result(data, data + numbers.numel());
  for (std::size_t token = 0; token < result.size(); ++token) {
    if (std::isnan(result[token])) {
      throw NumericError(
          fmt::format("the score of token {} is not a number: the model's weights are damaged, or "
                      "too large for its type",
                      token));
    }
  }
  return result;
}

void penalise(std::vector<double>& logits, const History& history, const SamplingOptions& options) {
  if (options.repetition_penalty != 1) {
    std::unordered_set<std::int64_t> seen(history.prompt.begin(), history.prompt.end());
    seen.insert(history.text.begin(), history.text.end());
    for (const std::int64_t token : seen) {
      double& logit = logits[static_cast<std::size_t>(token)];
      logit = logit < 0 ? logit * options.repetition_penalty : logit / options.repetition_penalty;
    }
  }
  if (options.presence_penalty == 0 && options.frequency_penalty == 0) return;
  std::unordered_map<std::int64_t, int> times;
  for (const std::int64_t token : history.text) ++times[token];
  for (const auto& [token, count] : times) {
    logits[static_cast<std::size_t>(token)] -=
        options.presence_penalty + options.frequency_penalty * count;
  }
}

void normalise(std::vector<double>& logits) {
  const double best = *std::ranges::max_element(logits);
  double sum = 0;
  for (double& logit : logits) sum += logit = std::exp(logit - best);
  for (double& logit : logits) logit /= sum;
}

// Tokens from the best on; of equals the one with the smaller number first. Few are asked for of
// many, so they are ordered as far as they are asked for.
class Ranking {
 public:
  explicit Ranking(const std::vector<double>& probabilities)
      : probabilities_(probabilities), order_(probabilities.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  std::size_t size() const { return order_.size(); }
  std::size_t operator[](std::size_t rank) {
    while (rank >= ordered_) order_more();
    return order_[rank];
  }

 private:
  void order_more() {
    const std::size_t end = std::min(order_.size(), std::max(kFirst, 4 * ordered_));
    const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(ordered_);
    const auto middle = order_.begin() + static_cast<std::ptrdiff_t>(end);
    const auto is_better = [this](std::size_t a, std::size_t b) {
      return probabilities_[a] != probabilities_[b] ? probabilities_[a] > probabilities_[b] : a < b;
    };
    std::partial_sort(begin, middle, order_.end(), is_better);
    ordered_ = end;
  }

  static constexpr std::size_t kFirst = 64;
  std::vector<double> probabilities_;
  std::vector<std::size_t> order_;
  std::size_t ordered_ = 0;  // of the best, in their order
};

void keep_first(std::vector<double>& probabilities, Ranking& ranking, std::size_t count) {
  std::vector<double> kept(probabilities.size());
  double sum = 0;
  for (std::size_t rank = 0; rank < count; ++rank) sum += probabilities[ranking[rank]];
  for (std::size_t rank = 0; rank < count; ++rank) {
    kept[ranking[rank]] = probabilities[ranking[rank]] / sum;
  }
  probabilities = std::move(kept);
}

}  // namespace

void SamplingOptions::describe(OptionSet& set) {
  set.add("temperature", temperature, "Divides the scores; 0 always takes the best token.")
      .range(0, 100);
  set.add("top-k", top_k, "Draw from the K best tokens only; 0: from all.").range(0, 1 << 30);
  set.add("top-p", top_p, "Draw from the best tokens that together have this probability.")
      .range(0, 1);
  set.add("min-p", min_p, "Draw from tokens with at least this part of the best one's probability.")
      .range(0, 1);
  set.add("repetition-penalty", repetition_penalty,
          "Makes tokens of prompt and text less likely; 1: does not.")
      .range(0.01, 100);
  set.add("presence-penalty", presence_penalty,
          "Subtracted from the scores of tokens that are in the text.")
      .range(-100, 100);
  set.add("frequency-penalty", frequency_penalty,
          "Subtracted once for each time that a token is in the text.")
      .range(-100, 100);
}

std::vector<double> next_probabilities(const torch::Tensor& logits, const History& history,
                                       const SamplingOptions& options) {
  std::vector<double> numbers = to_numbers(logits);
  penalise(numbers, history, options);
  if (options.temperature == 0) {
    const auto best = std::ranges::max_element(numbers);
    const auto token = static_cast<std::size_t>(best - numbers.begin());
    std::ranges::fill(numbers, 0.0);
    numbers[token] = 1;
    return numbers;
  }
  for (double& number : numbers) number /= options.temperature;
  normalise(numbers);
  if (options.top_k > 0 && std::cmp_less(options.top_k, numbers.size())) {
    Ranking ranking(numbers);
    keep_first(numbers, ranking, static_cast<std::size_t>(options.top_k));
  }
  if (options.top_p < 1) {
    Ranking ranking(numbers);
    double sum = 0;
    std::size_t count = 0;
    while (count < ranking.size() && (count == 0 || sum < options.top_p)) {
      sum += numbers[ranking[count++]];
    }
    keep_first(numbers, ranking, count);
  }
  if (options.min_p > 0) {
    Ranking ranking(numbers);
    const double least = options.min_p * numbers[ranking[0]];
    std::size_t count = 1;
    while (count < ranking.size() && numbers[ranking[count]] >= least) ++count;
    keep_first(numbers, ranking, count);
  }
  return numbers;
}

std::int64_t next_token(const torch::Tensor& logits, const History& history,
                        const SamplingOptions& options, const Random& stream) {
  const std::vector<double> probabilities = next_probabilities(logits, history, options);
  double left = stream.split(history.text.size()).uniform();
  std::size_t last = 0;
  for (std::size_t token = 0; token < probabilities.size(); ++token) {
    if (probabilities[token] == 0) continue;
    last = token;
    left -= probabilities[token];
    if (left < 0) break;
  }
  return static_cast<std::int64_t>(last);
}

}  // namespace ordo::lm
