#include "ordo/optimize/schedule.h"

#include <cmath>
#include <limits>
#include <numbers>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/optimize/optimize_testing.h"

namespace ordo::optimize {
namespace {

using ::testing::HasSubstr;

std::string refusal(const Schedule& schedule) {
  try {
    rate_factor(schedule, 0);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Schedule, WarmsUpFromZeroAlongALine) {
  for (const char* shape : {"constant", "step", "cosine", "linear", "exponential"}) {
    const Schedule schedule{.shape = shape, .warmup = 8, .total = 20, .every = 3};
    EXPECT_EQ(rate_factor(schedule, 0), 0);
    EXPECT_EQ(rate_factor(schedule, 2), 0.25);
    EXPECT_EQ(rate_factor(schedule, 7), 0.875);
    EXPECT_EQ(rate_factor(schedule, 8), 1) << shape;
  }
}

TEST(Schedule, ConstantStaysAtOne) {
  EXPECT_EQ(rate_factor({}, 0), 1);
  EXPECT_EQ(rate_factor({}, 1'000'000), 1);
}

TEST(Schedule, StepMultipliesAtEachDrop) {
  const Schedule schedule{.shape = "step", .warmup = 2, .every = 5, .factor = 0.5};
  double expected = 1;
  for (std::int64_t step = 2; step < 40; ++step) {
    if (step > 2 && (step - 2) % 5 == 0) expected *= 0.5;
    EXPECT_EQ(rate_factor(schedule, step), expected) << step;
  }
}

TEST(Schedule, ExponentialMultipliesInEachStep) {
  const Schedule schedule{.shape = "exponential", .factor = 0.9};
  double expected = 1;
  for (std::int64_t step = 0; step < 40; ++step, expected *= 0.9) {
    EXPECT_NEAR(rate_factor(schedule, step), expected, 40 * 0x1p-53) << step;
  }
}

TEST(Schedule, LinearLosesAsMuchInEachStep) {
  const Schedule schedule{.shape = "linear", .warmup = 4, .total = 20, .floor = 0.2};
  for (std::int64_t step = 4; step < 20; ++step) {
    EXPECT_NEAR(rate_factor(schedule, step) - rate_factor(schedule, step + 1), 0.8 / 16, 1e-15);
  }
  EXPECT_DOUBLE_EQ(rate_factor(schedule, 20), 0.2);
  EXPECT_DOUBLE_EQ(rate_factor(schedule, 500), 0.2);
}

// PyTorch's CosineAnnealingLR goes by this recurrence (Loshchilov, Hutter, ICLR 2017, equation 5).
TEST(Schedule, CosineFollowsTheRecurrenceOfAnnealing) {
  const std::int64_t steps = 50;
  const Schedule schedule{.shape = "cosine", .total = steps, .floor = 0.1};
  double expected = 1;
  for (std::int64_t step = 0; step < steps; ++step) {
    EXPECT_NEAR(rate_factor(schedule, step), expected, 1e-13) << step;
    const double angle = std::numbers::pi / static_cast<double>(steps);
    const auto now = static_cast<double>(step);
    expected =
        (1 + std::cos(angle * (now + 1))) / (1 + std::cos(angle * now)) * (expected - 0.1) + 0.1;
  }
  EXPECT_DOUBLE_EQ(rate_factor(schedule, steps), 0.1);
  EXPECT_DOUBLE_EQ(rate_factor(schedule, 10 * steps), 0.1);
}

TEST(Schedule, SaysWhatAShapeLacks) {
  EXPECT_THAT(refusal({.shape = "cosin"}), HasSubstr("did you mean 'cosine'?"));
  EXPECT_THAT(refusal({.shape = "cosine"}),
              HasSubstr("--schedule-steps above its warm-up of 0 steps"));
  EXPECT_THAT(refusal({.shape = "linear", .warmup = 10, .total = 10}), HasSubstr("got 10"));
  EXPECT_THAT(refusal({.shape = "step"}), HasSubstr("--drop-every"));
}

TEST(ClipNorm, ScalesDownToTheLimitAndLeavesShorterGradients) {
  FewNumbers net(torch::kFloat64);
  nets::FlatParameters parameters(net);
  Random random(3);
  std::vector<double> numbers(FewNumbers::kSize);
  double sum = 0;
  for (double& number : numbers) {
    number = random.normal();
    sum += number * number;
  }
  const double norm = std::sqrt(sum);
  parameters.gradients().copy_(tensor_of(numbers));
  EXPECT_NEAR(clip_norm(parameters, 2 * norm), norm, 1e-14 * norm);
  EXPECT_TRUE(torch::equal(parameters.gradients(), tensor_of(numbers)));
  EXPECT_NEAR(clip_norm(parameters, 0.25), norm, 1e-14 * norm);
  EXPECT_TRUE(torch::allclose(parameters.gradients(), tensor_of(numbers) * (0.25 / norm), 1e-14));
  EXPECT_NEAR(clip_norm(parameters, 1), 0.25, 1e-14);
  EXPECT_THROW(clip_norm(parameters, 0), UsageError);
  EXPECT_THROW(clip_norm(parameters, std::numeric_limits<double>::quiet_NaN()), UsageError);
}

TEST(ClipNorm, LeavesGradientsWhoseNormIsNotFinite) {
  for (const double bad :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    FewNumbers net(torch::kFloat64);
    nets::FlatParameters parameters(net);
    parameters.gradients().fill_(3);
    parameters.gradients()[5].fill_(bad);
    EXPECT_FALSE(std::isfinite(clip_norm(parameters, 1)));
    EXPECT_EQ(parameters.gradients()[0].item<double>(), 3);
  }
}

// Ten million numbers must not lose digits by being summed one after the other in float32.
TEST(ClipNorm, IsAccurateForManyParameters) {
  class Many : public nets::Layer {
   public:
    Many() { register_parameter("weight", torch::zeros({10'000'000})); }
    std::vector<nets::Initial> initials() const override {
      return {{"weight", nets::Role::weight, tensor::Draw::constant(0)}};
    }
  } net;
  nets::FlatParameters parameters(net);
  parameters.gradients().fill_(0.1F);
  const double expected = std::sqrt(1e7) * static_cast<double>(0.1F);
  EXPECT_NEAR(clip_norm(parameters, 1e9), expected, 1e-6 * expected);
}

}  // namespace
}  // namespace ordo::optimize
