// Batches, caches, masks and positions against the same text read alone and at once.
#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/lm/lm_testing.h"
#include "ordo/lm/pooling.h"

namespace ordo::lm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;
using torch::Tensor;

// One of each way to know positions, windows and frequencies.
const std::vector<std::string> kNames = {"llama", "llama-yarn", "mistral", "qwen2",
                                         "qwen3", "gpt2",       "gpt-neox"};

class Reading : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    model_ = golden_model(GetParam());
    auto golden = golden_tensors(GetParam());
    tokens_ = golden["tokens"];
    logits_ = golden["logits"];
    text_ = as_vector(tokens_);
  }
  Tensor read(const Tensor& tokens, Cache& cache) {
    return model_->forward({.tokens = tokens}, &cache);
  }
  // Logits of the last token after a prefix of the text.
  Tensor after(std::int64_t tokens) {
    return model_->forward({.tokens = tokens_.narrow(1, 0, tokens)})[0][tokens - 1];
  }

  const torch::NoGradGuard no_grad_;
  std::shared_ptr<Model> model_;
  Tensor tokens_, logits_;
  std::vector<std::int64_t> text_;
};

TEST_P(Reading, InPiecesEqualsReadingAtOnce) {
  Cache cache(model_->config());
  std::int64_t done = 0;
  for (const std::int64_t piece : {5, 1, 1, 9, 1, 13, 1, 9}) {
    const Tensor logits = read(tokens_.narrow(1, done, piece), cache);
    done += piece;
    EXPECT_LE(difference(logits[0][piece - 1], after(done)), kDouble) << done;
  }
  EXPECT_EQ(done, 40);
  EXPECT_EQ(cache.length(), 40);
}

TEST_P(Reading, GoesOnFromAnEarlierPlace) {
  Cache cache(model_->config());
  read(tokens_.narrow(1, 0, 20), cache);
  read(tokens_.narrow(1, 30, 7), cache);
  cache.truncate(20);
  EXPECT_LE(difference(read(tokens_.narrow(1, 20, 20), cache)[0][19], after(40)), kDouble);
  cache.truncate(0);
  EXPECT_LE(difference(read(tokens_, cache), logits_), kDouble);
}

TEST_P(Reading, RowsOfABatchEqualTheTextsAlone) {
  const std::vector<std::vector<std::int64_t>> texts = {{text_.begin(), text_.begin() + 11},
                                                        {text_.begin() + 3, text_.begin() + 31},
                                                        {text_.begin() + 7, text_.begin() + 8}};
  for (const Side side : {Side::left, Side::right}) {
    const Input batch = pad(texts, side, /*filler=*/9);
    const Tensor logits = model_->forward(batch);
    EXPECT_TRUE(logits.isfinite().all().item<bool>());
    for (std::size_t row = 0; row < texts.size(); ++row) {
      const Tensor alone = model_->forward(pad({texts[row]}, side));
      const auto size = static_cast<std::int64_t>(texts[row].size());
      const Tensor own = logits[static_cast<std::int64_t>(row)].narrow(
          0, side == Side::left ? 28 - size : 0, size);
      EXPECT_LE(difference(own, alone[0]), kDouble) << row;
    }
  }
}

// Padding stays in the cache; rows go on from where their real tokens ended.
TEST_P(Reading, PaddedRowsGoOnAsTheTextsAlone) {
  const std::vector<std::int64_t> shorter(text_.begin(), text_.begin() + 9);
  const std::vector<std::int64_t> longer(text_.begin() + 5, text_.begin() + 22);
  const std::vector<std::int64_t> next = {text_[30], text_[31], text_[32]};
  for (const Side side : {Side::left, Side::right}) {
    const Input batch = pad({shorter, longer}, side);
    Cache cache(model_->config());
    Tensor logits = last_token(model_->forward(batch, &cache), batch.real);
    for (const std::int64_t token : next) {
      logits = model_->forward({.tokens = torch::full({2, 1}, token, torch::kInt64)}, &cache)
                   .select(1, -1);
    }
    std::int64_t row = 0;
    for (std::vector<std::int64_t> text : {shorter, longer}) {
      text.insert(text.end(), next.begin(), next.end());
      const Tensor alone = model_->forward(pad({text}, side)).select(1, -1);
      EXPECT_LE(difference(logits[row++], alone[0]), kDouble);
    }
  }
}

