// Training: packing, exact resumption, recomputed blocks, adapters.
#include "ordo/lm/fit.h"

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/lm/checkpointed_block.h"
#include "ordo/lm/lm_testing.h"
#include "ordo/lm/lora.h"

namespace ordo::lm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using torch::Tensor;
using Tokens = std::vector<std::int64_t>;

TEST(TokenWindows, FollowEachOtherAndPredictTheNextToken) {
  const Tokens tokens = join_documents({{1, 2, 3}, {}, {4, 5, 6, 7}}, 0);
  EXPECT_THAT(tokens, ElementsAre(1, 2, 3, 0, 0, 4, 5, 6, 7, 0));
  const TokenWindows windows(tokens, 4);
  EXPECT_EQ(windows.count(), 2);
  const Tokens both = {1, 0};
  const TokenWindows::Batch batch = windows.batch(both);
  EXPECT_THAT(as_vector(batch.tokens), ElementsAre(0, 4, 5, 6, 1, 2, 3, 0));
  EXPECT_THAT(as_vector(batch.targets), ElementsAre(4, 5, 6, 7, 2, 3, 0, 0));
  EXPECT_THAT([&] { TokenWindows(tokens, 10); },
              ThrowsMessage<UsageError>(HasSubstr("10 tokens do not fill a window of 10")));
  EXPECT_EQ(TokenWindows(tokens, 9).count(), 1);
}

// A text in which every token follows from the one before.
Tokens counting(std::int64_t count) {
  Tokens tokens;
  for (std::int64_t token = 0; token < count; ++token) tokens.push_back(token * token % 31);
  return tokens;
}

models::Config small() {
  JsonObject config = read_json((kGolden / "llama.json").string()).at("config").as_object();
  return models::parse_config(Json(config));
}

struct Training {
  std::shared_ptr<Model> model = make_model(small(), Random(1));
  nets::FlatParameters parameters{*model};
  std::unique_ptr<optimize::Optimizer> optimizer = optimize::make_optimizer("adamw", {});
  TokenWindows windows{counting(400), 12};
  Context context;

  static FitOptions options(std::int64_t steps) {
    return {.steps = steps,
            .batch = 4,
            .accumulate = 2,
            .rate = 0.01,
            .schedule = {.shape = "cosine", .warmup = 5, .total = 60}};
  }
};

TEST(Fit, LearnsAndTellsTheLoss) {
  Training training;
  Fit fit(*training.model, training.parameters, *training.optimizer, Training::options(60),
          Random(2));
  const double before = mean_loss(*training.model, training.windows, 8, training.context);
  const FitResult result = fit.run(training.windows, &training.windows, training.context);
  EXPECT_NEAR(before, std::log(32), 0.1);  // a fresh model knows nothing
  EXPECT_EQ(result.steps, 60);
  EXPECT_EQ(result.tokens, 60 * 2 * 4 * 12);
  ASSERT_TRUE(result.validation_loss);
  EXPECT_LT(*result.validation_loss, before / 4);
}

TEST(Fit, GoesOnWithTheSameNumbersAfterAStop) {
  Training whole;
  Fit(*whole.model, whole.parameters, *whole.optimizer, Training::options(30), Random(2))
      .run(whole.windows, nullptr, whole.context);

  Training first;
  Json state;
  tensor::NamedTensors kept;
  Tensor values;
  {
    Fit fit(*first.model, first.parameters, *first.optimizer, Training::options(30), Random(2));
    StopSource stop;
    first.context.stop = stop.token();
    fit.save_every = 0;  // at every step
    fit.save = [&] {
      state = fit.state();
      kept = first.optimizer->state();
      values = first.parameters.values().clone();
      if (state.at("step").as_int() == 17) stop.request_stop();
    };
    EXPECT_THROW(fit.run(first.windows, nullptr, first.context), Interrupted);
    EXPECT_EQ(state.at("step").as_int(), 17);
  }
  Training second;
  second.parameters.values().copy_(values);
  second.optimizer->load_state(kept);
  Fit fit(*second.model, second.parameters, *second.optimizer, Training::options(30), Random(2));
  fit.load_state(parse_json(state.dump()));
  fit.run(second.windows, nullptr, second.context);
  EXPECT_TRUE(torch::equal(second.parameters.values(), whole.parameters.values()));
}

// The gradient of a mean over equal parts is the mean of theirs.
TEST(Fit, AccumulatedBatchesMakeTheStepOfALargeOne) {
  Training parts, large;
  FitOptions one = Training::options(1);
  one.accumulate = 1;
  one.batch = 8;
  one.clip = 0;
  FitOptions two = one;
  two.accumulate = 2;
  two.batch = 4;
  large.windows = parts.windows = TokenWindows(counting(97), 12);  // 8 windows: one epoch
  Fit(*large.model, large.parameters, *large.optimizer, one, Random(2))
      .run(large.windows, nullptr, large.context);
  Fit(*parts.model, parts.parameters, *parts.optimizer, two, Random(2))
      .run(parts.windows, nullptr, parts.context);
  EXPECT_LE(difference(parts.parameters.gradients(), large.parameters.gradients()), 1e-6);
}

