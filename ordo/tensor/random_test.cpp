#include "ordo/tensor/random.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include <gmock/gmock.h>
#include <torch/csrc/autograd/forward_grad.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/tensor/device.h"
#include "ordo/tensor/draw_kernels.h"

namespace ordo::tensor {
namespace {

constexpr std::int64_t kOdd = 1000003;  // in no way a multiple of a group

torch::Tensor drawn(std::int64_t size, const Draw& draw, std::uint64_t seed,
                    torch::Dtype type = torch::kFloat32) {
  torch::Tensor target = torch::empty({size}, type);
  fill(target, draw, Random(seed));
  return target;
}

double mean_of(const torch::Tensor& values) {
  return values.to(torch::kFloat64).mean().item<double>();
}

// Five standard errors: fails by chance once in 1.7 million.
void expect_mean(const torch::Tensor& values, double mean, double deviation) {
  EXPECT_NEAR(mean_of(values), mean, 5 * deviation / std::sqrt(values.numel()));
}

// The supremum of |F_n - F|, times sqrt(n); above 2.5 with probability 2 exp(-12.5) = 7e-6.
double kolmogorov(const torch::Tensor& values, double (*distribution)(double)) {
  const torch::Tensor sorted = std::get<0>(values.to(torch::kFloat64).sort());
  const auto* x = sorted.const_data_ptr<double>();
  const auto n = static_cast<double>(values.numel());
  double largest = 0;
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    const double f = distribution(x[i]), at = static_cast<double>(i);
    largest = std::max({largest, f - at / n, (at + 1) / n - f});
  }
  return largest * std::sqrt(n);
}

// ---- the numbers themselves ---------------------------------------------------------------------

// The words of one element and its partner, as draw_kernels.h defines them, one by one.
struct Words {
  std::uint32_t own, first, second;
};
Words words_of(std::int64_t element, const Random& stream) {
  const Random own = stream.split("elements");
  const auto block = static_cast<std::uint64_t>(16 * (element / 64) + element % 16);
  const auto words =
      philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                  own.upper_counter()[0], own.upper_counter()[1]},
                 own.key());
  const auto place = static_cast<std::size_t>(element / 16 % 4);
  return {words[place], words[place & 2], words[place | 1]};
}

TEST(Random, UniformsAreThePhiloxWordsOfTheirElements) {
  const torch::Tensor values = drawn(1000, Draw::uniform(1), 3);
  for (std::int64_t i = 0; i < 1000; ++i) {
    const auto cell = static_cast<std::int32_t>(words_of(i, Random(3)).own) >> 8;
    EXPECT_EQ(values[i].item<float>(), (2.0 * cell + 1) * 0x1p-24) << i;
  }
}

TEST(Random, NormalsAreBoxMullerOfThePhiloxWordsOfTheirElements) {
  const std::int64_t size = 100000;
  const torch::Tensor values = drawn(size, Draw::normal(1), 3);
  for (std::int64_t i = 0; i < size; ++i) {
    const Words words = words_of(i, Random(3));
    const double radius = std::sqrt(-2 * std::log(((words.first >> 1) | 1) * 0x1p-31));
    const double angle = 2 * std::numbers::pi * words.second * 0x1p-32;
    const double expected = radius * (i / 16 % 2 == 0 ? std::cos(angle) : std::sin(angle));
    // Six roundings of relative size 2^-24 along the way, and that of u to 24 bits, which moves a
    // radius near 0 (u near 1) by 2^-24 / radius.
    const double tolerance = 0x1p-24 * (6 * std::abs(expected) + 1 / radius);
    ASSERT_NEAR(values.const_data_ptr<float>()[i], expected, tolerance) << i;
  }
}

TEST(Random, EveryInstructionSetGivesTheSameBits) {
  const kernels::Stream stream = {{11, 12}, {13, 14}};
  const auto all = kernels::available();
  const std::int64_t size = 4099;
  std::vector<float> start(size);
  for (std::size_t i = 0; i < start.size(); ++i) start[i] = std::sin(static_cast<float>(i));
  for (const auto& [begin, end] : {std::pair<int, int>{0, size}, {1, 63}, {64, 128}, {70, 4000}}) {
    for (const auto variate : {kernels::Variate::uniform, kernels::Variate::normal}) {
      for (const float keep : {0.0f, 0.3f}) {
        const kernels::Blend blend = {variate, keep, 1.1f, -0.7f};
        std::vector<float> expected = start;
        all.back().blend(expected.data(), begin, end, blend, stream);
        for (const auto& kernel : all) {
          std::vector<float> values = start;
          kernel.blend(values.data(), begin, end, blend, stream);
          EXPECT_EQ(values, expected) << kernel.name;
        }
      }
    }
    std::vector<float> expected = start;
    const kernels::Dropout rule = {std::uint64_t{3} << 30, 1 / 0.75f};
    all.back().dropout(start.data(), expected.data(), begin, end, rule, stream);
    for (const auto& kernel : all) {
      std::vector<float> values = start;
      kernel.dropout(start.data(), values.data(), begin, end, rule, stream);
      EXPECT_EQ(values, expected) << kernel.name;
    }
  }
}

