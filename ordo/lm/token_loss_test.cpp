// The loss that holds some rows of scores at a time against LibTorch's of all, in float64.
#include "ordo/lm/token_loss.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/lm/lm_testing.h"
#include "ordo/tensor/random.h"

namespace ordo::lm {
namespace {

using torch::Tensor;

// Rows by hundreds of thousands of tokens, so that scores come in several parts.
constexpr std::int64_t kVocabulary = 300'000, kWidth = 8, kRows = 17;

Tensor drawn(std::vector<std::int64_t> shape, const std::string& name) {
  Tensor tensor = torch::empty(shape);
  tensor::fill(tensor, tensor::Draw::normal(1), Random(1).split(name));
  return tensor;
}

struct Case {
  Linear head = Linear(LinearShape{.in = kWidth, .out = kVocabulary});
  Tensor hidden = drawn({1, kRows, kWidth}, "hidden").requires_grad_();
  Tensor targets = torch::arange(kRows).view({1, kRows}) * 17'000;
  Case() {
    const torch::NoGradGuard no_grad;
    head->weight.copy_(drawn({kVocabulary, kWidth}, "weight"));
  }
  Tensor expected(const Tensor& wide_hidden, const Tensor& wide_weight) const {
    return torch::cross_entropy_loss(torch::linear(wide_hidden, wide_weight).flatten(0, 1),
                                     targets.flatten());
  }
};

double largest(const Tensor& difference) { return difference.abs().max().item<double>(); }

TEST(TokenLoss, AndItsGradientsAreThoseOfAllScores) {
  Case one;
  const Tensor loss = token_loss(*one.head, one.hidden, one.targets);
  const Tensor hidden = one.hidden.detach().to(torch::kFloat64).requires_grad_();
  const Tensor weight = one.head->weight.detach().to(torch::kFloat64).requires_grad_();
  const Tensor expected = one.expected(hidden, weight);
  EXPECT_NEAR(loss.item<double>(), expected.item<double>(), 1e-5);
  (loss * 3).backward();
  (expected * 3).backward();
  // Sums of 300,000 products of float32, whose errors mostly cancel; gradients are below 1.
  EXPECT_LE(largest(one.hidden.grad() - hidden.grad()), 1e-5);
  EXPECT_LE(largest(one.head->weight.grad() - weight.grad()), 1e-6);
  EXPECT_GT(largest(one.hidden.grad()), 0.01);
}

TEST(TokenLoss, HasSecondDerivatives) {
  Case one;
  const Tensor along = drawn({1, kRows, kWidth}, "along");
  const auto curvature = [&](const Tensor& loss, const Tensor& hidden) {
    const Tensor gradient = torch::autograd::grad({loss}, {hidden}, {}, true, true)[0];
    return torch::autograd::grad({(gradient * along.to(hidden.scalar_type())).sum()}, {hidden})[0];
  };
  const Tensor hidden = one.hidden.detach().to(torch::kFloat64).requires_grad_();
  const Tensor expected =
      curvature(one.expected(hidden, one.head->weight.to(torch::kFloat64)), hidden);
  const Tensor found = curvature(token_loss(*one.head, one.hidden, one.targets), one.hidden);
  EXPECT_LE(largest(found - expected), 1e-5);
  EXPECT_GT(largest(expected), 0.001);
}

TEST(TokenLoss, LeavesFrozenHeadsAlone) {
  Case one;
  one.head->weight.set_requires_grad(false);
  token_loss(*one.head, one.hidden, one.targets).backward();
  EXPECT_TRUE(one.hidden.grad().defined());
  EXPECT_FALSE(one.head->weight.grad().defined());
}

TEST(TokenLoss, IsSeenByCaptures) {
  const auto model = golden_model("llama", {}, {.dtype = torch::kFloat32});
  const Tensor tokens = golden_tensors("llama")["tokens"];
  const Tensor hidden = model->hidden({.tokens = tokens});
  const Tensor unseen = model->loss(hidden, tokens);
  const nets::Capture capture(*model, {"lm_head"});
  const Tensor seen = model->loss(hidden, tokens);
  seen.backward();
  EXPECT_TRUE(capture.sites()[0].captured->output_gradient.defined());
  EXPECT_NEAR(seen.item<double>(), unseen.item<double>(), 1e-5);
}

TEST(TokenLoss, RefusesTokensThatTheModelDoesNotKnow) {
  Case one;
  for (const std::int64_t wrong : {std::int64_t{-1}, kVocabulary}) {
    Tensor targets = one.targets.clone();
    targets[0][3] = wrong;
    EXPECT_THROW(token_loss(*one.head, one.hidden, targets), UsageError);
  }
}

TEST(TokenLogProbabilities, AreThoseOfAllScores) {
  const auto model = golden_model("llama");
  const torch::NoGradGuard no_grad;
  const Tensor tokens = golden_tensors("llama")["tokens"];
  const Tensor hidden = model->hidden({.tokens = tokens}).flatten(0, 1);
  const Tensor targets = tokens.flatten();
  const Tensor expected =
      model->head(hidden).log_softmax(-1).gather(1, targets.unsqueeze(1)).squeeze(1);
  EXPECT_LE(difference(token_log_probabilities(*model, hidden, targets), expected), kDouble);
}

TEST(TokenLogProbabilities, AreTheSameInParts) {
  JsonObject config = models::to_json(golden_model("llama")->config()).as_object();
  config["vocab_size"] = kVocabulary;  // of which only some rows' scores are held at once
  const auto model = make_model(models::parse_config(Json(config)), Random(1));
  const torch::NoGradGuard no_grad;
  const Tensor hidden = drawn({kRows, model->config().hidden}, "hidden");
  const Tensor targets = torch::arange(kRows) * 17'000;
  const Tensor expected =
      model->head(hidden).log_softmax(-1).gather(1, targets.unsqueeze(1)).squeeze(1);
  EXPECT_LE(largest(token_log_probabilities(*model, hidden, targets) - expected), 1e-5);
}

}  // namespace
}  // namespace ordo::lm
