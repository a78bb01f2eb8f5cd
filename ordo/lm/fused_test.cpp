// Fused steps in float32 against LibTorch's operations in float64, and their derivatives against
// those of the same operations, of first and second order.
#include "ordo/lm/fused.h"

#include <functional>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "ordo/lm/attention_in_order.h"
#include "ordo/lm/composed_attention.h"
#include "ordo/lm/rotary.h"
#include "ordo/tensor/random.h"

namespace ordo::lm {
namespace {

using torch::Tensor;
using Tensors = std::vector<Tensor>;
using Step = std::function<Tensor(const Tensors&)>;

Tensor drawn(std::vector<std::int64_t> shape, const std::string& name, double deviation = 1) {
  Tensor tensor = torch::empty(shape);
  tensor::fill(tensor, tensor::Draw::normal(deviation), Random(1).split(name));
  return tensor;
}

// Numbers of order 1 that went through some operations of float32 each.
constexpr double kSingle = 2e-5;

double distance(const Tensor& single, const Tensor& expected) {
  return ((single.to(torch::kFloat64) - expected).abs() / (1 + expected.abs()))
      .max()
      .item<double>();
}

// The result, its gradients along a direction, and the gradients of these, in float32 and float64.
void expect_equal(const Step& step, const Tensors& inputs) {
  const auto derivatives = [&](torch::Dtype dtype, bool second) {
    Tensors own;
    for (const Tensor& input : inputs) own.push_back(input.to(dtype, false, true).requires_grad_());
    const Tensor result = step(own);
    const Tensor along = drawn(result.sizes().vec(), "along").to(dtype);
    Tensors found = {result.detach()};
    const Tensors gradients =
        torch::autograd::grad({result}, own, {along}, second, second, /*allow_unused=*/true);
    Tensor sum = torch::zeros({}, dtype);
    for (std::size_t i = 0; i < own.size(); ++i) {
      found.push_back(gradients[i].detach());
      if (second) {
        sum = sum + (gradients[i] * drawn(own[i].sizes().vec(), "second").to(dtype)).sum();
      }
    }
    if (second && sum.requires_grad()) {
      for (const Tensor& one :
           torch::autograd::grad({sum}, own, {}, false, false, /*allow_unused=*/true)) {
        if (one.defined()) found.push_back(one);
      }
    }
    return found;
  };
  for (const bool second : {false, true}) {
    const Tensors single = derivatives(torch::kFloat32, second);
    const Tensors expected = derivatives(torch::kFloat64, second);
    ASSERT_EQ(single.size(), expected.size());
    for (std::size_t i = 0; i < single.size(); ++i) {
      EXPECT_LE(distance(single[i], expected[i]), kSingle) << "derivative " << i << ", " << second;
    }
  }
  const torch::NoGradGuard no_grad;
  Tensors wide;
  for (const Tensor& input : inputs) wide.push_back(input.to(torch::kFloat64));
  EXPECT_LE(distance(step(inputs), step(wide)), kSingle);
}

TEST(Fused, RmsNorm) {
  for (const std::int64_t width : {1, 15, 16, 40}) {
    for (const std::int64_t rows : {1, 5, 130}) {
      expect_equal([](const Tensors& of) { return rms_norm(of[0], of[1], 1e-5); },
                   {drawn({rows, width}, "x", 2), drawn({width}, "w")});
    }
  }
}

TEST(Fused, SiluProduct) {
  const auto step = [](const Tensors& of) { return silu_product(of[0], of[1]); };
  expect_equal(step, {drawn({3, 7, 21}, "gate", 5), drawn({3, 7, 21}, "up")});
  // Far from zero silu is 0 or the identity.
  const Tensor gate = torch::tensor({-1e30F, -200.F, -88.F, 0.F, 88.F, 200.F, 1e30F});
  const Tensor found = silu_product(gate, torch::ones_like(gate));
  EXPECT_LE(distance(found, torch::silu(gate.to(torch::kFloat64))), kSingle);
}

TEST(Fused, SiluProductKeepsNaN) {
  Tensor gate = torch::zeros(40);
  gate[17] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(silu_product(gate, torch::ones(40)).isnan().sum().item<std::int64_t>(), 1);
}

TEST(Fused, Turn) {
  for (const std::int64_t dimensions : {6, 10}) {
    models::Rope rope;
    rope.dimensions = dimensions;
    const Rotary rotary(rope);
    const Tensor positions = torch::arange(10).view({2, 5});
    const auto step = [&](const Tensors& of) {
      const Tensor lengths = torch::tensor({5, 10}, torch::kInt64);
      return turn(of[0], rotary.at(positions, lengths, of[0].scalar_type()));
    };
    expect_equal(step, {drawn({2, 3, 5, 10}, "heads")});
    // As heads come: [rows, length, heads, size] in memory.
    expect_equal(
        [&](const Tensors& of) { return step({of[0].unflatten(-1, {3, 10}).transpose(1, 2)}); },
        {drawn({2, 5, 30}, "joined")});
  }
}

TEST(Fused, AttentionInOrder) {
  const auto step = [](const Tensors& of) {
    const bool can = can_attend_in_order(of[0], of[1], of[2]);
    EXPECT_EQ(can, of[0].scalar_type() == torch::kFloat32);
    return can ? attend_in_order(of[0], of[1], of[2], 0.15)
               : composed_attention(of[0], of[1], of[2], {.in_order = true}, 0.15);
  };
  for (const std::int64_t length : {1, 5, 6, 48, 67, 131}) {
    const std::int64_t size = length % 2 == 0 ? 32 : 64;
    // Two query heads to a key head; values as they come: [rows, length, heads, size] in memory.
    const Tensor query = drawn({2, 4, length, size}, "query");
    const Tensor keys = drawn({2, 2, length, size}, "keys");
    expect_equal(
        [&](const Tensors& of) {
          return step({of[0], of[1], of[2].unflatten(-1, {2, size}).transpose(1, 2)});
        },
        {query, keys, drawn({2, length, 2 * size}, "values")});
  }
}

// Scores far apart choose one token, and what comes later is never seen.
TEST(Fused, AttentionInOrderIsSharpAndBlindToWhatComes) {
  const torch::NoGradGuard no_grad;
  const std::int64_t length = 60, size = 32;
  Tensor values = drawn({1, 1, length, size}, "values");
  const Tensor query = 100 * torch::ones({1, 1, length, size});
  const Tensor keys = torch::arange(length).to(torch::kFloat32).view({1, 1, length, 1}) *
                      torch::ones({1, 1, 1, size});
  const Tensor found = attend_in_order(query, keys, values, 1);
  EXPECT_LE(distance(found, values.to(torch::kFloat64)), kSingle);  // each token its own
  values.narrow(2, 41, length - 41).fill_(1e30);
  EXPECT_TRUE(torch::equal(attend_in_order(query, keys, values, 1).narrow(2, 0, 41),
                           found.narrow(2, 0, 41)));
}

TEST(Fused, LogSumExp) {
  for (const std::int64_t size : {1, 16, 1000}) {
    const Tensor x = drawn({3, size}, "scores", 30);
    EXPECT_LE(distance(log_sum_exp(x), x.to(torch::kFloat64).logsumexp(-1)), 1e-6) << size;
  }
}

}  // namespace
}  // namespace ordo::lm
