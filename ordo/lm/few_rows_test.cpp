#include "ordo/lm/few_rows.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "ordo/lm/layers.h"
#include "ordo/tensor/random.h"

namespace ordo::lm {
namespace {

using torch::Tensor;

Tensor drawn(std::vector<std::int64_t> shape, const char* name) {
  Tensor tensor = torch::empty(shape);
  tensor::fill(tensor, tensor::Draw::normal(1), Random(1).split(name));
  return tensor;
}

// Sums of `size` products of normal numbers in float32, against the same in float64.
TEST(FewRows, AreMultipliedAsInFloat64UpToRounding) {
  for (const std::int64_t size : {1, 15, 16, 17, 100, 768}) {
    for (const std::int64_t outputs : {1, 3, 4, 9, 300}) {
      const Tensor weight = drawn({outputs, size}, "weight");
      for (const std::int64_t rows : {1, 2, 4, 7, 16}) {
        const Tensor input = drawn({rows, size}, "input");
        const Tensor found = affine(input, weight, {});
        const Tensor expected =
            torch::linear(input.to(torch::kFloat64), weight.to(torch::kFloat64));
        const double bound = 1e-7 * static_cast<double>(size) + 1e-6;
        EXPECT_LE((found - expected).abs().max().item<double>(), bound)
            << size << " " << outputs << " " << rows;
      }
    }
  }
}

TEST(FewRows, HaveTheSameBitsAloneAndInCompany) {
  const torch::NoGradGuard no_grad;
  const Tensor weight = drawn({301, 200}, "weight"), bias = drawn({301}, "bias");
  const Tensor input = drawn({2, 5, 200}, "input");
  const Tensor together = affine(input, weight, bias);
  EXPECT_EQ(together.sizes(), (std::vector<std::int64_t>{2, 5, 301}));
  for (std::int64_t row = 0; row < 10; ++row) {
    const Tensor alone = affine(input.view({10, 200}).narrow(0, row, 1), weight, bias);
    EXPECT_TRUE(torch::equal(alone[0], together.view({10, 301})[row])) << row;
  }
}

TEST(FewRows, LeaveGradientsAndOtherTypesToLibTorch) {
  Tensor weight = drawn({8, 20}, "weight").requires_grad_();
  const Tensor input = drawn({2, 20}, "input");
  EXPECT_TRUE(affine(input, weight, {}).requires_grad());
  const torch::NoGradGuard no_grad;
  const Tensor wide = affine(input.to(torch::kFloat64), weight.to(torch::kFloat64), {});
  EXPECT_EQ(wide.scalar_type(), torch::kFloat64);
  // A weight that is stored the other way round.
  const Tensor turned = weight.t().contiguous().t();
  EXPECT_LE((affine(input, turned, {}) - affine(input, weight, {})).abs().max().item<double>(),
            1e-5);
}

}  // namespace
}  // namespace ordo::lm
