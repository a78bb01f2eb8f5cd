// The gradients that multilayer perceptrons take without autograd, beside autograd's.
#include "ordo/nets/mlp.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/nets/nets_testing.h"
#include "ordo/tensor/device.h"

namespace ordo::nets {
namespace {

using ::testing::HasSubstr;

struct Results {
  torch::Tensor loss, logits, gradients;
};

Results without_autograd(Net& net, const Batch& batch, FlatParameters& parameters) {
  const auto [loss, logits] = net.differentiate(batch.input, batch.labels, parameters);
  return {loss.clone(), logits.clone(), parameters.gradients().clone()};
}

Results through_autograd(Net& net, const Batch& batch, FlatParameters& parameters) {
  parameters.gradients().fill_(std::numeric_limits<double>::quiet_NaN());  // must be written over
  const auto [loss, logits] = net.Net::differentiate(batch.input, batch.labels, parameters);
  return {loss.clone(), logits.clone(), parameters.gradients().clone()};
}

void expect_equal(const Results& found, const Results& expected, double tolerance) {
  EXPECT_LE(difference(found.loss, expected.loss), tolerance);
  EXPECT_LE(difference(found.logits, expected.logits), tolerance);
  EXPECT_LE(difference(found.gradients, expected.gradients), tolerance);
}

Spec spec_of(JsonObject options, std::int64_t inputs = 12, std::int64_t outputs = 5) {
  return {"mlp", std::move(options), {inputs}, outputs};
}

std::vector<Spec> plain_specs() {
  return {spec_of({}),
          spec_of({{"hidden", Json::array({7})}, {"activation", "tanh"}}),
          spec_of({{"hidden", Json::array({33, 1, 9})}, {"bias", false}}),
          spec_of({{"hidden", Json::array({16})}, {"activation", "tanh"}, {"bias", false}}),
          spec_of({{"hidden", Json::array({})}}),
          spec_of({{"hidden", Json::array({300})}}, 40, 130),
          {"logistic", {}, {3, 2, 2}, 2},
          {"logistic", {{"bias", false}}, {12}, 1}};
}

TEST(Mlp, GradientsAreAutogradsInFloat) {
  for (const Spec& spec : plain_specs()) {
    const auto net = make_net(spec, Random(2));
    FlatParameters parameters(*net);
    for (const std::int64_t size : {1, 37, 37, 200}) {
      const Batch batch = random_batch(spec, size, 4);
      expect_equal(without_autograd(*net, batch, parameters),
                   through_autograd(*net, batch, parameters), 1e-6);
    }
  }
}

TEST(Mlp, GradientsAreAutogradsInDouble) {
  for (const Spec& spec : plain_specs()) {
    const auto net = make_net(spec, Random(2));
    net->to(torch::kFloat64);
    FlatParameters parameters(*net);
    Batch batch = random_batch(spec, 19, 4);
    batch.input = batch.input.to(torch::kFloat64);
    expect_equal(without_autograd(*net, batch, parameters),
                 through_autograd(*net, batch, parameters), 1e-13);
  }
}

TEST(Mlp, GradientsAreAutogradsWithAnyNumberOfThreads) {
  const Spec spec = spec_of({{"hidden", Json::array({700})}});
  const auto net = make_net(spec, Random(2));
  FlatParameters parameters(*net);
  const Batch batch = random_batch(spec, 300, 4);  // 210,000 hidden values: chunks for 4 threads
  const int before = at::get_num_threads();
  for (const int threads : {1, 4}) {
    tensor::set_threads(threads);
    expect_equal(without_autograd(*net, batch, parameters),
                 through_autograd(*net, batch, parameters), 1e-6);
  }
  tensor::set_threads(before);
}

TEST(Mlp, BatchNormDropoutAndCaptureGoThroughAutograd) {
  for (const auto& [key, value] : JsonObject{{"batch-norm", true}, {"dropout", 0.4}}) {
    const Spec spec = spec_of({{key, value}});
    const auto net = make_net(spec, Random(2)), twin = make_net(spec, Random(2));
    FlatParameters parameters(*net), other(*twin);
    const Batch batch = random_batch(spec, 16, 4);
    expect_equal(without_autograd(*net, batch, parameters), through_autograd(*twin, batch, other),
                 0);
  }
  const auto net = make_net(spec_of({}), Random(2));
  FlatParameters parameters(*net);
  const Batch batch = random_batch(spec_of({}), 16, 4);
  const Capture capture(*net);
  net->differentiate(batch.input, batch.labels, parameters);
  for (const auto& site : capture.sites()) EXPECT_TRUE(site.captured->output_gradient.defined());
}

TEST(Mlp, ResultsOfEarlierStepsStay) {
  const Spec spec = spec_of({});
  const auto net = make_net(spec, Random(2));
  FlatParameters parameters(*net);
  const Batch one = random_batch(spec, 16, 4), two = random_batch(spec, 16, 5);
  const auto [loss, logits] = net->differentiate(one.input, one.labels, parameters);
  const torch::Tensor kept_loss = loss.clone(), kept_logits = logits.clone();
  net->differentiate(two.input, two.labels, parameters);
  EXPECT_TRUE(torch::equal(loss, kept_loss));
  EXPECT_TRUE(torch::equal(logits, kept_logits));
}

TEST(Mlp, FollowsParametersThatMove) {
  const Spec spec = spec_of({});
  const auto net = make_net(spec, Random(2));
  const Batch batch = random_batch(spec, 16, 4);
  FlatParameters first(*net);
  const Results before = without_autograd(*net, batch, first);
  FlatParameters second(*net);
  second.values().mul_(0.5);
  const Results after = without_autograd(*net, batch, second);
  expect_equal(after, through_autograd(*net, batch, second), 1e-6);
  EXPECT_GT(difference(after.gradients, before.gradients), 1e-3);
}

TEST(Mlp, LossesOfExtremeLogitsAreAutograds) {
  const Spec spec{"logistic", {{"bias", false}}, {3}, 3};
  const auto net = make_net(spec, Random(2));
  FlatParameters parameters(*net);
  parameters.value(parameters.entries()[0]).copy_(torch::eye(3));
  Batch batch{torch::tensor({{1000.0F, -1000.0F, 0.0F}, {90.0F, 0.0F, 1.0F}, {1e-6F, 0.0F, 0.0F}}),
              torch::tensor({1, 0, 2})};
  expect_equal(without_autograd(*net, batch, parameters), through_autograd(*net, batch, parameters),
               1e-6);
  batch.input[2][0] = std::numeric_limits<float>::quiet_NaN();
  const Results spoilt = without_autograd(*net, batch, parameters);
  EXPECT_TRUE(std::isnan(spoilt.loss.item<float>()));
  EXPECT_TRUE(spoilt.gradients.isnan().any().item<bool>());
}

TEST(Mlp, HiddenNaNIsNotHiddenByRelu) {
  const Spec spec = spec_of({});
  const auto net = make_net(spec, Random(2));
  FlatParameters parameters(*net);
  Batch batch = random_batch(spec, 16, 4);
  batch.input[3][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(without_autograd(*net, batch, parameters).loss.item<float>()));
}

TEST(Mlp, NamesTheLabelThatNoOutputHas) {
  for (const bool with_norm : {false, true}) {
    const Spec spec = spec_of({{"batch-norm", with_norm}});
    const auto net = make_net(spec, Random(2));
    FlatParameters parameters(*net);
    Batch batch = random_batch(spec, 4, 4);
    batch.labels[2] = 5;
    try {
      net->differentiate(batch.input, batch.labels, parameters);
      FAIL() << "accepted";
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("label 5"));
    }
  }
}

}  // namespace
}  // namespace ordo::nets
