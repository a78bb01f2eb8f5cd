// Ghost batch normalisation beside worked numbers, LibTorch's own batch normalisation of each
// ghost, the form composed of LibTorch's operations, and numeric derivatives.
#include "ordo/nets/ghost_batch_norm.h"

#include <cmath>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/nets/nets_testing.h"

namespace ordo::nets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The worked example: 8 rows of 2 channels, ghosts of 4.
torch::Tensor rows() {
  return torch::tensor({{1.0, 10.0},
                        {2.0, 12.0},
                        {4.0, 8.0},
                        {3.0, 6.0},
                        {0.0, 5.0},
                        {-2.0, 7.0},
                        {5.0, 9.0},
                        {1.0, -1.0}},
                       torch::kFloat64);
}

torch::Tensor table(const std::vector<double>& numbers) {
  return torch::tensor(numbers, torch::kFloat64).view({-1, 2});
}

double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

GhostBatchNorm norm_of(std::int64_t channels, const GhostOptions& options) {
  GhostBatchNorm norm(channels, options);
  initialise(*norm, Random(1));
  norm->to(torch::kFloat64);
  return norm;
}

torch::Tensor random(std::vector<std::int64_t> shape, std::uint64_t seed,
                     torch::Dtype dtype = torch::kFloat64) {
  torch::Tensor tensor = torch::empty(shape, torch::kFloat64);
  tensor::fill(tensor, tensor::Draw::normal(1), Random(seed));
  return tensor.to(dtype);
}

// Ten digits are given: half of the last.
constexpr double kTenDigits = 6e-11;

TEST(GhostBatchNorm, Oracle01TrainsAndEvaluatesTheWorkedExample) {
  GhostBatchNorm norm = norm_of(2, {.ghost_size = 4});
  {
    const torch::NoGradGuard no_grad;
    norm->weight.copy_(torch::tensor({2.0, 0.5}));
    norm->bias.copy_(torch::tensor({0.1, -1.0}, torch::kFloat64));
  }
  EXPECT_LT(largest_difference(
                norm(rows()),
                table({-2.5832708399, -.7763934259, -.7944236133, -.3291802776, 2.7832708399,
                       -1.2236065741, .9944236133, -1.6708197224, -.6844639371, -1, -2.2533918114,
                       -.7327388535, 3.2378557485, -.4654777071, .1, -1.8017834394})),
            kTenDigits);
  EXPECT_LT(largest_difference(norm->running_mean, torch::tensor({.325, 1.31}, torch::kFloat64)),
            1e-15);
  EXPECT_LT(largest_difference(norm->running_var,
                               torch::tensor({1.8266666667, 3.2766666667}, torch::kFloat64)),
            kTenDigits);
  EXPECT_EQ(norm->num_batches_tracked.item<std::int64_t>(), 2);
  norm->eval();
  EXPECT_LT(largest_difference(norm(rows().slice(0, 0, 2)),
                               table({1.0988561038, 1.4003412387, 2.5786429243, 1.952778808})),
            kTenDigits);
}

TEST(GhostBatchNorm, Oracle02WithoutGhostsIsPlainBatchNormalisation) {
  for (const std::int64_t size : {0, 8, 128}) {
    GhostBatchNorm norm = norm_of(2, {.ghost_size = size});
    EXPECT_LT(largest_difference(norm(rows())[0],
                                 torch::tensor({-.3560340963, .8164962785}, torch::kFloat64)),
              kTenDigits);
    EXPECT_LT(largest_difference(norm->running_mean, torch::tensor({.175, .7}, torch::kFloat64)),
              1e-15);
    EXPECT_LT(largest_difference(norm->running_var,
                                 torch::tensor({1.4071428571, 2.4428571429}, torch::kFloat64)),
              kTenDigits);
  }
}