TEST_P(Reading, OneCacheServesSeveralTexts) {
  Cache cache(model_->config());
  read(tokens_.narrow(1, 0, 12), cache);
  cache.select(torch::tensor({0, 0, 0}, torch::kInt64));
  EXPECT_EQ(cache.rows(), 3);
  const Tensor next = torch::tensor({4, 5, 6}, torch::kInt64).unsqueeze(1);
  const Tensor logits = read(next, cache);
  for (std::int64_t row = 0; row < 3; ++row) {
    const Tensor text = torch::cat({tokens_.narrow(1, 0, 12), next.narrow(0, row, 1)}, 1);
    EXPECT_LE(difference(logits[row], model_->forward({.tokens = text})[0].narrow(0, 12, 1)),
              kDouble);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Reading, testing::ValuesIn(kNames), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

// Permuting what a mask hides from each other, with positions kept, permutes the result: two
// options that a question sees, but that do not see each other, in both orders.
TEST(Masks, TextsThatDoNotSeeEachOtherHaveNoOrder) {
  const torch::NoGradGuard no_grad;
  for (const char* name : {"llama", "gpt2", "gpt-neox"}) {
    const auto model = golden_model(name);
    const std::int64_t start = 3, size = 4, length = start + 2 * size + 1;
    Tensor mask = torch::ones({length, length}, torch::kBool).tril();
    mask.narrow(0, start + size, size).narrow(1, start, size).fill_(false);
    const auto read = [&](const std::vector<std::int64_t>& tokens) {
      std::vector<std::int64_t> positions = {0, 1, 2, 3, 4, 5, 6, 3, 4, 5, 6, 7};
      return model
          ->forward({.tokens = torch::tensor(tokens, torch::kInt64).unsqueeze(0),
                     .positions = torch::tensor(positions, torch::kInt64).unsqueeze(0),
                     .mask = mask.view({1, 1, length, length})})[0]
          .select(0, -1);
    };
    const Tensor one = read({1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 5});
    const Tensor other = read({1, 2, 3, 20, 21, 22, 23, 10, 11, 12, 13, 5});
    EXPECT_LE(difference(one, other), kDouble) << name;
    mask.copy_(torch::ones({length, length}, torch::kBool).tril());
    EXPECT_GE(difference(read({1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 5}),
                         read({1, 2, 3, 20, 21, 22, 23, 10, 11, 12, 13, 5})),
              0.01)
        << name;
  }
}

TEST(Masks, TheUsualOneWrittenOutChangesNothing) {
  const torch::NoGradGuard no_grad;
  const auto model = golden_model("mistral");
  auto golden = golden_tensors("mistral");
  const Tensor ones = torch::ones({1, 1, 40, 40}, torch::kBool);
  const Tensor window = ones.tril().logical_and(ones.tril(-7).logical_not());
  EXPECT_LE(
      difference(model->forward({.tokens = golden["tokens"], .mask = window}), golden["logits"]),
      kDouble);
}

TEST(Masks, WhoSeesNothingTakesNothingIn) {
  const torch::NoGradGuard no_grad;
  const auto model = golden_model("llama");
  Tensor mask = torch::ones({1, 1, 5, 5}, torch::kBool).tril();
  mask[0][0][2].fill_(false);
  const Input input{.tokens = torch::arange(5).unsqueeze(0), .mask = mask};
  const Tensor fused = model->forward(input);
  model->attention = AttentionKernel::composed;
  EXPECT_TRUE(fused.isfinite().all().item<bool>());
  EXPECT_LE(difference(fused, model->forward(input)), kDouble);
}

TEST(Positions, MovedByTheSameAmountChangeNothingInRotation) {
  const torch::NoGradGuard no_grad;
  const auto model = golden_model("llama");
  auto golden = golden_tensors("llama");
  const Tensor moved = (torch::arange(40) + 1000).unsqueeze(0);
  // Angles of float64 positions near 1000 are rounded to 1e-13.
  EXPECT_LE(difference(model->forward({.tokens = golden["tokens"], .positions = moved}),
                       golden["logits"]),
            1e-9);
  const Tensor spread = (torch::arange(40) * 2).unsqueeze(0);
  EXPECT_GE(difference(model->forward({.tokens = golden["tokens"], .positions = spread}),
                       golden["logits"]),
            0.01);
}

TEST(Embeddings, StandInForTokens) {
  const torch::NoGradGuard no_grad;
  const auto model = golden_model("gpt2");
  const Tensor tokens = golden_tensors("gpt2")["tokens"];
  const Tensor table = model->named_parameters()["transformer.wte.weight"];
  EXPECT_TRUE(torch::equal(model->forward({.embeddings = torch::embedding(table, tokens)}),
                           model->forward({.tokens = tokens})));
}

TEST(Blocks, OneByOneMakeTheHiddenState) {
  const torch::NoGradGuard no_grad;
  const auto model = golden_model("qwen3");
  const Input input{.tokens = golden_tensors("qwen3")["tokens"]};
  const Pass pass = begin_pass(model->config(), input, nullptr, model->dtype());
  Tensor state = model->embed(input, pass);
  for (std::int64_t layer = 0; layer < 2; ++layer) state = model->block(layer, state, pass);
  EXPECT_TRUE(torch::equal(model->finish(state), model->hidden(input)));
}

// float32 and 16-bit models stay near the float64 one: a wrong type in one place would not show in
// float64.
TEST(Types, AgreeWithFloat64UpToTheirRounding) {
  const torch::NoGradGuard no_grad;
  for (const std::string& name : kNames) {
    auto golden = golden_tensors(name);
    const std::pair<torch::Dtype, double> kCases[] = {{torch::kFloat32, 1e-4},
                                                      {torch::kBFloat16, 0.3}};
    for (const auto& [dtype, tolerance] : kCases) {
      const auto model = golden_model(name, {}, {.dtype = dtype});
      const Tensor logits = model->forward({.tokens = golden["tokens"]});
      EXPECT_EQ(logits.scalar_type(), dtype);
      EXPECT_LE(difference(logits, golden["logits"]), tolerance) << name;
    }
  }
}

TEST(Input, IsCheckedAgainstTheModel) {
  const torch::NoGradGuard no_grad;
  const auto model = golden_model("gpt2");
  const auto refused = [&](const Input& input, const std::string& message, Cache* cache = nullptr) {
    EXPECT_THAT([&] { model->forward(input, cache); },
                ThrowsMessage<UsageError>(HasSubstr(message)));
  };
  const Tensor tokens = torch::arange(6).unsqueeze(0);
  refused({}, "expected 'tokens'");
  refused({.tokens = tokens[0]}, "[rows, length]");
  refused({.tokens = torch::empty({1, 0}, torch::kInt64)}, "nothing to read");
  refused({.tokens = tokens + 27}, "'tokens' holds 32; the vocabulary has 32, from 0 to 31");
  refused({.tokens = tokens - 1}, "'tokens' holds -1");
  refused({.tokens = tokens.to(torch::kFloat32)}, "expected Long");
  refused({.tokens = torch::zeros({1, 65}, torch::kInt64)},
          "'positions' holds 64; the model's table of positions has 64");
  refused({.tokens = tokens, .real = torch::ones({1, 5}, torch::kBool)}, "[1, 5], expected [1, 6]");
  refused({.tokens = tokens, .positions = torch::zeros({2, 6}, torch::kInt64)}, "'positions'");
  refused({.tokens = tokens, .mask = torch::ones({1, 1, 6, 7}, torch::kBool)},
          "'mask' has the shape [1, 1, 6, 7], expected [1, 4, 6, 6]");
  refused({.tokens = tokens, .mask = torch::ones({1, 1, 6, 6}, torch::kInt64)}, "expected bool");
  refused({.tokens = tokens, .token_types = tokens}, "no types of tokens");
  refused({.tokens = tokens, .embeddings = torch::zeros({1, 6, 32})}, "found both");
  Cache cache(model->config());
  model->forward({.tokens = tokens}, &cache);
  refused({.tokens = torch::zeros({2, 1}, torch::kInt64)}, "2 rows, the cache 1", &cache);
  EXPECT_THROW(cache.truncate(7), UsageError);
  EXPECT_THROW(pad({}, Side::left), UsageError);
  EXPECT_THROW(pad({{1}, {}}, Side::left), UsageError);
}

TEST(Cache, IsLeftAsItWasByAPassThatFails) {
  const torch::NoGradGuard no_grad;
  const auto model = golden_model("gpt2");
  auto golden = golden_tensors("gpt2");
  Cache cache(model->config());
  model->forward({.tokens = golden["tokens"].narrow(1, 0, 30)}, &cache);
  EXPECT_THROW(model->forward({.tokens = torch::zeros({1, 40}, torch::kInt64)}, &cache),
               UsageError);
  EXPECT_EQ(cache.length(), 30);
  EXPECT_LE(difference(model->forward({.tokens = golden["tokens"].narrow(1, 30, 10)}, &cache)[0],
                       golden["logits"][0].narrow(0, 30, 10)),
            kDouble);
}

TEST(Cache, RefusesGradients) {
  const auto model = golden_model("llama");
  Cache cache(model->config());
  EXPECT_THAT([&] { model->forward({.tokens = torch::arange(3).unsqueeze(0)}, &cache); },
              ThrowsMessage<UsageError>(HasSubstr("NoGradGuard")));
}

}  // namespace
}  // namespace ordo::lm
