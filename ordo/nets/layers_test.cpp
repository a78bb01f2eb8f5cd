#include "ordo/nets/layers.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/nets/nets_testing.h"

namespace ordo::nets {
namespace {

using ::testing::HasSubstr;

torch::Tensor random_tensor(std::vector<std::int64_t> shape, std::uint64_t seed) {
  torch::Tensor tensor = torch::empty(shape);
  tensor::fill(tensor, tensor::Draw::normal(1), Random(seed));
  return tensor;
}

TEST(BatchNorm, KeepsRunningStatisticsWithTheUnbiasedVariance) {
  GhostBatchNorm norm(3, GhostOptions{.ghost_size = 0});
  initialise(*norm, Random(1));
  const torch::Tensor input = 2 * random_tensor({10, 3, 4, 5}, 2) + 1;
  norm(input);
  const torch::Tensor columns = input.transpose(0, 1).reshape({3, -1}).to(torch::kFloat64);
  EXPECT_LE(difference(norm->running_mean, 0.1 * columns.mean(1)), 1e-6);
  EXPECT_LE(difference(norm->running_var, 0.9 + 0.1 * columns.var(1, /*unbiased=*/true)), 1e-6);
  EXPECT_EQ(norm->num_batches_tracked.item<std::int64_t>(), 1);
  reset_buffers(*norm);
  EXPECT_EQ(norm->running_mean.abs().max().item<float>(), 0);
  EXPECT_EQ((norm->running_var - 1).abs().max().item<float>(), 0);
  EXPECT_EQ(norm->num_batches_tracked.item<std::int64_t>(), 0);
}

TEST(BatchNorm, RefusesToLearnFromOneValueAChannel) {
  GhostBatchNorm norm(3, GhostOptions{.ghost_size = 0});
  initialise(*norm, Random(1));
  try {
    norm(torch::ones({1, 3}));
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("[1, 3]"));
  }
  EXPECT_NO_THROW(norm(random_tensor({1, 3, 2, 2}, 1)));
  norm->eval();
  EXPECT_NO_THROW(norm(torch::ones({1, 3})));
}

TEST(Dropout, PassesDifferAndBeginAgainWithTheStream) {
  Dropout dropout(0.5);
  dropout->set_stream(Random(4));
  const torch::Tensor input = torch::ones({40, 50});
  const torch::Tensor first = dropout(input), second = dropout(input);
  EXPECT_FALSE(torch::equal(first, second));
  dropout->set_stream(Random(4));
  EXPECT_TRUE(torch::equal(dropout(input), first));
  EXPECT_TRUE(torch::equal(dropout(input), second));
  dropout->eval();
  EXPECT_TRUE(torch::equal(dropout(input), input));
}

// The gradient of a layer's output, by brute force: finite differences of the loss when a constant
// is added to that output.
class Chain : public torch::nn::Module {
 public:
  Chain() {
    first = register_module("first", Conv2d(ConvShape{.in = 1, .out = 2}));
    second = register_module("second", Linear(2 * 4 * 4, 3));
    initialise(*this, Random(7));
  }
  torch::Tensor loss(const torch::Tensor& input, const torch::Tensor& extra_first = {},
                     const torch::Tensor& extra_second = {}) {
    torch::Tensor value = first(input);
    if (extra_first.defined()) value = value + extra_first;
    value = second(torch::relu_(value).flatten(1));
    if (extra_second.defined()) value = value + extra_second;
    return value.pow(3).sum();
  }
  Conv2d first{nullptr};
  Linear second{nullptr};
};

TEST(Capture, GradientsAreThoseOfFiniteDifferences) {
  const auto chain = std::make_shared<Chain>();
  chain->to(torch::kFloat64);
  const torch::Tensor input = random_tensor({2, 1, 4, 4}, 3).to(torch::kFloat64);
  std::vector<torch::Tensor> gradients;
  {
    const Capture capture(*chain);
    ASSERT_EQ(capture.sites().size(), 2U);
    EXPECT_EQ(capture.sites()[0].layer, "first");
    EXPECT_EQ(capture.sites()[1].layer, "second");
    chain->loss(input).backward();
    EXPECT_TRUE(torch::equal(capture.sites()[0].captured->input, input));
    for (const auto& site : capture.sites()) gradients.push_back(site.captured->output_gradient);
    EXPECT_TRUE(torch::equal(capture.sites()[1].captured->input,
                             torch::relu(chain->first->forward(input)).flatten(1)));
  }
  const torch::NoGradGuard no_grad;
  constexpr double kStep = 1e-5;
  for (int layer = 0; layer < 2; ++layer) {
    torch::Tensor step = torch::zeros_like(gradients[layer]);
    for (std::int64_t element = 0; element < step.numel(); ++element) {
      const auto loss_at = [&](double size) {
        step.view(-1)[element] = size;
        const double loss =
            (layer == 0 ? chain->loss(input, step) : chain->loss(input, {}, step)).item<double>();
        step.view(-1)[element] = 0;
        return loss;
      };
      const double slope = (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep);
      EXPECT_NEAR(gradients[layer].reshape(-1)[element].item<double>(), slope, 1e-5);
    }
  }
}

TEST(Capture, ChangesNothingOfTheNetwork) {
  const Spec spec{"cnn", {}, {1, 8, 8}, 10};
  const auto net = make_net(spec, Random(1));
  FlatParameters parameters(*net);
  const Batch batch = random_batch(spec, 8, 2);
  net->differentiate(batch.input, batch.labels, parameters);
  const torch::Tensor plain = parameters.gradients().clone();
  {
    const Capture capture(*net);
    net->differentiate(batch.input, batch.labels, parameters);
    EXPECT_TRUE(torch::equal(parameters.gradients(), plain));
    for (const auto& site : capture.sites()) {
      EXPECT_TRUE(site.captured->output_gradient.defined()) << site.layer;
    }
  }
  EXPECT_NO_THROW(Capture{*net});  // the slots are free again
}

TEST(Capture, NamesTheLayersThereAreWhenAskedForAnother) {
  const auto net = make_net({"mlp", {}, {4}, 3}, Random(1));
  try {
    const Capture capture(*net, {"heda"});
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'head'"));
    EXPECT_THAT(error.what(), HasSubstr("layers.0, layers.1, head"));
  }
  const Capture capture(*net, {"head"});
  EXPECT_EQ(capture.sites().size(), 1U);
  EXPECT_THROW(Capture{*net}, UsageError);
}

}  // namespace
}  // namespace ordo::nets