TEST(GhostBatchNorm, Oracle03PaperReadingsOfTheRunningStatistics) {
  GhostBatchNorm literal = norm_of(2, {.ghost_size = 4, .running = Running::paper_literal});
  literal(rows());
  EXPECT_LT(
      largest_difference(literal->running_mean, torch::tensor({.306, 1.215}, torch::kFloat64)),
      1e-15);
  // With means of 1 and a running mean of 1 the result is the sum of the weights.
  GhostBatchNorm sum = norm_of(1, {.ghost_size = 4, .running = Running::paper_literal});
  sum->running_mean.fill_(1);
  sum(1 +
      torch::tensor({{-1.0}, {1.0}, {-1.0}, {1.0}, {-2.0}, {2.0}, {-2.0}, {2.0}}, torch::kFloat64));
  EXPECT_NEAR(sum->running_mean.item<double>(), .8271, 1e-15);
  GhostBatchNorm deviation = norm_of(2, {.ghost_size = 4, .running = Running::paper_std});
  deviation(rows());
  EXPECT_FALSE(deviation->running_var.defined());
  EXPECT_LT(largest_difference(deviation->running_std,
                               torch::tensor({1.1655746333, 1.3854121915}, torch::kFloat64)),
            kTenDigits);
  // A tracked deviation holds eps and is divided by as it is.
  deviation->eval();
  EXPECT_LT(largest_difference(deviation(rows()),
                               (rows() - deviation->running_mean) / deviation->running_std),
            1e-12);
}

TEST(GhostBatchNorm, Oracle04GradientsOfTheWorkedExample) {
  GhostBatchNorm norm = norm_of(2, {.ghost_size = 4});
  torch::Tensor x = rows().requires_grad_();
  const torch::Tensor weights =
      (2 * torch::arange(8, torch::kFloat64).view({8, 1}) + torch::arange(2, torch::kFloat64)) / 10;
  (norm(x) * weights).sum().backward();
  EXPECT_LT(
      largest_difference(x.grad(), table({-.0536671341, -.0983869642, -.0178890447, .0626096261,
                                          -.1252175886, .0089443345, .1967737674, .0268330036,
                                          -.1025837688, -.0801783439, .0060342684, -.01145406,
                                          -.0211200901, .0572702239, .1176695906, .0343621801})),
      kTenDigits);
  EXPECT_LT(largest_difference(norm->weight.grad(),
                               torch::tensor({1.1077708592, -1.1431588716}, torch::kFloat64)),
            kTenDigits);
  EXPECT_LT(largest_difference(norm->bias.grad(), torch::tensor({5.6, 6.4}, torch::kFloat64)),
            1e-14);
  EXPECT_LT(x.grad().view({2, 4, 2}).sum(1).abs().max().item<double>(), 1e-15);
}

TEST(GhostBatchNorm, Oracle08DividesRowsWithoutTouchingTheRest) {
  const auto sizes = [](std::int64_t rows, std::int64_t size, Remainder remainder,
                        std::int64_t values = 1) {
    return ghost_sizes(rows, {.ghost_size = size, .remainder = remainder}, values);
  };
  EXPECT_THAT(sizes(1000, 128, Remainder::split),
              ElementsAre(128, 128, 128, 128, 128, 128, 128, 104));
  EXPECT_THAT(sizes(1000, 128, Remainder::merge),
              ElementsAre(128, 128, 128, 128, 128, 128, 128, 104));
  EXPECT_THAT(sizes(290, 128, Remainder::merge), ElementsAre(128, 162));
  EXPECT_THAT(sizes(320, 128, Remainder::merge), ElementsAre(128, 128, 64));
  EXPECT_THAT(sizes(290, 128, Remainder::split), ElementsAre(128, 128, 34));
  // One value a channel is never a ghost of its own; an image has many.
  EXPECT_THAT(sizes(9, 4, Remainder::split), ElementsAre(4, 5));
  EXPECT_THAT(sizes(9, 4, Remainder::split, 25), ElementsAre(4, 4, 1));
  EXPECT_THAT(sizes(7, 2, Remainder::merge), ElementsAre(2, 2, 3));
  EXPECT_THAT(sizes(100, 128, Remainder::error), ElementsAre(100));
  EXPECT_THAT(sizes(100, 0, Remainder::merge), ElementsAre(100));
  EXPECT_THROW(sizes(9, 4, Remainder::error), UsageError);
  EXPECT_THROW(sizes(9, 1, Remainder::merge), UsageError);
  EXPECT_THROW(sizes(9, -2, Remainder::merge), UsageError);
}

TEST(GhostBatchNorm, Oracle12GhostsHaveTheMomentsThatGammaAndBetaSay) {
  const torch::Tensor x = 3 * random({24, 5, 3, 2}, 1) + 7;
  GhostBatchNorm norm = norm_of(5, {.ghost_size = 6});
  {
    const torch::NoGradGuard no_grad;
    norm->weight.copy_(random({5}, 2));
    norm->bias.copy_(random({5}, 3));
  }
  const auto ghosts = [](const torch::Tensor& batch) {
    return batch.view({4, 6, 5, 6}).transpose(1, 2).flatten(2);  // [ghost, channel, value]
  };
  const torch::Tensor y = ghosts(norm(x)), variance = ghosts(x).var(2, /*unbiased=*/false);
  EXPECT_LT(largest_difference(y.mean(2), norm->bias.expand({4, 5})), 1e-14);
  EXPECT_LT(
      largest_difference(y.var(2, false), norm->weight.square() * variance / (variance + 1e-5)),
      1e-13);
}

