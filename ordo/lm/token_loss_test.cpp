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

struct Gradients {
  Tensor loss, hidden, weight, curvature;  // the last along a direction in the hidden states
};

Gradients gradients_of(const Tensor& loss, const Tensor& hidden, const Tensor& weight) {
  const Tensor along = drawn(hidden.sizes().vec(), "along").to(hidden.scalar_type());
  const auto first = torch::autograd::grad({loss}, {hidden, weight}, {}, /*retain_graph=*/true);
  const Tensor again = torch::autograd::grad({loss}, {hidden}, {}, true, /*create_graph=*/true)[0];
  const Tensor second = torch::autograd::grad({(again * along).sum()}, {hidden})[0];
  return {loss.detach(), first[0], first[1], second};
}

// Sums over 300,000 tokens round as they are blocked: LibTorch's own float32 is the measure.
TEST(TokenLoss, AndItsGradientsAreThoseOfAllScores) {
  Case one;
  const auto all_scores = [&](torch::Dtype dtype) {
    const Tensor hidden = one.hidden.detach().to(dtype, false, true).requires_grad_();
    const Tensor weight = one.head->weight.detach().to(dtype, false, true).requires_grad_();
    return gradients_of(one.expected(hidden, weight), hidden, weight);
  };
  const Gradients expected = all_scores(torch::kFloat64), single = all_scores(torch::kFloat32);
  const Gradients found =
      gradients_of(token_loss(*one.head, one.hidden, one.targets), one.hidden, one.head->weight);
  const auto expect_as_near = [](const Tensor& ours, const Tensor& theirs, const Tensor& truth) {
    EXPECT_LE(largest(ours - truth), 4 * largest(theirs - truth) + 1e-6 * largest(truth));
    EXPECT_LE(largest(ours - truth), 1e-3 * largest(truth));
  };
  expect_as_near(found.loss, single.loss, expected.loss);
  expect_as_near(found.hidden, single.hidden, expected.hidden);
  expect_as_near(found.weight, single.weight, expected.weight);
  expect_as_near(found.curvature, single.curvature, expected.curvature);
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
    const torch::NoGradGuard composed_of_libtorchs_operations;
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
