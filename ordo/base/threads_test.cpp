#include "ordo/base/threads.h"

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ordo {
namespace {

TEST(Threads, VisitEveryIndexOnce) {
  ThreadPool pool(4);
  for (std::size_t size : {0u, 1u, 7u, 1000u}) {
    for (std::size_t grain : {0u, 1u, 3u, 5000u}) {
      std::vector<int> visits(size);
      pool.parallel_for(size, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) ++visits[i];
      });
      EXPECT_EQ(visits, std::vector<int>(size, 1));
    }
  }
}

TEST(Threads, CutTheRangeAlikeAtAnyNumberOfThreads) {
  const auto sum_by_chunks = [](int threads) {
    std::vector<double> sums(100);
    parallel_for(threads, 9973, 100, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) sums[begin / 100] += 1.0 / (1.0 + double(i));
    });
    return std::accumulate(sums.begin(), sums.end(), 0.0);
  };
  EXPECT_EQ(sum_by_chunks(1), sum_by_chunks(2));
  EXPECT_EQ(sum_by_chunks(1), sum_by_chunks(7));
}

TEST(Threads, ThrowTheFirstFailureByIndexAfterAllChunksRan) {
  ThreadPool pool(3);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> ran = 0;
    try {
      pool.parallel_for(64, 1, [&](std::size_t begin, std::size_t) {
        ++ran;
        if (begin == 11 || begin == 40) throw std::runtime_error(std::to_string(begin));
      });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "11");
    }
    EXPECT_EQ(ran, 64);
  }
}

TEST(Threads, RunNestedLoopsInline) {
  ThreadPool pool(2);
  std::vector<int> visits(100);
  pool.parallel_for(10, 1, [&](std::size_t row, std::size_t) {
    pool.parallel_for(10, 1, [&](std::size_t column, std::size_t) { ++visits[10 * row + column]; });
  });
  EXPECT_EQ(visits, std::vector<int>(100, 1));
}

}  // namespace
}  // namespace ordo
