// bench-large-batch: ghost batch norm, forward and backward through autograd, beside LibTorch's
// batch norm of the whole batch and beside a loop of LibTorch's batch norm over the ghosts, turn by
// turn in one run: medians of milliseconds and ratios. The floor is what moving the bytes takes
// that nobody can do without (forward reads x and writes y, backward reads x and dy and writes dx)
// at the speed of a copy. Then what measuring the distance of the weights costs in a training.
//
// Printed twice: elapsed time with all threads, then processor time with one, which other programs
// on the machine disturb less.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/nets/ghost_batch_norm.h"
#include "ordo/nets/net.h"
#include "ordo/optimize/optimizer.h"
#include "ordo/tensor/device.h"
#include "ordo/train/distance.h"

namespace {

using namespace ordo;
using torch::Tensor;

struct Clock {
  const char* what;
  clockid_t id;
};

double milliseconds_of(const Clock& clock, int calls, const std::function<void()>& work) {
  timespec start{}, end{};
  clock_gettime(clock.id, &start);
  for (int call = 0; call < calls; ++call) work();
  clock_gettime(clock.id, &end);
  return (1e3 * static_cast<double>(end.tv_sec - start.tv_sec) +
          1e-6 * static_cast<double>(end.tv_nsec - start.tv_nsec)) /
         calls;
}

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

// Medians of several pieces of work, in turns.
std::vector<double> medians(const Clock& clock, int runs, int calls,
                            const std::vector<std::function<void()>>& works) {
  std::vector<std::vector<double>> times(works.size());
  for (const auto& work : works) work();  // memory is touched, the processor warm
  for (int run = 0; run < runs; ++run) {
    for (std::size_t one = 0; one < works.size(); ++one) {
      times[one].push_back(milliseconds_of(clock, calls, works[one]));
    }
  }
  std::vector<double> found;
  for (const auto& of_one : times) found.push_back(median(of_one));
  return found;
}

struct Case {
  std::string name;
  std::vector<std::int64_t> shape;
  std::int64_t ghost;
  int runs, calls;
  bool channels_last = false;
};

void time_norms(const Clock& clock, const Case& one) {
  const std::int64_t channels = one.shape[1];
  torch::manual_seed(1);
  const auto format =
      one.channels_last ? torch::MemoryFormat::ChannelsLast : torch::MemoryFormat::Contiguous;
  Tensor x = torch::randn(one.shape).contiguous(format).requires_grad_();
  const Tensor dy = torch::randn(one.shape).contiguous(format);
  const auto statistic = [&](double value) { return torch::full({channels}, value); };
  Tensor weight = statistic(1).requires_grad_(), bias = statistic(0).requires_grad_();
  Tensor mean = statistic(0), variance = statistic(1);
  const auto backward = [&](const Tensor& y) {
    for (Tensor* leaf : {&x, &weight, &bias}) leaf->mutable_grad() = Tensor();
    y.backward(dy);
  };
  const auto plain = [&](const Tensor& part) {
    return torch::batch_norm(part, weight, bias, mean, variance, true, 0.1, 1e-5, false);
  };
  const nets::GhostOptions options{.ghost_size = one.ghost};
  const auto ours = [&] {
    const auto sizes = nets::ghost_sizes(one.shape[0], options);
    const auto batch = nets::ghost_batch_norm(x, weight, bias, sizes, 1e-5);
    nets::track_ghosts(batch, sizes, x.numel() / one.shape[0] / channels, options, mean, variance);
    backward(batch.output);
  };
  const auto whole = [&] { backward(plain(x)); };
  const auto loop = [&] {
    std::vector<Tensor> parts;
    for (const Tensor& part : x.split(one.ghost)) parts.push_back(plain(part));
    backward(torch::cat(parts));
  };
  Tensor copied = torch::empty_like(dy);
  const auto copy = [&] { copied.copy_(dy); };
  const auto times = medians(clock, one.runs, one.calls, {ours, whole, loop, copy});
  fmt::print("{:<36} {:>8.3f} {:>8.3f} {:>6.2f} {:>8.3f} {:>6.2f} {:>8.3f}\n", one.name, times[0],
             times[1], times[0] / times[1], times[2], times[2] / times[0], 2.5 * times[3]);
}

void time_distance(const Clock& clock) {
  const auto net = nets::make_net(
      {.name = "mlp",
       .options = {{"hidden", Json::array({512, 512, 512, 512, 512})}, {"batch-norm", true}},
       .input = {784},
       .outputs = 10},
      Random(1));
  nets::FlatParameters parameters(*net);
  const auto sgd = optimize::make_optimizer("sgd", {{"momentum", 0.9}});
  const Tensor inputs = torch::randn({128, 784}), labels = torch::arange(128) % 10;
  train::DistanceTracker tracker(parameters);
  const auto times = medians(clock, 9, 5,
                             {[&] {
                                net->differentiate(inputs, labels, parameters);
                                sgd->step(parameters, 1e-4);
                              },
                              [&] { tracker.measure(parameters, 1, 0.1); }});
  // The first 512 updates have 10 powers of two among them, more than any later ones.
  fmt::print("{} parameters: a step {:.3f} ms, a distance {:.3f} ms: {:.3f} % of 512 updates\n\n",
             parameters.values().numel(), times[0], times[1],
             100 * 10 * times[1] / (512 * times[0]));
}

}  // namespace

int main() {
  const int all = at::get_num_threads();
  for (const auto& [clock, threads] :
       {std::pair(Clock{"elapsed", CLOCK_MONOTONIC}, all),
        std::pair(Clock{"processor time", CLOCK_PROCESS_CPUTIME_ID}, 1)}) {
    tensor::set_threads(threads);
    fmt::print("{}, {} thread{}, ms\n{:<36} {:>8} {:>8} {:>6} {:>8} {:>6} {:>8}\n", clock.what,
               threads, threads == 1 ? "" : "s", "forward and backward", "ghosts", "whole", "/",
               "loop", "x", "floor");
    for (const Case& one :
         std::vector<Case>{{"1024 x 64 x 32 x 32, ghosts of 128", {1024, 64, 32, 32}, 128, 5, 1},
                           {"the same, channels last", {1024, 64, 32, 32}, 128, 3, 1, true},
                           {"1024 x 64 x 8 x 8, ghosts of 128", {1024, 64, 8, 8}, 128, 9, 2},
                           {"1024 x 16 x 4 x 4, 64 ghosts of 16", {1024, 16, 4, 4}, 16, 9, 20},
                           {"4096 x 128, 64 ghosts of 64", {4096, 128}, 64, 9, 20},
                           {"1024 x 32, 64 ghosts of 16", {1024, 32}, 16, 9, 50},
                           {"4096 x 512, 32 ghosts of 128", {4096, 512}, 128, 9, 3}}) {
      time_norms(clock, one);
    }
    time_distance(clock);
  }
}
