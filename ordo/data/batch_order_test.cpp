#include "ordo/data/batch_order.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "ordo/base/error.h"

namespace ordo::data {
namespace {

const Indices kExamples = {3, 5, 8, 13, 21, 34, 55, 89, 144, 233};

Indices copy(IndexSpan span) { return {span.begin(), span.end()}; }

Indices epoch_of(BatchOrder& order) {
  Indices seen;
  do {
    const IndexSpan batch = order.next();
    seen.insert(seen.end(), batch.begin(), batch.end());
  } while (order.position().offset != 0);
  return seen;
}

TEST(BatchOrder, VisitsEveryExampleOnceAnEpochInAnotherOrder) {
  BatchOrder order(kExamples, {.size = 3}, Random(1));
  EXPECT_EQ(order.batches_per_epoch(), 4);
  std::set<Indices> orders;
  for (int epoch = 0; epoch < 6; ++epoch) {
    Indices seen = epoch_of(order);
    orders.insert(seen);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, kExamples);
  }
  EXPECT_EQ(orders.size(), 6U);
  EXPECT_EQ(order.position(), (BatchPosition{6, 0}));
}

TEST(BatchOrder, GoesOnFromAnyPositionWithTheSameBatches) {
  BatchOrder whole(kExamples, {.size = 4}, Random(7));
  std::vector<std::pair<BatchPosition, Indices>> expected;
  for (int batch = 0; batch < 12; ++batch) {
    const BatchPosition before = whole.position();
    expected.emplace_back(before, copy(whole.next()));
  }
  for (std::size_t start = 0; start < expected.size(); ++start) {
    BatchOrder resumed(kExamples, {.size = 4}, Random(7));
    resumed.seek(batch_position(parse_json(to_json(expected[start].first).dump()), {}));
    for (std::size_t batch = start; batch < expected.size(); ++batch) {
      EXPECT_EQ(resumed.position(), expected[batch].first);
      EXPECT_EQ(copy(resumed.next()), expected[batch].second);
    }
  }
}

TEST(BatchOrder, DoesNotDependOnTheSizeOfBatches) {
  BatchOrder ones(kExamples, {.size = 1}, Random(2)), tens(kExamples, {.size = 10}, Random(2));
  for (int epoch = 0; epoch < 3; ++epoch) EXPECT_EQ(epoch_of(ones), epoch_of(tens));
}

TEST(BatchOrder, DropsTheLastBatchOrKeepsIt) {
  BatchOrder kept(kExamples, {.size = 4}, Random(1));
  EXPECT_EQ(epoch_of(kept).size(), 10U);
  BatchOrder dropped(kExamples, {.size = 4, .last = LastBatch::drop}, Random(1));
  EXPECT_EQ(dropped.batches_per_epoch(), 2);
  EXPECT_EQ(epoch_of(dropped).size(), 8U);
  BatchOrder plain(kExamples, {.size = 4, .shuffle = Shuffle::never}, Random(1));
  EXPECT_EQ(epoch_of(plain), kExamples);
  EXPECT_EQ(epoch_of(plain), kExamples);
}

TEST(BatchOrder, RefusesWhatGivesNoBatch) {
  EXPECT_THROW(BatchOrder({}, {}, Random(1)), UsageError);
  EXPECT_THROW(BatchOrder(kExamples, {.size = 0}, Random(1)), UsageError);
  EXPECT_THROW(BatchOrder(kExamples, {.size = 11, .last = LastBatch::drop}, Random(1)), UsageError);
  BatchOrder order(kExamples, {.size = 4}, Random(1));
  EXPECT_THROW(order.seek({0, 10}), UsageError);
  EXPECT_THROW(order.seek({-1, 0}), UsageError);
  EXPECT_THROW(batch_position(parse_json("{\"epoch\": 1, \"offset\": -2}"), {}), InputError);
}

TEST(BatchOrder, PutsEachExampleAtEachPlaceEquallyOften) {
  constexpr int kEpochs = 5000;
  BatchOrder order(kExamples, {.size = 10}, Random(3));
  std::vector<std::vector<int>> counts(10, std::vector<int>(10));
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const Indices seen = epoch_of(order);
    for (std::size_t place = 0; place < 10; ++place) {
      const auto which = std::find(kExamples.begin(), kExamples.end(), seen[place]);
      ++counts[place][static_cast<std::size_t>(which - kExamples.begin())];
    }
  }
  // Binomial with p = 1/10: five standard deviations are 5 * sqrt(5000 * .1 * .9) = 106.
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, kEpochs / 10, 106);
  }
}

}  // namespace
}  // namespace ordo::data
