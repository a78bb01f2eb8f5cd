#include "ordo/base/threads.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "ordo/base/error.h"

namespace ordo {
namespace {

thread_local bool t_inside_loop = false;

// One loop: chunks are taken in order from a counter.
struct Loop {
  std::size_t size, grain, chunks;
  const std::function<void(std::size_t, std::size_t)>& work;
  std::atomic<std::size_t> next{0};
  std::mutex mutex{};
  std::size_t failed_chunk = std::numeric_limits<std::size_t>::max();
  std::exception_ptr failure{};

  void run() {
    const bool outer = std::exchange(t_inside_loop, true);
    std::size_t chunk = 0;
    while ((chunk = next.fetch_add(1, std::memory_order_relaxed)) < chunks) {
      try {
        work(chunk * grain, std::min(size, (chunk + 1) * grain));
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (chunk < failed_chunk) {
          failed_chunk = chunk;
          failure = std::current_exception();
        }
      }
    }
    t_inside_loop = outer;
  }
};

}  // namespace

struct ThreadPool::Implementation {
  std::vector<std::thread> helpers;
  std::mutex one_loop;  // held by the caller of the loop that runs
  std::mutex mutex;     // guards what follows
  std::condition_variable begin, end;
  Loop* loop = nullptr;
  std::uint64_t generation = 0;
  std::size_t busy = 0;
  bool closing = false;

  void help() {
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex);
    while (true) {
      begin.wait(lock, [&] { return closing || generation != seen; });
      if (closing) return;
      seen = generation;
      Loop* mine = loop;
      lock.unlock();
      mine->run();
      lock.lock();
      if (--busy == 0) end.notify_one();
    }
  }
};

ThreadPool::ThreadPool(int threads) : implementation_(std::make_unique<Implementation>()) {
  if (threads < 1) throw UsageError("a thread pool needs at least one thread");
  for (int i = 1; i < threads; ++i) {
    implementation_->helpers.emplace_back([pool = implementation_.get()] { pool->help(); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(implementation_->mutex);
    implementation_->closing = true;
  }
  implementation_->begin.notify_all();
  for (std::thread& helper : implementation_->helpers) helper.join();
}

int ThreadPool::threads() const { return static_cast<int>(implementation_->helpers.size()) + 1; }

void ThreadPool::parallel_for(std::size_t size, std::size_t grain,
                              const std::function<void(std::size_t, std::size_t)>& work) {
  if (size == 0) return;
  grain = std::max<std::size_t>(grain, 1);
  Loop loop{.size = size, .grain = grain, .chunks = (size - 1) / grain + 1, .work = work};
  Implementation& pool = *implementation_;
  if (t_inside_loop || loop.chunks == 1 || pool.helpers.empty()) {
    loop.run();
  } else {
    const std::lock_guard only(pool.one_loop);
    {
      const std::lock_guard lock(pool.mutex);
      pool.loop = &loop;
      pool.busy = pool.helpers.size();
      ++pool.generation;
    }
    pool.begin.notify_all();
    loop.run();
    std::unique_lock lock(pool.mutex);
    pool.end.wait(lock, [&] { return pool.busy == 0; });
  }
  if (loop.failure) std::rethrow_exception(loop.failure);
}

void parallel_for(int threads, std::size_t size, std::size_t grain,
                  const std::function<void(std::size_t, std::size_t)>& work) {
  const std::size_t chunks = size == 0 ? 0 : (size - 1) / std::max<std::size_t>(grain, 1) + 1;
  const auto useful = std::min<std::size_t>(static_cast<std::size_t>(std::max(threads, 1)), chunks);
  ThreadPool(std::max(static_cast<int>(useful), 1)).parallel_for(size, grain, work);
}

}  // namespace ordo
