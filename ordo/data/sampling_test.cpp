#include "ordo/data/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/data/apportion.h"

namespace ordo::data {
namespace {

Indices every(std::int64_t count, std::int64_t step = 1) {
  Indices indices(static_cast<std::size_t>(count));
  for (std::size_t place = 0; place < indices.size(); ++place) {
    indices[place] = static_cast<std::int64_t>(place) * step;
  }
  return indices;
}

Labelled with_classes(std::int64_t n, std::int64_t classes) {
  Labelled data;
  for (std::int64_t example = 0; example < n; ++example) {
    data.labels.push_back(example % classes);
  }
  for (std::int64_t label = 0; label < classes; ++label) {
    data.classes.push_back(std::to_string(label));
  }
  return data;
}

TEST(Apportion, IsWithinOneOfTheShareAndAddsUp) {
  Random random(3);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<std::int64_t> counts(1 + random.below(8));
    for (std::int64_t& count : counts) count = static_cast<std::int64_t>(random.below(40));
    const std::int64_t sum = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    const auto total = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(sum + 1)));
    const auto seats = apportion(total, counts);
    EXPECT_EQ(std::accumulate(seats.begin(), seats.end(), std::int64_t{0}), total);
    for (std::size_t item = 0; item < counts.size(); ++item) {
      EXPECT_LE(seats[item], counts[item]);
      if (sum == 0) continue;
      // Within one of total * count / sum, in whole numbers.
      EXPECT_LT(std::abs(seats[item] * sum - total * counts[item]), sum);
    }
  }
}

TEST(Subsample, KeepsTheOrderAndDrawsEachExampleEquallyOften) {
  const Labelled data = with_classes(40, 4);
  const Indices from = every(20, 2);
  std::vector<int> drawn(40);
  constexpr int kTrials = 2000, kSize = 5;
  for (int trial = 0; trial < kTrials; ++trial) {
    const Indices found =
        subsample(from, kSize, Draw::simple, data.labels, Random(static_cast<unsigned>(trial)));
    ASSERT_EQ(found.size(), static_cast<std::size_t>(kSize));
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
    for (const std::int64_t example : found) ++drawn[static_cast<std::size_t>(example)];
  }
  // Binomial with p = 1/4: five standard deviations.
  const double expected = kTrials / 4.0, bound = 5 * std::sqrt(kTrials * 0.25 * 0.75);
  for (const std::int64_t example : from) {
    EXPECT_NEAR(drawn[static_cast<std::size_t>(example)], expected, bound);
  }
}

TEST(Subsample, StratifiedTakesEachClassByItsShare) {
  Labelled data;
  for (int example = 0; example < 100; ++example) data.labels.push_back(example < 70 ? 0 : 1);
  const Indices all = every(100);
  const Indices found = subsample(all, 20, Draw::stratified, data.labels, Random(1));
  EXPECT_EQ(class_counts(data.labels, found, 2), (std::vector<std::int64_t>{14, 6}));
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
  EXPECT_NE(found, subsample(all, 20, Draw::stratified, data.labels, Random(2)));
  EXPECT_EQ(subsample(all, 100, Draw::stratified, data.labels, Random(1)), all);
  EXPECT_THROW(subsample(all, 101, Draw::simple, data.labels, Random(1)), UsageError);
}

TEST(Phases, RefusesPhasesWithoutNewExamples) {
  const Indices three = every(3);
  EXPECT_EQ(two_phases(three).front().size(), 1U);
  EXPECT_THROW(two_phases(three, 0.3), UsageError);
  EXPECT_THROW(two_phases(three, 1), UsageError);
  EXPECT_THROW(two_phases(three, std::nan("")), UsageError);
  EXPECT_THROW(chunks(three, 0), UsageError);
}

TEST(LabelNoise, ReplacesExactlyTheFractionOfTheGivenExamples) {
  constexpr std::int64_t kClasses = 10, kExamples = 4000;
  const Labelled data = with_classes(2 * kExamples, kClasses);
  const Indices examples = every(kExamples, 2);
  const NoisyLabels noisy = add_label_noise(data, examples, 0.3, LabelNoise::any, Random(5));
  EXPECT_EQ(noisy.drawn.size(), 1200U);
  EXPECT_TRUE(
      std::includes(examples.begin(), examples.end(), noisy.drawn.begin(), noisy.drawn.end()));
  std::int64_t changed = 0;
  for (std::int64_t example = 0; example < 2 * kExamples; ++example) {
    const auto place = static_cast<std::size_t>(example);
    if (noisy.labels[place] == data.labels[place]) continue;
    ++changed;
    EXPECT_TRUE(std::binary_search(noisy.drawn.begin(), noisy.drawn.end(), example));
  }
  EXPECT_EQ(noisy.changed, changed);
  // Each drawn label is another with probability 9/10: five standard deviations.
  EXPECT_NEAR(static_cast<double>(changed), 1200 * 0.9, 5 * std::sqrt(1200 * 0.9 * 0.1));
  EXPECT_EQ(add_label_noise(data, examples, 0.3, LabelNoise::any, Random(5)).labels, noisy.labels);
  EXPECT_NE(add_label_noise(data, examples, 0.3, LabelNoise::any, Random(6)).labels, noisy.labels);
}

TEST(LabelNoise, DrawsEveryOtherClassEquallyOften) {
  const Labelled data = with_classes(9000, 3);
  const NoisyLabels noisy = add_label_noise(data, every(9000), 1, LabelNoise::other, Random(2));
  EXPECT_EQ(noisy.changed, 9000);
  std::vector<std::vector<int>> moves(3, std::vector<int>(3));
  for (std::size_t example = 0; example < 9000; ++example) {
    ++moves[static_cast<std::size_t>(data.labels[example])]
           [static_cast<std::size_t>(noisy.labels[example])];
  }
  for (std::size_t from = 0; from < 3; ++from) {
    for (std::size_t to = 0; to < 3; ++to) {
      // 3000 draws between two classes: five standard deviations.
      EXPECT_NEAR(moves[from][to], from == to ? 0 : 1500, from == to ? 0 : 5 * std::sqrt(750.0));
    }
  }
  EXPECT_THROW(add_label_noise(data, every(9), 1.1, LabelNoise::any, Random(2)), UsageError);
  EXPECT_THROW(add_label_noise(with_classes(3, 1), every(3), 1, LabelNoise::other, Random(2)),
               UsageError);
}

}  // namespace
}  // namespace ordo::data