TEST(Random, ElementsDependOnTheStreamAndTheirPlaceOnly) {
  for (const Draw& draw : {Draw::uniform(0.5), Draw::normal(2)}) {
    const torch::Tensor all = drawn(kOdd, draw, 5);
    EXPECT_TRUE(torch::equal(drawn(777, draw, 5), all.slice(0, 0, 777)));
    EXPECT_FALSE(torch::equal(drawn(777, draw, 6), all.slice(0, 0, 777)));
    Random used(5);
    used.next64();
    torch::Tensor later = torch::empty({777});
    fill(later, draw, used);
    EXPECT_TRUE(torch::equal(later, all.slice(0, 0, 777)));
  }
}

TEST(Random, NumberOfThreadsChangesNothing) {
  const int before = at::get_num_threads();
  for (const Draw& draw : {Draw::uniform(0.5), Draw::normal(2)}) {
    set_threads(1);
    const torch::Tensor alone = drawn(kOdd, draw, 5);
    const torch::Tensor alone64 = drawn(100003, draw, 5, torch::kFloat64);
    const torch::Tensor dropped = dropout(alone, 0.3, Random(1));
    for (const int threads : {2, 3, 7}) {
      set_threads(threads);
      EXPECT_TRUE(torch::equal(drawn(kOdd, draw, 5), alone)) << threads;
      EXPECT_TRUE(torch::equal(drawn(100003, draw, 5, torch::kFloat64), alone64)) << threads;
      EXPECT_TRUE(torch::equal(dropout(alone, 0.3, Random(1)), dropped)) << threads;
    }
  }
  set_threads(before);
}

// ---- their distribution -------------------------------------------------------------------------

TEST(Random, UniformsAreUniform) {
  const torch::Tensor values = drawn(kOdd, Draw::uniform(2), 7);
  EXPECT_LT(values.abs().max().item<float>(), 2);
  EXPECT_LT(kolmogorov(values, [](double x) { return (x + 2) / 4; }), 2.5);
  expect_mean(values.square(), 4.0 / 3, 4 * std::sqrt(1.0 / 5 - 1.0 / 9));
}

TEST(Random, NormalsAreNormal) {
  const torch::Tensor values = drawn(kOdd, Draw::normal(1), 8);
  EXPECT_LT(kolmogorov(values, [](double x) { return std::erfc(-x / std::sqrt(2)) / 2; }), 2.5);
  expect_mean(values, 0, 1);
  expect_mean(values.square(), 1, std::sqrt(2));        // variance of z^2
  expect_mean(values.pow(3), 0, std::sqrt(15));         // E z^6
  expect_mean(values.pow(4), 3, std::sqrt(105.0 - 9));  // E z^8 - 9
  const double beyond4 = std::erfc(4 / std::sqrt(2));   // the tails are there
  expect_mean(values.abs().gt(4), beyond4, std::sqrt(beyond4));
}

// Neighbours in memory, in a pair (16 apart) and in a group share nothing.
TEST(Random, NormalsAtAnyDistanceAreUncorrelated) {
  const torch::Tensor values = drawn(kOdd, Draw::normal(1), 9);
  for (const std::int64_t lag : {1, 2, 15, 16, 17, 32, 48, 64, 1024}) {
    const auto left = values.slice(0, 0, kOdd - lag), right = values.slice(0, lag, kOdd);
    expect_mean(left * right, 0, 1);
    expect_mean((left.square() - 1) * (right.square() - 1), 0, 2);
  }
}

