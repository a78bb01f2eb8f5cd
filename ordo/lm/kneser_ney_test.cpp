#include "ordo/lm/kneser_ney.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/random.h"

namespace ordo::lm {
namespace {

using Tokens = std::vector<std::int64_t>;

// A text with habits: a token often follows from the two before it.
Tokens habits(std::size_t size, std::int64_t vocabulary) {
  Random random(3);
  Tokens tokens = {0, 1};
  while (tokens.size() < size) {
    const std::int64_t next = (tokens.back() * 3 + tokens[tokens.size() - 2]) % vocabulary;
    tokens.push_back(random.uniform() < 0.6 ? next
                                            : static_cast<std::int64_t>(random.below(
                                                  static_cast<std::uint64_t>(vocabulary))));
  }
  return tokens;
}

// The definition, written with maps and sets of n-grams.
class ByDefinition {
 public:
  ByDefinition(const Tokens& text, std::int64_t vocabulary, std::size_t order)
      : vocabulary_(vocabulary), counts_(order + 1) {
    for (std::size_t at = 0; at + order <= text.size(); ++at) {
      ++counts_[order][Tokens(text.begin() + static_cast<std::ptrdiff_t>(at),
                              text.begin() + static_cast<std::ptrdiff_t>(at + order))];
    }
    for (std::size_t length = order; length-- > 1;) {
      std::map<Tokens, std::set<std::int64_t>> before;
      for (const auto& [gram, count] : counts_[length + 1]) {
        before[Tokens(gram.begin() + 1, gram.end())].insert(gram.front());
      }
      for (const auto& [gram, firsts] : before) {
        counts_[length][gram] = static_cast<int>(firsts.size());
      }
    }
  }

  double probability(const Tokens& history, std::int64_t token) const {
    const std::size_t length = history.size() + 1;
    const double shorter = history.empty()
                               ? 1 / static_cast<double>(vocabulary_)
                               : probability(Tokens(history.begin() + 1, history.end()), token);
    double n[5] = {};
    for (const auto& [gram, count] : counts_[length]) {
      if (count <= 4) ++n[count];
    }
    const double y = n[1] / (n[1] + 2 * n[2]);
    // Half a count where too little was counted to tell.
    const auto discount_of = [&](int count) {
      if (n[1] == 0 || n[count] == 0 || n[count + 1] == 0) return 0.5;
      return std::clamp(count - (count + 1) * y * n[count + 1] / n[count], 0.0, double(count));
    };
    const double discounts[] = {0, discount_of(1), discount_of(2), discount_of(3)};
    double total = 0, taken = 0, kept = 0;
    for (const auto& [gram, count] : counts_[length]) {
      if (!std::equal(history.begin(), history.end(), gram.begin())) continue;
      const double discount = discounts[std::min(count, 3)];
      total += count;
      taken += discount;
      if (gram.back() == token) kept = count - discount;
    }
    return total == 0 ? shorter : (kept + taken * shorter) / total;
  }

 private:
  std::int64_t vocabulary_;
  std::vector<std::map<Tokens, int>> counts_;
};

TEST(KneserNey, IsWhatItsDefinitionSays) {
  const Tokens text = habits(3000, 17);
  const KneserNey model(text, 17, 3);
  const ByDefinition slow(text, 17, 3);
  for (std::int64_t one = 0; one < 17; one += 3) {
    for (std::int64_t two = 0; two < 17; two += 2) {
      const Tokens history = {one, two};
      for (std::int64_t token = 0; token < 17; ++token) {
        EXPECT_NEAR(model.probability(history, token), slow.probability(history, token), 1e-12);
      }
    }
  }
}

TEST(KneserNey, SumsToOneAfterAnyHistory) {
  const Tokens text = habits(300, 11);
  for (const int order : {1, 2, 5}) {
    const KneserNey model(text, 11, order);
    for (const Tokens& history : {Tokens{}, Tokens{3}, Tokens{10, 10, 10, 10}, text}) {
      double sum = 0;
      for (std::int64_t token = 0; token < 11; ++token) sum += model.probability(history, token);
      EXPECT_NEAR(sum, 1, 1e-12) << order;
    }
  }
}

TEST(KneserNey, LearnsHabits) {
  const Tokens text = habits(20000, 13);
  const Tokens train(text.begin(), text.begin() + 18000),
      held_out(text.begin() + 18000, text.end());
  const double unigram = KneserNey(train, 13, 1).mean_loss(held_out);
  const double trigram = KneserNey(train, 13, 3).mean_loss(held_out);
  EXPECT_LT(trigram, unigram - 0.5);
  // No model can do better than the source: 0.6 + 0.4 / 13 for the usual token, 0.4 / 13 for
  // others.
  const double usual = 0.6 + 0.4 / 13, other = 0.4 / 13;
  EXPECT_GT(trigram, -usual * std::log(usual) - 12 * other * std::log(other) - 0.1);
}

TEST(KneserNey, RefusesWhatDoesNotFit) {
  EXPECT_THROW(KneserNey(Tokens{1, 2}, 1 << 13, 5), UsageError);
  EXPECT_THROW(KneserNey(Tokens{1, 2}, 8, 0), UsageError);
}

}  // namespace
}  // namespace ordo::lm