TEST(GhostBatchNorm, Oracle12PermutationsInsideAndOfGhosts) {
  const torch::Tensor x = random({12, 3}, 1);
  const auto run = [](const torch::Tensor& batch) {
    GhostBatchNorm norm = norm_of(3, {.ghost_size = 4});
    torch::Tensor y = norm(batch).detach();
    return std::pair(y, norm->running_mean);
  };
  const auto [y, mean] = run(x);
  const torch::Tensor inside = torch::tensor({2, 0, 3, 1, 4, 7, 6, 5, 11, 10, 9, 8});
  const auto [y_inside, mean_inside] = run(x.index_select(0, inside));
  EXPECT_LT(largest_difference(y_inside, y.index_select(0, inside)), 1e-14);
  EXPECT_LT(largest_difference(mean_inside, mean), 1e-15);
  const torch::Tensor of = torch::tensor({8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7});
  const auto [y_of, mean_of] = run(x.index_select(0, of));
  EXPECT_TRUE(torch::equal(y_of, y.index_select(0, of)));
  EXPECT_GT(largest_difference(mean_of, mean), 1e-4);
}

TEST(GhostBatchNorm, Oracle12OneGhostIsLibTorchBitByBit) {
  const torch::Tensor x = random({16, 3, 4, 4}, 1, torch::kFloat32);
  GhostBatchNorm ghost(3, GhostOptions{.ghost_size = 16});
  torch::nn::BatchNorm2d plain(3);
  initialise(*ghost, Random(1));
  for (int step = 0; step < 3; ++step) {
    torch::Tensor a = x.clone().requires_grad_(), b = x.clone().requires_grad_();
    const torch::Tensor y = ghost(a), z = plain(b);
    EXPECT_TRUE(torch::equal(y, z));
    y.square().sum().backward();
    z.square().sum().backward();
    EXPECT_TRUE(torch::equal(a.grad(), b.grad()));
  }
  EXPECT_TRUE(torch::equal(ghost->running_mean, plain->running_mean));
  EXPECT_TRUE(torch::equal(ghost->running_var, plain->running_var));
  ghost->eval();
  plain->eval();
  EXPECT_TRUE(torch::equal(ghost(x), plain(x)));
}

// What the layer stands for: LibTorch's batch normalisation of one ghost after another.
struct Loop {
  torch::Tensor output, input_gradient, weight_gradient, bias_gradient, mean, variance;
};
Loop loop_of(const torch::Tensor& x, const torch::Tensor& dy, const torch::Tensor& weight,
             const torch::Tensor& bias, const std::vector<std::int64_t>& sizes) {
  Loop loop;
  loop.mean = torch::zeros_like(weight);
  loop.variance = torch::ones_like(weight);
  const torch::Tensor input = x.clone().requires_grad_(), w = weight.clone().requires_grad_(),
                      b = bias.clone().requires_grad_();
  std::vector<torch::Tensor> parts;
  std::int64_t row = 0;
  for (const std::int64_t size : sizes) {
    parts.push_back(torch::batch_norm(input.narrow(0, row, size), w, b, loop.mean, loop.variance,
                                      true, 0.1, 1e-5, false));
    row += size;
  }
  loop.output = torch::cat(parts);
  loop.output.backward(dy);
  loop.input_gradient = input.grad();
  loop.weight_gradient = w.grad();
  loop.bias_gradient = b.grad();
  return loop;
}

struct Case {
  std::vector<std::int64_t> shape;
  std::int64_t ghost;
  Remainder remainder = Remainder::merge;
  bool channels_last = false;
};

std::vector<Case> cases() {
  return {{{32, 7}, 8},
          {{37, 40}, 8},
          {{37, 33}, 8, Remainder::split},
          {{64, 100}, 3},
          {{10, 3, 17}, 4},
          {{18, 5, 6, 7}, 4},
          {{18, 5, 6, 7}, 4, Remainder::split},
          {{9, 2, 50, 50}, 2},  // planes of more than one piece
          {{9, 35, 3, 3}, 2, Remainder::split, true},
          {{16, 3, 4, 5}, 8, Remainder::merge, true},
          {{8, 2, 3, 4, 5}, 4},
          {{128, 3, 2, 2}, 4},
          {{3000, 70}, 128}};
}

