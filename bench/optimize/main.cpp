// How long a step of each optimizer takes: bench-optimize [THREADS] prints a line per method and
// number of parameters: kind, options, parameters, bytes that a step must move for each parameter,
// microseconds of Optimizer::step, and microseconds of adding two tensors of that size into a
// third, which moves 12 bytes for each, with tabs between. Each is the median of 7 timings of at
// least 10 ms, in processor time where there is one thread, so that other work on the machine
// counts less. bench/optimize/run sets torch.optim beside it.
#include <algorithm>
#include <array>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/optimize/optimizer.h"
#include "ordo/tensor/device.h"
#include "ordo/tensor/parallel.h"
#include "ordo/tensor/random.h"

namespace {

using namespace ordo;

struct Case {
  std::string kind;
  JsonObject options;
  int bytes;  // values read and written, gradients read, each slot read and written
};

std::vector<Case> cases() {
  return {{"sgd", {}, 12},     {"sgd", {{"momentum", 0.9}}, 20},
          {"adam", {}, 28},    {"adamw", {}, 28},
          {"rmsprop", {}, 20}, {"adagrad", {}, 20}};
}

class Block : public nets::Layer {
 public:
  explicit Block(std::int64_t size) { register_parameter("weight", torch::zeros({size})); }
  std::vector<nets::Initial> initials() const override {
    return {{"weight", nets::Role::weight, tensor::Draw::normal(1)}};
  }
};

double seconds_of(clockid_t clock, int calls, const std::function<void()>& run) {
  const auto now = [clock] {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  for (int call = 0; call < calls; ++call) run();
  return now() - start;
}

double microseconds(clockid_t clock, const std::function<void()>& run) {
  int calls = 1;
  while (seconds_of(clock, calls, run) < 0.01) calls *= 2;
  std::array<double, 7> times{};
  for (double& time : times) time = 1e6 * seconds_of(clock, calls, run) / calls;
  std::ranges::sort(times);
  return times[times.size() / 2];
}

void time_case(const Case& one, std::int64_t size, clockid_t clock) {
  Block net(size);
  nets::initialise(net, Random(1));
  nets::FlatParameters parameters(net);
  tensor::fill(parameters.gradients(), tensor::Draw::normal(1), Random(2));
  const auto optimizer = optimize::make_optimizer(one.kind, one.options);
  const double step = microseconds(clock, [&] { optimizer->step(parameters, 1e-6); });
  torch::Tensor sum = torch::zeros({size});
  const double add = microseconds(clock, [&] { sum.add_(parameters.gradients()); });
  fmt::print("{}\t{}\t{}\t{}\t{:.3f}\t{:.3f}\n", one.kind, Json(one.options).dump(), size,
             one.bytes, step, add);
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::stoi(argv[1]) : 1;
  tensor::set_threads(threads);
  const clockid_t clock = threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  for (const Case& one : cases()) {
    for (const std::int64_t size : {10'000, 1'000'000, 10'000'000}) time_case(one, size, clock);
  }
}
