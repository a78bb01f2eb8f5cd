#include "ordo/nets/parameters.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::nets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Affine : public Layer {
 public:
  Affine(std::int64_t in, std::int64_t out) {
    weight = register_parameter("weight", torch::full({out, in}, 0.5));
    bias = register_parameter("bias", torch::full({out}, 0.25));
  }
  torch::Tensor forward(const torch::Tensor& input) { return input.matmul(weight.t()) + bias; }
  std::vector<Initial> initials() const override {
    return {{"weight", Role::weight, tensor::Draw::uniform(0.5)},
            {"bias", Role::bias, tensor::Draw::uniform(0.5)}};
  }
  torch::Tensor weight, bias;
};

// Scales by what it learns and counts its passes.
class Scale : public Layer {
 public:
  Scale() {
    weight = register_parameter("weight", torch::full({3}, 2.0));
    passes = register_buffer("passes", torch::full({}, 7, torch::kInt64));
  }
  std::vector<Initial> initials() const override {
    return {{"weight", Role::norm, tensor::Draw::constant(1)}};
  }
  void reset_buffers() override { passes.zero_(); }
  torch::Tensor weight, passes;
};

class Pair : public torch::nn::Module {
 public:
  Pair() {
    first = register_module("first", std::make_shared<Affine>(2, 3));
    scale = register_module("scale", std::make_shared<Scale>());
    last = register_module("last", std::make_shared<Affine>(3, 1));
  }
  torch::Tensor forward(const torch::Tensor& input) {
    return last->forward(torch::tanh(first->forward(input)) * scale->weight);
  }
  std::shared_ptr<Affine> first, last;
  std::shared_ptr<Scale> scale;
};

std::vector<std::string> names_of(const std::vector<Parameter>& parameters) {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) names.push_back(parameter.name);
  return names;
}

std::string message_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Parameters, AreListedInTheOrderOfRegistration) {
  Pair net;
  const auto parameters = parameters_of(net);
  EXPECT_THAT(names_of(parameters), ElementsAre("first.weight", "first.bias", "scale.weight",
                                                "last.weight", "last.bias"));
  EXPECT_EQ(parameters[1].role, Role::bias);
  EXPECT_EQ(parameters[2].role, Role::norm);
  EXPECT_EQ(parameters[3].draw.scale, 0.5);
  EXPECT_EQ(parameters[3].value.data_ptr(), net.last->weight.data_ptr());
}

TEST(Parameters, ThatNoLayerDrawsAreRefusedByName) {
  torch::nn::Sequential net(torch::nn::Linear(2, 2));
  EXPECT_THAT(message_of([&] { parameters_of(*net); }), HasSubstr("'0.weight'"));

  Pair pair;
  pair.scale->register_parameter("extra", torch::zeros({1}));
  EXPECT_THAT(message_of([&] { parameters_of(pair); }), HasSubstr("'scale.extra'"));
}

TEST(Parameters, SharedByLayersAreListedOnceAndStayShared) {
  Pair net;
  net.scale->register_module("twin", net.last);
  EXPECT_EQ(parameters_of(net).size(), 5u);
  FlatParameters flat(net);
  EXPECT_EQ(flat.values().numel(), 2 * 3 + 3 + 3 + 3 + 1);
  flat.values().fill_(9);
  EXPECT_TRUE(net.last->weight.eq(9).all().item<bool>());
}

TEST(Initialise, DrawsEachParameterFromTheStreamOfItsName) {
  Pair net;
  const Random stream(5);
  initialise(net, stream);
  for (const Parameter& parameter : parameters_of(net)) {
    torch::Tensor expected = torch::empty_like(parameter.value);
    tensor::fill(expected, parameter.draw, stream.split(parameter.name));
    EXPECT_TRUE(torch::equal(parameter.value, expected)) << parameter.name;
  }
  EXPECT_LE(net.first->weight.abs().max().item<double>(), 0.5);
  EXPECT_FALSE(torch::equal(net.first->bias, net.first->weight.select(1, 0)));
  EXPECT_EQ(net.scale->passes.item<int>(), 0);
  EXPECT_TRUE(net.first->weight.requires_grad());
}

TEST(FlatParameters, KeepTheValuesAndBecomeTheNetworksMemory) {
  Pair net, twin;
  initialise(net, Random(1));
  initialise(twin, Random(1));
  FlatParameters flat(net);

  const auto before = twin.named_parameters();
  for (const auto& after : net.named_parameters()) {
    EXPECT_TRUE(torch::equal(after.value(), before[after.key()])) << after.key();
    EXPECT_TRUE(after.value().is_leaf() && after.value().requires_grad());
  }
  flat.values().mul_(3);
  EXPECT_TRUE(torch::equal(net.first->weight, 3 * twin.first->weight));
  {
    const torch::NoGradGuard no_grad;
    net.last->bias.fill_(8);
  }
  for (const auto& entry : flat.entries()) {
    if (entry.parameter.name == "last.bias") {
      EXPECT_EQ(flat.values()[entry.offset].item<double>(), 8);
    }
  }
}

TEST(FlatParameters, HoldEachRoleInOneRange) {
  Pair net;
  initialise(net, Random(1));
  FlatParameters flat(net);
  EXPECT_EQ(flat.range_of(Role::weight), std::make_pair(INT64_C(0), INT64_C(9)));
  EXPECT_EQ(flat.range_of(Role::bias), std::make_pair(INT64_C(9), INT64_C(13)));
  EXPECT_EQ(flat.range_of(Role::norm), std::make_pair(INT64_C(13), INT64_C(16)));
  const auto expected = torch::cat({net.first->weight.flatten(), net.last->weight.flatten(),
                                    net.first->bias, net.last->bias, net.scale->weight});
  EXPECT_TRUE(torch::equal(flat.values(), expected));

  Affine without_norms(2, 3);
  FlatParameters plain(without_norms);
  EXPECT_EQ(plain.range_of(Role::norm), std::make_pair(INT64_C(9), INT64_C(9)));
}

TEST(FlatParameters, GatherWhatAutogradLeaves) {
  Pair net, twin;
  initialise(net, Random(1));
  initialise(twin, Random(1));
  FlatParameters flat(net);
  const auto input = torch::arange(10, torch::kFloat32).view({5, 2}) / 10;
  twin.forward(input).square().sum().backward();
  for (const double times : {1.0, 2.0}) {
    net.forward(input).square().sum().backward();
    for (const auto& entry : flat.entries()) {
      const auto expected = times * twin.named_parameters()[entry.parameter.name].grad();
      EXPECT_TRUE(torch::allclose(flat.gradient(entry), expected, 1e-6, 1e-7))
          << entry.parameter.name;
      EXPECT_TRUE(flat.gradient(entry).is_alias_of(flat.gradients()));
    }
  }
}

TEST(FlatParameters, MustShareTheirType) {
  Pair net;
  net.last->to(torch::kFloat64);
  const std::string message = message_of([&] { FlatParameters flat(net); });
  EXPECT_THAT(message, HasSubstr("'first.weight' is float32 on cpu"));
  EXPECT_THAT(message, HasSubstr("'last.weight' is float64 on cpu"));
}

TEST(FlatParameters, OfANetworkWithoutParametersAreEmpty) {
  torch::nn::Module net;
  FlatParameters flat(net);
  EXPECT_EQ(flat.values().numel(), 0);
  EXPECT_EQ(flat.range_of(Role::bias), std::make_pair(INT64_C(0), INT64_C(0)));
}

}  // namespace
}  // namespace ordo::nets