TEST(GhostBatchNorm, AgreesWithALoopOverLibTorchsInEveryLayoutAndRemainder) {
  for (const auto& [shape, ghost, remainder, channels_last] : cases()) {
    for (const torch::Dtype dtype : {torch::kFloat64, torch::kFloat32}) {
      const double tolerance = dtype == torch::kFloat64 ? 1e-12 : 2e-5;
      torch::Tensor x = (2 * random(shape, 1) + 5).to(dtype);
      torch::Tensor dy = random(shape, 2, dtype);
      if (channels_last) x = x.contiguous(torch::MemoryFormat::ChannelsLast);
      GhostBatchNorm norm(shape[1], GhostOptions{.ghost_size = ghost, .remainder = remainder});
      norm->to(dtype);
      {
        const torch::NoGradGuard no_grad;
        norm->weight.copy_(random({shape[1]}, 3));
        norm->bias.copy_(random({shape[1]}, 4));
      }
      const auto sizes = ghost_sizes(shape[0], norm->options, x.numel() / (shape[0] * shape[1]));
      const Loop expected = loop_of(x, dy, norm->weight.detach(), norm->bias.detach(), sizes);
      x.requires_grad_();
      const torch::Tensor y = norm(x);
      y.backward(dy);
      EXPECT_EQ(y.strides(), x.strides());
      EXPECT_LE(difference(y, expected.output), tolerance);
      EXPECT_LE(difference(x.grad(), expected.input_gradient), tolerance);
      EXPECT_LE(difference(norm->weight.grad(), expected.weight_gradient), tolerance);
      EXPECT_LE(difference(norm->bias.grad(), expected.bias_gradient), tolerance);
      EXPECT_LE(difference(norm->running_mean, expected.mean), tolerance);
      EXPECT_LE(difference(norm->running_var, expected.variance), tolerance);
    }
  }
}

TEST(GhostBatchNorm, TheComposedFormGivesTheSameNumbers) {
  // Half precision takes it; the reference is the kernel on the same numbers, widened.
  const torch::Tensor x = (random({20, 4, 3, 3}, 1) + 1).to(torch::kBFloat16);
  const torch::Tensor weight = random({4}, 2).to(torch::kBFloat16), bias = weight - 1;
  const std::vector<std::int64_t> sizes = {8, 12};
  const auto half = ghost_batch_norm(x, weight, bias, sizes, 1e-5);
  const auto wide = ghost_batch_norm(x.to(torch::kFloat32), weight.to(torch::kFloat32),
                                     bias.to(torch::kFloat32), sizes, 1e-5);
  EXPECT_EQ(half.output.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(torch::equal(half.output, wide.output.to(torch::kBFloat16)) ||
              difference(half.output, wide.output) < 1.0 / 128);
  EXPECT_LE(difference(half.mean, wide.mean), 1e-6);
  EXPECT_LE(difference(half.variance, wide.variance), 1e-6);
}

TEST(GhostBatchNorm, GradientsAgreeWithDifferencesAndHaveGradients) {
  // f = sum(c * y^2); g = its gradient by x; h = sum(g * d): one and two derivatives.
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{9, 3}, std::vector<std::int64_t>{7, 2, 3}}) {
    const std::vector<std::int64_t> sizes = ghost_sizes(shape[0], {.ghost_size = 3}, 1);
    const torch::Tensor weight = random({shape[1]}, 2).requires_grad_(),
                        bias = random({shape[1]}, 3).requires_grad_();
    const torch::Tensor c = random(shape, 4), d = random(shape, 5);
    const auto gradient = [&](const torch::Tensor& x, bool create_graph) {
      const torch::Tensor y = ghost_batch_norm(x, weight, bias, sizes, 1e-3).output;
      return torch::autograd::grad({(c * y.square()).sum()}, {x, weight, bias}, {}, create_graph,
                                   create_graph);
    };
    const torch::Tensor x = random(shape, 1).requires_grad_();
    const auto plain = gradient(x, false), with_graph = gradient(x, true);
    for (std::size_t one = 0; one < 3; ++one) {
      EXPECT_LE(difference(with_graph[one], plain[one]), 1e-12);
    }
    const auto value = [&](const torch::Tensor& at) {
      const torch::NoGradGuard no_grad;
      const torch::Tensor y = ghost_batch_norm(at, weight, bias, sizes, 1e-3).output;
      return (c * y.square()).sum().item<double>();
    };
    const double step = 1e-5;
    const torch::Tensor direction = random(shape, 6);
    const double slope = (value(x + step * direction) - value(x - step * direction)) / (2 * step);
    const double expected = (plain[0] * direction).sum().item<double>();
    EXPECT_NEAR(slope, expected, 1e-6 * std::max(1.0, std::abs(expected)));
    // Second order: the derivative of sum(g * d) along `direction`.
    const torch::Tensor second =
        torch::autograd::grad({(with_graph[0] * d).sum()}, {x}, {}, true)[0];
    const auto first_at = [&](double by) {
      const torch::Tensor at = (x.detach() + by * direction).requires_grad_();
      return (gradient(at, false)[0] * d).sum().item<double>();
    };
    const double curvature = (first_at(step) - first_at(-step)) / (2 * step);
    const double found = (second * direction).sum().item<double>();
    EXPECT_NEAR(curvature, found, 1e-5 * std::max(1.0, std::abs(found)));
  }
}

