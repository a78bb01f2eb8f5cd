// The thread pool of the rooms without tensors (tensor rooms use at::parallel_for). The partition
// depends on range and grain alone, never on the number of threads, so work that keeps its sums by
// chunk gives equal bytes at any number of threads.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace ordo {

/// A fixed number of threads. One parallel loop at a time; callers of a second one wait.
class ThreadPool {
 public:
  explicit ThreadPool(int threads);  ///< the caller's own thread counts as one
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Calls work(begin, end) for the chunks [0, grain), [grain, 2 grain), ... of [0, size) on all
  /// threads and waits. If chunks throw, the others still run and the exception of the first chunk
  /// (by index) is thrown on. A call from inside `work` runs inline.
  void parallel_for(std::size_t size, std::size_t grain,
                    const std::function<void(std::size_t begin, std::size_t end)>& work);
  int threads() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// One loop on `threads` threads, started for it: for work of milliseconds and more.
void parallel_for(int threads, std::size_t size, std::size_t grain,
                  const std::function<void(std::size_t begin, std::size_t end)>& work);

}  // namespace ordo