TEST(Random, Float64DrawsAreFloat32DrawsWithMoreDigits) {
  for (const Draw& draw : {Draw::uniform(1), Draw::normal(1)}) {
    const torch::Tensor shorter = drawn(10007, draw, 4).to(torch::kFloat64);
    const torch::Tensor longer = drawn(10007, draw, 4, torch::kFloat64);
    EXPECT_GT((longer - shorter).abs().max().item<double>(), 1e-9);
    EXPECT_TRUE(torch::allclose(longer, shorter, 1e-6, 1e-4));
    EXPECT_LT(mean_of((longer - shorter).abs()), 1e-6);
  }
}

// ---- what becomes of them -----------------------------------------------------------------------

TEST(Random, BlendIsKeepTimesTargetPlusScaleTimesDraw) {
  for (const auto type : {torch::kFloat32, torch::kFloat64, torch::kFloat16, torch::kBFloat16}) {
    const torch::Tensor before = torch::linspace(-1, 1, 5000, torch::kFloat64).to(type);
    for (const Draw& draw : {Draw::constant(0.5), Draw::uniform(0.5), Draw::normal(0.5),
                             Draw{Draw::Kind::normal, 0.25, 0.5}}) {
      torch::Tensor target = before.clone();
      blend(target, 0.75, 0.5, draw, Random(2));
      const torch::Tensor expected =
          0.75 * before.to(torch::kFloat64) + 0.5 * drawn(5000, draw, 2, torch::kFloat64);
      const double precision = type == torch::kFloat16    ? 4e-3
                               : type == torch::kBFloat16 ? 3e-2
                                                          : 2e-4;
      EXPECT_TRUE(torch::allclose(target.to(torch::kFloat64), expected, precision, precision))
          << type;
    }
  }
}

TEST(Random, KeepZeroOverwritesWhateverWasThere) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto type : {torch::kFloat32, torch::kFloat64, torch::kFloat16}) {
    for (const Draw& draw : {Draw::constant(3), Draw::uniform(1), Draw::normal(1)}) {
      torch::Tensor target = torch::full({100}, nan, type);
      fill(target, draw, Random(1));
      EXPECT_FALSE(target.isnan().any().item<bool>());
    }
  }
}

TEST(Random, LayoutChangesNothing) {
  const torch::Tensor plain = drawn(600, Draw::normal(1), 2).reshape({20, 30});
  torch::Tensor turned = torch::empty({30, 20}).t();
  fill(turned, Draw::normal(1), Random(2));
  EXPECT_TRUE(torch::equal(turned, plain));
  torch::Tensor columns = torch::zeros({20, 60});
  torch::Tensor view = columns.slice(1, 0, 60, 2);
  fill(view, Draw::normal(1), Random(2));
  EXPECT_TRUE(torch::equal(view, plain));
  EXPECT_EQ(columns.slice(1, 1, 60, 2).abs().sum().item<float>(), 0);
}

TEST(Random, ParametersMayBeDrawnAndAutogradKnows) {
  torch::Tensor parameter = torch::zeros({10}, torch::requires_grad());
  const torch::Tensor loss = parameter.square().sum();
  fill(parameter, Draw::uniform(1), Random(1));
  EXPECT_TRUE(parameter.is_leaf());
  EXPECT_THROW(loss.backward(), c10::Error);  // it was changed in between
}

TEST(Random, OtherDevicesGetTheSameNumbers) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  const auto on_gpu = torch::TensorOptions(torch::kCUDA);
  for (const auto type : {torch::kFloat32, torch::kFloat64, torch::kBFloat16}) {
    torch::Tensor there = torch::empty({1000}, on_gpu.dtype(type));
    fill(there, Draw::normal(1), Random(3));
    EXPECT_TRUE(torch::equal(there.cpu(), drawn(1000, Draw::normal(1), 3, type)));
  }
  const torch::Tensor ones = torch::ones({1000});
  EXPECT_TRUE(torch::equal(dropout(ones.to(torch::kCUDA), 0.4, Random(5)).cpu(),
                           dropout(ones, 0.4, Random(5))));
}

TEST(Random, RefusesIntegers) {
  torch::Tensor integers = torch::zeros({3}, torch::kInt64);
  EXPECT_THROW(fill(integers, Draw::uniform(1), Random(1)), UsageError);
  EXPECT_THROW(dropout(integers, 0.5, Random(1)), UsageError);
}

// ---- dropout ------------------------------------------------------------------------------------