TEST(GhostBatchNorm, StaysAccurateFarFromZero) {
  // Deviations of 1 around 10^4 in float32: what is left is the rounding of the inputs.
  const torch::Tensor x = random({64, 2, 40, 40}, 1) + 1e4;
  const torch::Tensor single = x.to(torch::kFloat32);
  const auto wide = ghost_batch_norm(single.to(torch::kFloat64), {}, {}, {32, 32}, 1e-5);
  const auto found = ghost_batch_norm(single, {}, {}, {32, 32}, 1e-5);
  EXPECT_LE(difference(found.variance, wide.variance), 64 * 6e-8);  // additions in a row
  EXPECT_LE(difference(found.output, wide.output), 2e-3);           // half a unit of 10^4 is 5e-4
}

TEST(GhostBatchNorm, IsTheSameAtAnyNumberOfThreads) {
  const torch::Tensor x = random({64, 16, 8, 8}, 1, torch::kFloat32);
  const int before = at::get_num_threads();
  std::vector<torch::Tensor> outputs;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    outputs.push_back(ghost_batch_norm(x, {}, {}, {16, 16, 16, 16}, 1e-5).output);
  }
  at::set_num_threads(before);
  EXPECT_TRUE(torch::equal(outputs[0], outputs[1]));
  EXPECT_TRUE(torch::equal(outputs[0], outputs[2]));
}

TEST(GhostBatchNorm, EvaluationKnowsNoGhosts) {
  const torch::Tensor x = random({9, 3}, 1);
  GhostBatchNorm norm = norm_of(3, {.ghost_size = 4});
  norm(x);
  norm->eval();
  const torch::Tensor whole = norm(x);
  for (std::int64_t row = 0; row < 9; ++row) {
    EXPECT_LE(difference(norm(x.narrow(0, row, 1)), whole.narrow(0, row, 1)), 1e-15);
  }
}

TEST(GhostBatchNorm, WorksWithoutAffineOrTracking) {
  const torch::Tensor x = random({8, 3}, 1);
  GhostBatchNorm bare =
      norm_of(3, {.ghost_size = 4, .affine = false, .track_running_stats = false});
  EXPECT_TRUE(bare->parameters().empty());
  EXPECT_TRUE(bare->buffers().empty());
  const torch::Tensor y = bare(x);
  EXPECT_LT(y.view({2, 4, 3}).mean(1).abs().max().item<double>(), 1e-15);
  bare->eval();  // by the statistics of what it is given
  EXPECT_LT(bare(x).mean(0).abs().max().item<double>(), 1e-15);
}

TEST(GhostBatchNorm, RefusesWhatItCannotNormalise) {
  EXPECT_THROW(GhostBatchNorm(3, GhostOptions{.ghost_size = 1}), UsageError);
  EXPECT_THROW(ghost_batch_norm(random({4, 2}, 1), {}, {}, {3, 1}, 1e-5), UsageError);
  EXPECT_THROW(ghost_batch_norm(random({4, 2}, 1), {}, {}, {2, 1}, 1e-5), UsageError);
  GhostBatchNorm strict = norm_of(3, {.ghost_size = 4, .remainder = Remainder::error});
  try {
    strict(random({10, 3}, 1));
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("10 rows leaves 2 over from ghosts of 4"));
  }
  EXPECT_THROW(remainder_of("drop"), UsageError);
  EXPECT_THROW(running_of("std"), UsageError);
}

}  // namespace
}  // namespace ordo::nets
