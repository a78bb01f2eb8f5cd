// Gradients against finite differences, and what captures see.
#include <gmock/gmock.h>

#include "ordo/lm/lm_testing.h"
#include "ordo/nets/capture.h"
#include "ordo/nets/parameters.h"
#include "ordo/tensor/random.h"

namespace ordo::lm {
namespace {

using torch::Tensor;

const std::vector<std::string> kNames = {"llama", "llama-yarn", "mistral",  "qwen2",
                                         "qwen3", "gpt2",       "gpt-neox", "gpt-neox-serial"};

Tensor loss_of(Model& model, const Tensor& tokens) {
  const std::int64_t length = tokens.size(1);
  const Tensor logits = model.forward({.tokens = tokens.narrow(1, 0, length - 1)});
  return torch::cross_entropy_loss(logits.flatten(0, 1), tokens.narrow(1, 1, length - 1).flatten());
}

class Gradients : public testing::TestWithParam<std::string> {};

// A random direction of length 1.
Tensor direction_like(const Tensor& value, const std::string& name) {
  Tensor direction = torch::empty(value.sizes(), value.detach().options());
  tensor::fill(direction, tensor::Draw::normal(1), Random(1).split(name));
  return direction / direction.norm();
}

// Along a direction d in each parameter: (L(w + h d) - L(w - h d)) / 2h = g·d, with errors of about
// 1e-15 / h from rounding and h² from the third derivative.
constexpr double kStep = 1e-5;
constexpr double kTolerance = 1e-7;

TEST_P(Gradients, EqualFiniteDifferences) {
  for (const AttentionKernel kernel : {AttentionKernel::fused, AttentionKernel::composed}) {
    const auto model = golden_model(
        GetParam(), {}, {.dtype = torch::kFloat64, .memory = LoadOptions::Memory::owned});
    model->attention = kernel;
    const Tensor tokens = golden_tensors(GetParam())["tokens"].narrow(1, 0, 12);
    loss_of(*model, tokens).backward();
    const torch::NoGradGuard no_grad;
    for (const auto& parameter : model->named_parameters()) {
      Tensor value = parameter.value();
      const Tensor direction = direction_like(value, parameter.key());
      const double slope = (value.grad() * direction).sum().item<double>();
      value.add_(direction, kStep);
      const double above = loss_of(*model, tokens).item<double>();
      value.add_(direction, -2 * kStep);
      const double below = loss_of(*model, tokens).item<double>();
      value.add_(direction, kStep);
      EXPECT_NEAR((above - below) / (2 * kStep), slope, kTolerance * (1 + std::abs(slope)))
          << parameter.key();
      EXPECT_GT(std::abs(slope), 1e-6) << parameter.key() << " has no effect";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Gradients, testing::ValuesIn(kNames), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

// dL/dW = sum over tokens of (gradient of the output)ᵀ input, for every linear layer: what a slot
// holds is what went through.
TEST(Captures, AtEveryLinearLayerMakeItsGradient) {
  for (const char* name : {"llama", "qwen3", "gpt2", "gpt-neox"}) {
    const auto model = golden_model(name);
    const nets::Capture capture(*model);
    loss_of(*model, golden_tensors(name)["tokens"]).backward();
    std::size_t linears = 0;
    const auto parameters = model->named_parameters();
    for (const auto& [layer, captured] : capture.sites()) {
      ASSERT_TRUE(captured->output_gradient.defined()) << layer;
      const Tensor gradient =
          captured->output_gradient.flatten(0, -2).t().matmul(captured->input.flatten(0, -2));
      const Tensor* const weight = parameters.find(layer + ".weight");
      if (weight == nullptr) {  // a tied head has a slot, but no weight of its own
        EXPECT_EQ(layer, "lm_head");
        continue;
      }
      EXPECT_LE(difference(gradient, weight->grad()), kDouble) << layer;
      ++linears;
    }
    std::size_t matrices = 0;
    for (const auto& parameter : parameters) {
      const bool is_table = parameter.key().find("embed_") != std::string::npos &&
                            parameter.key().find("embed_out") == std::string::npos;
      matrices += parameter.value().dim() == 2 && !is_table &&
                  parameter.key().find(".wte") == std::string::npos &&
                  parameter.key().find(".wpe") == std::string::npos;
    }
    EXPECT_EQ(linears, matrices) << name;
  }
}

TEST(Captures, SeeATiedHead) {
  const auto model = golden_model("qwen2");
  const nets::Capture capture(*model, {"lm_head"});
  loss_of(*model, golden_tensors("qwen2")["tokens"]).backward();
  ASSERT_EQ(capture.sites().size(), 1U);
  EXPECT_EQ(capture.sites()[0].captured->output_gradient.size(-1), 32);
}

// The head's share and the embedding's share of a tied weight's gradient add up.
TEST(TiedWeights, GetBothGradients) {
  const auto tied = golden_model("qwen2");
  const Tensor tokens = golden_tensors("qwen2")["tokens"];
  loss_of(*tied, tokens).backward();
  const TempFolder folder;
  const auto table = tied->named_parameters()["model.embed_tokens.weight"];
  // The same model with a head of its own that holds the same numbers.
  JsonObject config = read_json((kGolden / "qwen2.json").string()).at("config").as_object();
  config["tie_word_embeddings"] = false;
  const auto untied = build_model(models::parse_config(Json(config)));
  for (const auto& parameter : untied->named_parameters()) {
    const Tensor* const same = tied->named_parameters().find(parameter.key());
    parameter.value().set_data((same == nullptr ? table : *same).detach());
  }
  loss_of(*untied, tokens).backward();
  const auto gradients = untied->named_parameters();
  EXPECT_LE(difference(table.grad(), gradients["model.embed_tokens.weight"].grad() +
                                         gradients["lm_head.weight"].grad()),
            kDouble);
}

TEST(TiedWeights, AreOneParameter) {
  const auto model = golden_model("gpt2");
  std::int64_t tables = 0;
  for (const auto& parameter : nets::parameters_of(*model)) {
    tables += parameter.name == "transformer.wte.weight" || parameter.name == "lm_head.weight";
  }
  EXPECT_EQ(tables, 1);
  const torch::NoGradGuard no_grad;
  const Tensor tokens = golden_tensors("gpt2")["tokens"];
  const Tensor before = model->forward({.tokens = tokens});
  nets::FlatParameters flat(*model);
  EXPECT_LE(difference(model->forward({.tokens = tokens}), before), kDouble);
  flat.values().zero_();
  EXPECT_EQ(model->forward({.tokens = tokens}).abs().max().item<double>(), 0);
}

// d²L/dw² by composed attention against differences of first gradients.
TEST(SecondDerivatives, GoThroughComposedAttention) {
  const auto model =
      golden_model("llama", {}, {.dtype = torch::kFloat64, .memory = LoadOptions::Memory::owned});
  model->attention = AttentionKernel::composed;
  const Tensor tokens = golden_tensors("llama")["tokens"].narrow(1, 0, 8);
  Tensor weight = model->named_parameters()["model.layers.0.self_attn.q_proj.weight"];
  const Tensor direction = direction_like(weight, "direction");
  const auto slope = [&](bool keep_graph) {
    const auto gradient =
        torch::autograd::grad({loss_of(*model, tokens)}, {weight}, {}, keep_graph, keep_graph)[0];
    return (gradient * direction).sum();
  };
  const Tensor curvature = torch::autograd::grad({slope(true)}, {weight})[0];
  const double expected = (curvature * direction).sum().item<double>();
  const auto move = [&](double by) {
    const torch::NoGradGuard no_grad;
    weight.add_(direction, by);
  };
  move(kStep);
  const double above = slope(false).item<double>();
  move(-2 * kStep);
  const double below = slope(false).item<double>();
  EXPECT_NEAR((above - below) / (2 * kStep), expected, kTolerance * (1 + std::abs(expected)));
}

TEST(FreshModels, AreDrawnFromTheStreamAlone) {
  const auto config = golden_model("gpt2")->config();
  const auto one = make_model(config, Random(5)), same = make_model(config, Random(5)),
             other = make_model(config, Random(6));
  const auto first = one->named_parameters(), second = same->named_parameters(),
             third = other->named_parameters();
  const char* const name = "transformer.h.0.attn.c_attn.weight";
  EXPECT_TRUE(torch::equal(first[name], second[name]));
  EXPECT_FALSE(torch::equal(first[name], third[name]));
  // 3072 numbers: the deviation of a deviation of 0.02 is 0.02 / sqrt(2 * 3072).
  EXPECT_NEAR(first[name].std().item<double>(), 0.02, 5 * 0.02 / 78);
  // GPT-2 draws what enters the residual stream smaller: 0.02 / sqrt(2 layers * 2).
  EXPECT_NEAR(first["transformer.h.0.attn.c_proj.weight"].std().item<double>(), 0.01,
              5 * 0.01 / 45);
}

}  // namespace
}  // namespace ordo::lm
