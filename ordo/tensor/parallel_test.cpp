#include "ordo/tensor/parallel.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/tensor/device.h"

namespace ordo::tensor {
namespace {

class Parallel : public ::testing::Test {
 protected:
  void SetUp() override { set_threads(3); }
  void TearDown() override { set_threads(before_); }
  int before_ = at::get_num_threads();
};

TEST_F(Parallel, EveryElementIsDoneOnce) {
  for (const std::int64_t size : {0, 1, 5, 6, 7, 100, 1001}) {
    for (const std::int64_t grain : {0, 1, 2, 50, 2000}) {
      std::vector<std::atomic<int>> times(static_cast<std::size_t>(size));
      std::atomic<int> chunks = 0;
      parallel_for(size, grain, [&](std::int64_t begin, std::int64_t end) {
        ++chunks;
        if (end != size) EXPECT_GE(end - begin, grain);
        for (std::int64_t i = begin; i < end; ++i) ++times[static_cast<std::size_t>(i)];
      });
      EXPECT_LE(chunks, 3);
      for (const auto& count : times) EXPECT_EQ(count, 1);
    }
  }
}

// Each chunk waits for the others, so this ends only if three threads run at once.
TEST_F(Parallel, ChunksRunAtTheSameTime) {
  std::atomic<int> here = 0;
  parallel_for(3, 1, [&](std::int64_t, std::int64_t) {
    ++here;
    while (here < 3) std::this_thread::yield();
  });
  EXPECT_EQ(here, 3);
}

TEST_F(Parallel, UsesTheThreadsThatLibTorchUses) {
  std::mutex mutex;
  std::set<std::thread::id> ours;
  const auto count_tasks = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  torch::ones({1 << 22}).add_(1).sum();  // LibTorch starts its threads
  const auto before = count_tasks();
  for (int round = 0; round < 10; ++round) {
    parallel_for(3, 1, [&](std::int64_t, std::int64_t) {
      const std::scoped_lock lock(mutex);
      ours.insert(std::this_thread::get_id());
    });
  }
  EXPECT_EQ(count_tasks(), before);
  EXPECT_EQ(ours.size(), 3);
}

TEST_F(Parallel, OneOpenMpIsInTheProcess) {
  parallel_for(3, 1, [](std::int64_t, std::int64_t) {});
  std::set<std::string> runtimes;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::string file = line.substr(line.rfind('/') + 1);
    for (const char* name : {"libgomp", "libomp", "libiomp"}) {
      if (file.starts_with(name)) runtimes.insert(file);
    }
  }
  EXPECT_EQ(runtimes.size(), 1);
}

TEST_F(Parallel, InsideOfALoopRunsInline) {
  std::atomic<int> inner = 0;
  parallel_for(3, 1, [&](std::int64_t, std::int64_t) {
    const auto thread = std::this_thread::get_id();
    parallel_for(100, 1, [&](std::int64_t begin, std::int64_t end) {
      EXPECT_EQ(std::this_thread::get_id(), thread);
      EXPECT_EQ(end - begin, 100);
      ++inner;
    });
  });
  EXPECT_EQ(inner, 3);
}

TEST_F(Parallel, PassesOnTheFirstExceptionByPosition) {
  std::atomic<int> here = 0;
  try {
    parallel_for(3, 1, [&](std::int64_t begin, std::int64_t) {
      ++here;
      while (here < 3) std::this_thread::yield();
      if (begin > 0) throw std::runtime_error(std::to_string(begin));
    });
    FAIL() << "swallowed";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "1");
  }
}

TEST_F(Parallel, StaysOnOneThreadWhileAskedTo) {
  {
    const OneThread alone;
    EXPECT_EQ(at::get_num_threads(), 1);
    std::atomic<int> chunks = 0;
    parallel_for(3, 1, [&](std::int64_t, std::int64_t) { ++chunks; });
    EXPECT_EQ(chunks, 1);
  }
  EXPECT_EQ(at::get_num_threads(), 3);
}

}  // namespace
}  // namespace ordo::tensor
