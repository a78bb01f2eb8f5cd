#include "ordo/nets/net.h"

#include <cmath>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/nets/layers.h"
#include "ordo/nets/nets_testing.h"

namespace ordo::nets {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

template <class Error>
std::string message_of(const Spec& spec) {
  try {
    make_net(spec, Random(1));
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Registry, NamesTheNearestNetworkAndOption) {
  EXPECT_THAT(message_of<UsageError>({.name = "resnt", .input = {1, 8, 8}}),
              AllOf(HasSubstr("'resnt'"), HasSubstr("did you mean 'resnet'")));
  EXPECT_THAT(message_of<UsageError>({.options = {{"hiden", Json::array({3})}}, .input = {4}}),
              AllOf(HasSubstr("mlp.hiden"), HasSubstr("did you mean 'hidden'")));
  EXPECT_THAT(message_of<UsageError>({.options = {{"activation", "rela"}}, .input = {4}}),
              HasSubstr("did you mean 'relu'"));
}

TEST(Registry, RefusesShapesThatNoNetworkHas) {
  EXPECT_THAT(message_of<UsageError>({.name = "cnn", .input = {64}}),
              AllOf(HasSubstr("[64]"), HasSubstr("[channels, height, width]")));
  EXPECT_THAT(message_of<UsageError>({.input = {}}), HasSubstr("shape of its input"));
  EXPECT_THAT(message_of<UsageError>({.input = {1 << 20, 1 << 20}}),
              HasSubstr("[1048576, 1048576]"));
  EXPECT_THAT(message_of<UsageError>({.input = {4}, .outputs = 0}), HasSubstr("0 outputs"));
  EXPECT_THAT(message_of<UsageError>({.options = {{"hidden", Json::array({0})}}, .input = {4}}),
              HasSubstr("mlp.hidden[0]"));
}

TEST(Registry, RefusesWhatDoesNotFitIntoMemory) {
  const Json wide = Json::array({1 << 20, 1 << 20, 1 << 20, 1 << 20});
  EXPECT_THAT(message_of<LimitError>({.options = {{"hidden", wide}}, .input = {1 << 30}}),
              HasSubstr("does not fit into memory"));
}

TEST(Registry, DescribesEachNetworkWithItsOptions) {
  std::vector<std::string> names;
  for (const NetKind& kind : net_kinds()) {
    names.push_back(kind.name);
    EXPECT_FALSE(kind.what.empty());
    EXPECT_THAT(kind.options, HasSubstr("| option | type | default | meaning |"));
  }
  EXPECT_THAT(names, testing::ElementsAre("mlp", "logistic", "cnn", "c1", "resnet"));
}

TEST(Registry, SpecsGoToJsonAndBack) {
  const Spec spec{"cnn", {{"channels", Json::array({4})}}, {1, 9, 9}, 7};
  EXPECT_EQ(to_json(spec_from_json(to_json(spec), {})), to_json(spec));
}

TEST(Registry, SpecsNameTheFieldThatIsWrong) {
  const auto message = [](const char* text) -> std::string {
    try {
      spec_from_json(parse_json(text), {.source = "model.json", .field = "/net"});
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message(R"({"name": 3})"), HasSubstr("model.json: /net/name: expected"));
  EXPECT_THAT(message(R"({"name": "mlp", "input": [4, 0]})"), HasSubstr("/net/input"));
  EXPECT_THAT(message(R"({"name": "mlp", "input": [4]})"), HasSubstr("/net/outputs"));
  EXPECT_THAT(message(R"({"name": "mlp", "options": []})"), HasSubstr("/net/options"));
  EXPECT_THAT(message("[]"), HasSubstr("/net/name"));
}

TEST(Registry, AStreamDrawsTheSameNetworkEachTime) {
  const Spec spec{.options = {{"dropout", 0.5}}, .input = {12}, .outputs = 3};
  const auto one = make_net(spec, Random(8)), two = make_net(spec, Random(8));
  const auto other = make_net(spec, Random(9));
  for (const auto& item : one->named_parameters()) {
    EXPECT_TRUE(torch::equal(item.value(), two->named_parameters()[item.key()])) << item.key();
    EXPECT_FALSE(torch::equal(item.value(), other->named_parameters()[item.key()])) << item.key();
  }
  const Batch batch = random_batch(spec, 6, 1);
  EXPECT_TRUE(torch::equal(one->forward(batch.input), two->forward(batch.input)));
  EXPECT_FALSE(torch::equal(one->forward(batch.input), one->forward(batch.input)));
  one->eval();
  EXPECT_TRUE(torch::equal(one->forward(batch.input), one->forward(batch.input)));
}

TEST(Registry, DrawsWeightsWithinOneOverTheRootOfFanIn) {
  const Spec spec{"cnn", {{"batch-norm", false}}, {3, 8, 8}, 10};
  for (const auto& item : make_net(spec, Random(2))->named_parameters()) {
    if (item.key() != "convolutions.1.weight") continue;
    const double bound = 1 / std::sqrt(8 * 9);
    EXPECT_LE(item.value().abs().max().item<double>(), bound);
    EXPECT_GE(item.value().abs().max().item<double>(), 0.98 * bound);  // of 1152 draws
  }
}

TEST(Net, ThinResNet18HasTheWeightsOfItsPaper) {
  // Stem 3*16*9; stages of (in*out + 3*out*out) * 9 weights, projections in*out; norms 2 a channel;
  // head 128*10 + 10.
  const std::int64_t widths[] = {16, 32, 64, 128};
  std::int64_t expected = 3 * 16 * 9 + 2 * 16 + 128 * 10 + 10, in = 16;
  for (const std::int64_t out : widths) {
    expected += (in * out + 3 * out * out) * 9 + 4 * 2 * out;
    if (in != out) expected += in * out + 2 * out;
    in = out;
  }
  std::int64_t found = 0;
  for (const auto& parameter : make_net({"resnet", {}, {3, 32, 32}, 10}, Random(1))->parameters()) {
    found += parameter.numel();
  }
  EXPECT_EQ(found, expected);
}

TEST(Net, TakesGreyImagesWithoutAChannel) {
  const Spec flat{"cnn", {}, {8, 8}, 10}, deep{"cnn", {}, {1, 8, 8}, 10};
  const Batch batch = random_batch(flat, 4, 3);
  EXPECT_TRUE(torch::equal(make_net(flat, Random(1))->forward(batch.input),
                           make_net(deep, Random(1))->forward(batch.input.unsqueeze(1))));
}

TEST(Net, NamesBothShapesOfABatchThatDoesNotFit) {
  for (const Spec& spec : {Spec{"mlp", {}, {64}, 10}, Spec{"cnn", {}, {1, 8, 8}, 10}}) {
    try {
      make_net(spec, Random(1))->forward(torch::zeros({5, 1, 8, 7}));
      FAIL() << "accepted";
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("[n, "), HasSubstr("[5, 1, 8, 7]")));
    }
  }
}

TEST(Net, FrozenParametersHaveNoGradient) {
  for (const char* name : {"mlp", "cnn"}) {
    const Spec spec{name, {}, {1, 8, 8}, 10};
    const auto net = make_net(spec, Random(4)), free = make_net(spec, Random(4));
    FlatParameters parameters(*net), all(*free);
    for (auto& item : net->named_parameters()) {
      item.value().set_requires_grad(item.key().starts_with(net->head()));
    }
    const Batch batch = random_batch(spec, 8, 6);
    net->differentiate(batch.input, batch.labels, parameters);
    free->differentiate(batch.input, batch.labels, all);
    for (const auto& entry : parameters.entries()) {
      const torch::Tensor gradient = parameters.gradient(entry);
      if (entry.parameter.name.starts_with("head")) {
        EXPECT_LE(difference(gradient, all.gradient(entry)), 1e-6) << entry.parameter.name;
      } else {
        EXPECT_EQ(gradient.abs().max().item<float>(), 0) << entry.parameter.name;
      }
    }
  }
}

TEST(Net, RefusesAnotherNetworksParameters) {
  for (const char* name : {"mlp", "cnn"}) {
    const Spec spec{name, {}, {1, 8, 8}, 10};
    const auto net = make_net(spec, Random(4)), twin = make_net(spec, Random(4));
    const auto other = make_net({"logistic", {}, {1, 8, 8}, 10}, Random(4));
    FlatParameters of_twin(*twin), of_other(*other);
    const Batch batch = random_batch(spec, 8, 6);
    EXPECT_THROW(net->differentiate(batch.input, batch.labels, of_twin), UsageError);
    EXPECT_THROW(net->differentiate(batch.input, batch.labels, of_other), UsageError);
  }
}

// A bias-free ReLU network is homogeneous: all L layers shrunk by lambda give logits lambda^L times
// as large, so the classes stay and the distribution over them flattens.
TEST(WarmStart, Oracle02ShrinkingABiasFreeReluNetworkScalesItsLogits) {
  const Spec spec{"mlp", {{"hidden", Json::array({3})}, {"bias", false}}, {2}, 2};
  const auto net = make_net(spec, Random(1));
  const torch::Tensor first = torch::tensor({{1.0F, -1.0F}, {0.5F, 2.0F}, {-1.5F, 0.5F}});
  const torch::Tensor second = torch::tensor({{1.0F, 0.0F, -1.0F}, {-0.5F, 1.0F, 0.25F}});
  struct Row {
    double lambda, logits[2], entropy;
  };
  const Row rows[] = {{1, {0.5, 1.25}, 0.6274869817},
                      {0.6, {0.18, 0.45}, 0.6841170508},
                      {0.3, {0.045, 0.1125}, 0.6925779735},
                      {0.1, {0.005, 0.0125}, 0.6931401493}};
  const torch::NoGradGuard no_grad;
  for (const Row& row : rows) {
    auto named = net->named_parameters();
    named["layers.0.weight"].copy_(row.lambda * first);
    named["head.weight"].copy_(row.lambda * second);
    const torch::Tensor logits = net->forward(torch::tensor({{1.0F, 0.5F}}));
    EXPECT_NEAR(logits[0][0].item<double>(), row.logits[0], 1e-6);
    EXPECT_NEAR(logits[0][1].item<double>(), row.logits[1], 1e-6);
    const torch::Tensor log_p = torch::log_softmax(logits.to(torch::kFloat64), 1);
    EXPECT_NEAR(-(log_p.exp() * log_p).sum().item<double>(), row.entropy, 1e-7);
  }
}

}  // namespace
}  // namespace ordo::nets
