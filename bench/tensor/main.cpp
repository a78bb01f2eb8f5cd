// bench-tensor: random numbers fused with what is done to 10 million float32 parameters, beside the
// calls that torch offers for it, turn by turn in one run: medians of milliseconds and their ratio.
// The floor is mul_, which reads and writes the parameters once and does hardly anything else.
//
// Printed twice: elapsed time with all threads, then processor time with one, which other programs
// on the machine disturb less (divide it by the number of processors for what an idle one gives).
#include <algorithm>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/tensor/device.h"
#include "ordo/tensor/draw_kernels.h"
#include "ordo/tensor/random.h"

namespace {

using ordo::Random;
using ordo::tensor::blend;
using ordo::tensor::Draw;
using ordo::tensor::dropout;
using ordo::tensor::fill;

constexpr std::int64_t kSize = 10'000'000;
constexpr int kRuns = 15;

struct Case {
  std::string name;
  std::function<void()> ours;
  std::function<void()> peer;
};

double milliseconds_of(clockid_t clock, const std::function<void()>& work) {
  timespec start{}, end{};
  clock_gettime(clock, &start);
  work();
  clock_gettime(clock, &end);
  return 1e3 * static_cast<double>(end.tv_sec - start.tv_sec) +
         1e-6 * static_cast<double>(end.tv_nsec - start.tv_nsec);
}

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

void time_cases(clockid_t clock, const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    std::vector<double> ours, peer;
    for (int run = 0; run < kRuns; ++run) {
      ours.push_back(milliseconds_of(clock, one.ours));
      peer.push_back(milliseconds_of(clock, one.peer));
    }
    fmt::print("{:<44} {:8.2f} {:8.2f} {:9.2f}x\n", one.name, median(ours), median(peer),
               median(peer) / median(ours));
  }
}

void print_heading(const std::string& what) {
  fmt::print("\n{:<44} {:>8} {:>8} {:>10}\n", what, "ordo", "torch", "torch/ordo");
}

Case dropout_case(std::int64_t rows, int times, const Random& stream) {
  const torch::Tensor input = torch::ones({rows, 256});
  const auto repeat = [=](auto work) {
    return [=] {
      for (int i = 0; i < times; ++i) work();
    };
  };
  return {fmt::format("dropout 0.5 of [{}, 256], {} times", rows, times),
          repeat([=] { dropout(input, 0.5, stream); }),
          repeat([=] { torch::dropout(input, 0.5, true); })};
}

}  // namespace

int main() {
  const torch::NoGradGuard no_grad;
  torch::Tensor w = torch::zeros({kSize}), draw = torch::empty({kSize});
  const Random stream(1);
  const auto scale = [&] { w.mul_(0.9); };
  const std::vector<Case> cases = {
      {"the floor (both torch): 0.9 w", scale, scale},
      {"shrink and perturb, uniform: 0.4 w + 0.1 u",
       [&] { blend(w, 0.4, 0.1, Draw::uniform(1), stream); },
       [&] { w.mul_(0.4).add_(draw.uniform_(-1, 1), 0.1); }},
      {"shrink and perturb, normal: 0.4 w + 0.1 z",
       [&] { blend(w, 0.4, 0.1, Draw::normal(1), stream); },
       [&] { w.mul_(0.4).add_(draw.normal_(0, 1), 0.1); }},
      {"the same with new memory for the draw",
       [&] { blend(w, 0.4, 0.1, Draw::normal(1), stream); },
       [&] { w.mul_(0.4).add_(torch::empty({kSize}).normal_(0, 1), 0.1); }},
      {"fill, uniform", [&] { fill(w, Draw::uniform(1), stream); }, [&] { w.uniform_(-1, 1); }},
      {"fill, normal", [&] { fill(w, Draw::normal(1), stream); }, [&] { w.normal_(0, 1); }},
      dropout_case(64, 100, stream),
      dropout_case(4096, 10, stream)};

  fmt::print("{} parameters (80 MB to read and write), {}\n", kSize,
             ordo::tensor::kernels::available().front().name);
  print_heading(fmt::format("milliseconds, {} threads", at::get_num_threads()));
  time_cases(CLOCK_MONOTONIC, cases);
  ordo::tensor::set_threads(1);
  print_heading("processor milliseconds, 1 thread");
  time_cases(CLOCK_PROCESS_CPUTIME_ID, cases);
  return 0;
}
