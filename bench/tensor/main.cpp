// bench-tensor: random numbers fused with what is done to 10 million float32 parameters, beside the
// calls that torch offers for it, turn by turn in one run: medians of milliseconds and their ratio.
// The first line is the floor: reading and writing the parameters once, which is all that mul_
// does.
#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/tensor/draw_kernels.h"
#include "ordo/tensor/random.h"

namespace {

using ordo::Random;
using ordo::tensor::Draw;

constexpr std::int64_t kSize = 10'000'000;
constexpr int kRuns = 15;

struct Case {
  std::string name;
  std::function<void()> ours;
  std::function<void()> peer;
};

double milliseconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

void time_case(const Case& one) {
  std::vector<double> ours, peer;
  for (int run = 0; run < kRuns; ++run) {
    ours.push_back(milliseconds_of(one.ours));
    peer.push_back(milliseconds_of(one.peer));
  }
  fmt::print("{:<44} {:8.2f} {:8.2f} {:7.2f}x\n", one.name, median(ours), median(peer),
             median(peer) / median(ours));
}

}  // namespace

int main() {
  const torch::NoGradGuard no_grad;
  torch::Tensor w = torch::zeros({kSize});
  const torch::Tensor draw = torch::empty({kSize});
  const Random stream(1);
  std::vector<double> floor;
  for (int run = 0; run < kRuns; ++run) floor.push_back(milliseconds_of([&] { w.mul_(0.9); }));
  fmt::print("{} parameters, {} threads, {}; floor (80 MB read and written): {:.2f} ms\n\n", kSize,
             at::get_num_threads(), ordo::tensor::kernels::available().front().name, median(floor));
  fmt::print("{:<44} {:>8} {:>8} {:>8}\n", "milliseconds", "ordo", "torch", "torch/ordo");
  time_case({"shrink and perturb, uniform: 0.4 w + 0.1 u",
             [&] { ordo::tensor::blend(w, 0.4, 0.1, Draw::uniform(1), stream); },
             [&] { w.mul_(0.4).add_(draw.uniform_(-1, 1), 0.1); }});
  time_case({"shrink and perturb, normal: 0.4 w + 0.1 z",
             [&] { ordo::tensor::blend(w, 0.4, 0.1, Draw::normal(1), stream); },
             [&] { w.mul_(0.4).add_(draw.normal_(0, 1), 0.1); }});
  time_case({"the same with new memory for the draw",
             [&] { ordo::tensor::blend(w, 0.4, 0.1, Draw::normal(1), stream); },
             [&] { w.mul_(0.4).add_(torch::empty({kSize}).normal_(0, 1), 0.1); }});
  time_case({"fill, uniform", [&] { ordo::tensor::fill(w, Draw::uniform(1), stream); },
             [&] { w.uniform_(-1, 1); }});
  time_case({"fill, normal", [&] { ordo::tensor::fill(w, Draw::normal(1), stream); },
             [&] { w.normal_(0, 1); }});
  for (const std::int64_t rows : {64, 4096}) {
    const torch::Tensor activations = torch::ones({rows, 256});
    time_case({fmt::format("dropout 0.5 of [{}, 256], 100 times", rows),
               [&] {
                 for (int i = 0; i < 100; ++i) ordo::tensor::dropout(activations, 0.5, stream);
               },
               [&] {
                 for (int i = 0; i < 100; ++i) torch::dropout(activations, 0.5, true);
               }});
  }
  return 0;
}
