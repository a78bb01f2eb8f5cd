#include "ordo/optimize/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/optimize/kernels.h"
#include "ordo/tensor/parallel.h"

namespace ordo::optimize {
namespace {

const std::vector<std::string> kShapes = {"constant", "step", "cosine", "linear", "exponential"};

bool falls_to_floor(const std::string& shape) { return shape == "cosine" || shape == "linear"; }

void check(const Schedule& schedule) {
  const std::string& shape = schedule.shape;
  if (std::ranges::find(kShapes, shape) == kShapes.end()) {
    const auto near = nearest(shape, kShapes);
    throw UsageError(fmt::format("there is no schedule '{}'; {}", shape,
                                 near ? fmt::format("did you mean '{}'?", *near)
                                      : fmt::format("known are {}", fmt::join(kShapes, ", "))));
  }
  if (falls_to_floor(shape) && schedule.total <= schedule.warmup) {
    throw UsageError(
        fmt::format("a {} schedule needs --schedule-steps above its warm-up of {} steps, got {}",
                    shape, schedule.warmup, schedule.total));
  }
  if (shape == "step" && schedule.every <= 0) {
    throw UsageError("a step schedule needs --drop-every, the number of steps between drops");
  }
}

// The sum is the same at any number of threads: blocks of fixed size, added in their order.
template <class T>
double norm_of_span(const T* numbers, std::int64_t size) {
  constexpr std::int64_t kBlock = 1 << 15;
  std::vector<double> sums(static_cast<std::size_t>((size + kBlock - 1) / kBlock));
  const auto blocks = static_cast<std::int64_t>(sums.size());
  tensor::parallel_for(blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t start = block * kBlock;
      sums[static_cast<std::size_t>(block)] =
          kernels::sum_of_squares(numbers + start, std::min(kBlock, size - start));
    }
  });
  return std::sqrt(std::accumulate(sums.begin(), sums.end(), 0.0));
}

// LibTorch sums float32 in float32 on the CPU, which for 10^7 numbers leaves two digits.
double norm_of(const torch::Tensor& numbers) {
  if (numbers.is_cpu() && numbers.scalar_type() == torch::kFloat32) {
    return norm_of_span(numbers.const_data_ptr<float>(), numbers.numel());
  }
  if (numbers.is_cpu() && numbers.scalar_type() == torch::kFloat64) {
    return norm_of_span(numbers.const_data_ptr<double>(), numbers.numel());
  }
  return torch::linalg_vector_norm(numbers, 2, {}, /*keepdim=*/false, torch::kFloat64)
      .item<double>();
}

}  // namespace

void Schedule::describe(OptionSet& set) {
  set.add("schedule", shape, "How the rate goes on after the warm-up.").choices(kShapes);
  set.add("warmup", warmup, "Steps of linear warm-up from 0.").range(0);
  set.add("schedule-steps", total,
          "Steps, warm-up included, until cosine and linear reach the floor.")
      .range(0);
  set.add("drop-every", every, "Steps between drops (step).").range(0);
  set.add("drop-factor", factor, "Of each drop (step), of each step (exponential).").range(0);
  set.add("rate-floor", floor, "The last factor (cosine, linear).").range(0);
}

double rate_factor(const Schedule& schedule, std::int64_t step) {
  check(schedule);
  if (step < schedule.warmup) {
    return static_cast<double>(step) / static_cast<double>(schedule.warmup);
  }
  const auto since = static_cast<double>(step - schedule.warmup);
  if (schedule.shape == "exponential") return std::pow(schedule.factor, since);
  if (schedule.shape == "step") {
    return std::pow(schedule.factor, std::floor(since / static_cast<double>(schedule.every)));
  }
  if (falls_to_floor(schedule.shape)) {
    const double done =
        std::min(1.0, since / static_cast<double>(schedule.total - schedule.warmup));
    const double left =
        schedule.shape == "linear" ? 1 - done : (1 + std::cos(std::numbers::pi * done)) / 2;
    return schedule.floor + (1 - schedule.floor) * left;
  }
  return 1;
}

double clip_norm(nets::FlatParameters& parameters, double limit) {
  if (!(limit > 0)) {
    throw UsageError(fmt::format("a limit of the gradient's norm must be above 0, got {}", limit));
  }
  torch::Tensor& gradients = parameters.gradients();
  const double norm = norm_of(gradients);
  if (std::isfinite(norm) && norm > limit) gradients.mul_(limit / norm);
  return norm;
}

}  // namespace ordo::optimize