TEST(Fit, RecomputedBlocksGiveTheSameGradients) {
  for (const char* name : {"llama", "gpt2", "gpt-neox"}) {
    const Tensor tokens = golden_tensors(name)["tokens"].narrow(1, 0, 12);
    const auto gradients = [&](bool recompute) {
      const auto model = golden_model(name);
      const Input input{.tokens = tokens};
      const Pass pass = begin_pass(model->config(), input, nullptr, model->dtype());
      Tensor state = model->embed(input, pass);
      for (std::int64_t layer = 0; layer < 2; ++layer) {
        state = recompute ? checkpointed_block(*model, layer, state, pass)
                          : model->block(layer, state, pass);
      }
      model->head(model->finish(state)).square().sum().backward();
      std::vector<Tensor> all;
      for (const Tensor& parameter : model->parameters()) all.push_back(parameter.grad());
      return all;
    };
    const std::vector<Tensor> plain = gradients(false), recomputed = gradients(true);
    for (std::size_t parameter = 0; parameter < plain.size(); ++parameter) {
      EXPECT_LE(difference(recomputed[parameter], plain[parameter]), kDouble) << name;
    }
  }
}

TEST(Fit, RecomputesWithinAStep) {
  Training plain, recomputing;
  FitOptions options = Training::options(3);
  Fit(*plain.model, plain.parameters, *plain.optimizer, options, Random(2))
      .run(plain.windows, nullptr, plain.context);
  options.recompute = true;
  Fit(*recomputing.model, recomputing.parameters, *recomputing.optimizer, options, Random(2))
      .run(recomputing.windows, nullptr, recomputing.context);
  EXPECT_LE(difference(recomputing.parameters.values(), plain.parameters.values()), 1e-5);
}

TEST(Fit, NamesStepAndRateWhenTheLossIsLost) {
  Training training;
  training.parameters.values().fill_(NAN);
  Fit fit(*training.model, training.parameters, *training.optimizer, Training::options(30),
          Random(2));
  EXPECT_THAT([&] { fit.run(training.windows, nullptr, training.context); },
              ThrowsMessage<NumericError>(HasSubstr("at step 1")));
}

std::shared_ptr<Model> owned(const char* name) {
  return golden_model(name, {}, {.dtype = torch::kFloat64, .memory = LoadOptions::Memory::owned});
}

TEST(Lora, AddsNothingUntilItHasLearned) {
  for (const char* name : {"llama", "gpt2", "gpt-neox"}) {
    const auto model = owned(name);
    const Tensor tokens = golden_tensors(name)["tokens"];
    const torch::NoGradGuard no_grad;
    const Tensor before = model->forward({.tokens = tokens});
    const Lora lora(*model, {.rank = 3}, Random(1));
    EXPECT_TRUE(torch::equal(model->forward({.tokens = tokens}), before)) << name;
  }
}

TEST(Lora, LearnsBesideWeightsThatStayAndMergesIntoThem) {
  const auto model = owned("llama");
  const Tensor tokens = golden_tensors("llama")["tokens"];
  std::vector<Tensor> before;
  for (const Tensor& parameter : model->parameters()) before.push_back(parameter.detach().clone());
  const TempFolder folder;
  Tensor adapted;
  {
    Lora lora(*model, {.rank = 4, .alpha = 8, .targets = {"q_proj", "down_proj"}}, Random(1));
    nets::FlatParameters parameters(lora);
    // 2 layers: q_proj 32 x 32, down_proj 32 x 48, rank 4.
    EXPECT_EQ(parameters.values().numel(), 2 * 4 * (32 + 32 + 32 + 48));
    const auto optimizer = optimize::make_optimizer("adamw", {});
    const TokenWindows windows(counting(400), 12);
    Context context;
    const double loss = mean_loss(*model, windows, 8, context);
    Fit fit(*model, parameters, *optimizer, {.steps = 30, .batch = 8, .rate = 0.01}, Random(2));
    fit.run(windows, nullptr, context);
    EXPECT_LT(mean_loss(*model, windows, 8, context), loss - 1);
    std::size_t place = 0;
    for (const Tensor& parameter : model->parameters()) {
      EXPECT_TRUE(torch::equal(parameter, before[place++]));
    }
    const torch::NoGradGuard no_grad;
    adapted = model->forward({.tokens = tokens});
    lora.write(folder.path() / "adapter", "golden");
  }
  const torch::NoGradGuard no_grad;
  EXPECT_LE(difference(model->forward({.tokens = tokens}), golden_tensors("llama")["logits"]),
            kDouble)
      << "without its adapters the model is as it was";
  EXPECT_TRUE(model->parameters()[0].requires_grad());
  {
    Lora loaded(*model, folder.path() / "adapter");
    EXPECT_TRUE(torch::equal(model->forward({.tokens = tokens}), adapted));
    loaded.merge();
  }
  EXPECT_LE(difference(model->forward({.tokens = tokens}), adapted), kDouble);
}

TEST(Lora, RefusesWhatDoesNotFit) {
  const auto model = owned("llama");
  EXPECT_THAT([&] { Lora(*model, {.targets = {"c_attn"}}, Random(1)); },
              ThrowsMessage<UsageError>(HasSubstr("q_proj, k_proj")));
  const Lora one(*model, {}, Random(1));
  EXPECT_THROW(Lora(*model, {}, Random(1)), UsageError);
  const TempFolder folder;
  one.write(folder.path() / "adapter", "golden");
  const auto other = owned("qwen3");
  EXPECT_THAT([&] { Lora(*other, folder.path() / "adapter"); },
              ThrowsMessage<InputError>(HasSubstr("adapter_model.safetensors")));
}

}  // namespace
}  // namespace ordo::lm