TEST(Dropout, KeepsTheRightShareAndScalesIt) {
  for (const double probability : {0.1, 0.5, 0.9}) {
    const torch::Tensor out = dropout(torch::ones({kOdd}), probability, Random(1));
    const torch::Tensor kept = out.ne(0);
    expect_mean(kept, 1 - probability, std::sqrt(probability * (1 - probability)));
    EXPECT_TRUE(torch::equal(
        out.masked_select(kept),
        torch::full({kept.sum().item<std::int64_t>()}, static_cast<float>(1 / (1 - probability)))));
  }
}

TEST(Dropout, ElementsAreDroppedIndependently) {
  const torch::Tensor centred = dropout(torch::ones({kOdd}), 0.5, Random(2)) - 1;
  for (const std::int64_t lag : {1, 16, 32, 64}) {
    expect_mean(centred.slice(0, 0, kOdd - lag) * centred.slice(0, lag, kOdd), 0, 1);
  }
}

TEST(Dropout, ProbabilityZeroIsTheIdentity) {
  const torch::Tensor input = torch::arange(5, torch::kFloat32);
  EXPECT_TRUE(torch::equal(dropout(input, 0, Random(1)), input));
  for (const double wrong : {-0.1, 1.0, std::nan("")}) {
    EXPECT_THROW(dropout(input, wrong, Random(1)), UsageError);
  }
}

TEST(Dropout, DroppedIsZeroEvenWhereTheInputIsNotANumber) {
  const torch::Tensor input = torch::full({1000}, std::numeric_limits<float>::infinity());
  const torch::Tensor out = dropout(input, 0.5, Random(1));
  EXPECT_FALSE(out.isnan().any().item<bool>());
}

TEST(Dropout, AllTypesAndLayoutsDropTheSameElements) {
  const torch::Tensor mask = dropout(torch::ones({20, 30}), 0.4, Random(3)).ne(0);
  for (const auto type : {torch::kFloat64, torch::kFloat16, torch::kBFloat16}) {
    EXPECT_TRUE(torch::equal(dropout(torch::ones({20, 30}, type), 0.4, Random(3)).ne(0), mask));
  }
  EXPECT_TRUE(torch::equal(dropout(torch::ones({30, 20}).t(), 0.4, Random(3)).ne(0), mask));
}

TEST(Dropout, GradientPassesWhereTheInputDid) {
  for (const auto type : {torch::kFloat32, torch::kFloat64}) {
    const torch::Tensor input = torch::randn({7, 100}, type).requires_grad_();
    const torch::Tensor weight = torch::randn({7, 100}, type);
    const torch::Tensor out = dropout(input, 0.3, Random(4));
    const auto gradient = torch::autograd::grad({(out * weight).sum()}, {input});
    const torch::Tensor factor = dropout(torch::ones({7, 100}, type), 0.3, Random(4));
    EXPECT_TRUE(torch::equal(gradient[0], factor * weight));
    EXPECT_TRUE(torch::equal(out, factor * input));
  }
}

// d^2/dx^2 of sum (m x)^3 / 6 is m^3 x on the diagonal.
TEST(Dropout, HasDerivativesOfEveryOrder) {
  const torch::Tensor input = torch::randn({100}, torch::kFloat64).requires_grad_();
  const torch::Tensor loss = dropout(input, 0.5, Random(4)).pow(3).sum() / 6;
  const auto first = torch::autograd::grad({loss}, {input}, {}, true, true);
  const auto second = torch::autograd::grad({first[0].sum()}, {input}, {}, true, true);
  const auto third = torch::autograd::grad({second[0].sum()}, {input});
  const torch::Tensor mask = dropout(torch::ones({100}, torch::kFloat64), 0.5, Random(4));
  EXPECT_TRUE(torch::allclose(second[0], mask.pow(3) * input));
  EXPECT_TRUE(torch::allclose(third[0], mask.pow(3)));
}

TEST(Dropout, CarriesTangentsForward) {
  const auto level = torch::autograd::ForwardADLevel::get_next_idx();
  const torch::Tensor input = torch::randn({100}), tangent = torch::randn({100});
  const torch::Tensor mask = dropout(torch::ones({100}), 0.5, Random(4));
  {
    const torch::Tensor dual = torch::_make_dual(input, tangent, static_cast<std::int64_t>(level));
    const torch::Tensor out = dropout(dual, 0.5, Random(4));
    EXPECT_TRUE(torch::equal(out, mask * input));
    EXPECT_TRUE(torch::equal(out._fw_grad(level), mask * tangent));
  }
  torch::autograd::ForwardADLevel::release_idx(level);
}

}  // namespace
}  // namespace ordo::tensor
