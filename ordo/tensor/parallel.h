// Loops on LibTorch's own threads. `at::parallel_for` is a template over OpenMP pragmas, for which
// Clang would bring a second OpenMP of its own into the process; this calls the runtime that
// LibTorch has loaded.
#pragma once

#include <cstdint>
#include <functional>

namespace ordo::tensor {

/// work(begin, end) over [0, size) in at most one chunk a thread, each at least `grain` long except
/// the last. Inline if size <= grain or when called from inside such a loop. Exceptions are passed
/// on (the first by position).
void parallel_for(std::int64_t size, std::int64_t grain,
                  const std::function<void(std::int64_t begin, std::int64_t end)>& work);

/// While it lives, LibTorch's loops that this thread begins run on it alone: for work so small that
/// waking others costs more than they bring. (Some kernels share out whatever they get.)
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

}  // namespace ordo::tensor
