// LibTorch depends on an OpenMP runtime (its own libgomp, or LLVM's libomp, which speaks the same
// protocol). GCC compiles `#pragma omp parallel` into GOMP_parallel(body, data, threads, flags);
// calling that entry point of the library that LibTorch loaded shares its pool, so that a process
// has one set of threads, whichever compiler built us.
#include "ordo/tensor/parallel.h"

#include <algorithm>
#include <exception>
#include <vector>

#include <ATen/Parallel.h>

#include <dlfcn.h>

namespace ordo::tensor {
namespace {

using Body = void (*)(void*);

struct Runtime {
  void (*parallel)(Body body, void* data, unsigned threads, unsigned flags) = nullptr;
  int (*thread)() = nullptr;
  int (*threads)() = nullptr;
  void (*set_threads)(int threads) = nullptr;  // of this thread's next loops
};

template <class Function>
void find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
}

// Looked up from the library of LibTorch that uses it, so that it is the same one even where
// several are loaded.
Runtime find_runtime() {
  Runtime runtime;
  Dl_info where{};
  if (dladdr(reinterpret_cast<void*>(&at::get_num_threads), &where) == 0) return runtime;
  void* library = dlopen(where.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return runtime;
  find(library, "GOMP_parallel", runtime.parallel);
  find(library, "omp_get_thread_num", runtime.thread);
  find(library, "omp_get_num_threads", runtime.threads);
  find(library, "omp_set_num_threads", runtime.set_threads);
  if (runtime.thread == nullptr || runtime.threads == nullptr) runtime.parallel = nullptr;
  return runtime;
}

const Runtime& runtime() {
  static const Runtime found = find_runtime();
  return found;
}

using Work = std::function<void(std::int64_t begin, std::int64_t end)>;

struct Loop {
  const Work& work;
  std::int64_t size;
  std::int64_t chunk;
  std::vector<std::exception_ptr> failures;  // a place a chunk
};

void run_chunk(Loop& loop, std::int64_t index) {
  const at::internal::ThreadIdGuard guard(static_cast<int>(index));
  const std::int64_t begin = index * loop.chunk;
  try {
    loop.work(begin, std::min(begin + loop.chunk, loop.size));
  } catch (...) {
    loop.failures[static_cast<std::size_t>(index)] = std::current_exception();
  }
}

// The team may be smaller than asked for; chunk i belongs to the same thread each time.
void run_share(void* data) {
  Loop& loop = *static_cast<Loop*>(data);
  const auto chunks = static_cast<std::int64_t>(loop.failures.size());
  for (std::int64_t i = runtime().thread(); i < chunks; i += runtime().threads())
    run_chunk(loop, i);
}

}  // namespace

void parallel_for(std::int64_t size, std::int64_t grain, const Work& work) {
  if (size <= 0) return;
  at::internal::lazy_init_num_threads();
  grain = std::max<std::int64_t>(grain, 1);
  const std::int64_t most = std::min<std::int64_t>(at::get_num_threads(), size / grain);
  if (most <= 1 || at::in_parallel_region() || runtime().parallel == nullptr) {
    work(0, size);
    return;
  }
  const std::int64_t chunk = (size + most - 1) / most;
  const std::int64_t chunks = (size + chunk - 1) / chunk;
  Loop loop{work, size, chunk, std::vector<std::exception_ptr>(static_cast<std::size_t>(chunks))};
  runtime().parallel(run_share, &loop, static_cast<unsigned>(chunks), 0);
  for (const std::exception_ptr& failure : loop.failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

OneThread::OneThread() : before_(at::get_num_threads()) {
  if (runtime().set_threads != nullptr) runtime().set_threads(1);
}

OneThread::~OneThread() {
  if (runtime().set_threads != nullptr) runtime().set_threads(before_);
}

}  // namespace ordo::tensor
