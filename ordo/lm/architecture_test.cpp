// Every architecture and scaling of positions beside the package `transformers`, in float64.
#include <cstdlib>
#include <ostream>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/python_testing.h"
#include "ordo/lm/lm_testing.h"
#include "ordo/lm/pooling.h"
#include "ordo/tensor/device.h"

namespace ordo::lm {

const std::filesystem::path kGolden = ORDO_SOURCE_DIR "/ordo/lm/golden";

namespace {

using torch::Tensor;

const std::vector<std::string> kCausal = {"llama",          "llama-linear",   "llama-dynamic",
                                          "llama-llama3",   "llama-yarn",     "llama-yarn-smooth",
                                          "llama-longrope", "mistral",        "qwen2",
                                          "qwen3",          "gpt2",           "gpt2-by-layer",
                                          "gpt-neox",       "gpt-neox-serial"};

class BesideTransformers : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    model_ = golden_model(GetParam());
    expected_ = golden_tensors(GetParam());
  }
  const torch::NoGradGuard no_grad_;
  std::shared_ptr<Model> model_;
  std::map<std::string, Tensor> expected_;
};

TEST_P(BesideTransformers, GivesTheSameLogits) {
  const Tensor logits = model_->forward({.tokens = expected_["tokens"]});
  EXPECT_GE(expected_["logits"].std().item<double>(), 1);
  EXPECT_LE(difference(logits, expected_["logits"]), kDouble);
}

TEST_P(BesideTransformers, GivesTheSameLogitsByComposedAttention) {
  model_->attention = AttentionKernel::composed;
  const Tensor logits = model_->forward({.tokens = expected_["tokens"]});
  EXPECT_LE(difference(logits, expected_["logits"]), kDouble);
}

class MaskedBesideTransformers : public BesideTransformers {};

TEST_P(MaskedBesideTransformers, TakesPositionsAndMasksOfTheCaller) {
  Input input{.tokens = expected_["tokens"],
              .positions = expected_["positions"],
              .mask = expected_["mask"]};
  EXPECT_LE(difference(model_->forward(input), expected_["masked_logits"]), kDouble);
  // The same mask as numbers to add, for each head.
  const Tensor added = torch::zeros({1, 4, 40, 40}, torch::kFloat64)
                           .masked_fill_(input.mask.logical_not(), -INFINITY);
  input.mask = added;
  EXPECT_LE(difference(model_->forward(input), expected_["masked_logits"]), kDouble);
}

class GreedyBesideTransformers : public BesideTransformers {};

TEST_P(GreedyBesideTransformers, WritesTheSameText) {
  const Tensor text = expected_["greedy"];
  const std::int64_t prompt = 8;
  Cache cache(model_->config());
  Tensor logits = model_->forward({.tokens = text.narrow(1, 0, prompt)}, &cache);
  for (std::int64_t place = prompt; place < text.size(1); ++place) {
    const Tensor next = logits.select(1, -1).argmax(-1, /*keepdim=*/true);
    ASSERT_EQ(next.item<std::int64_t>(), text[0][place].item<std::int64_t>()) << place;
    logits = model_->forward({.tokens = next}, &cache);
  }
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Architectures, BesideTransformers, testing::ValuesIn(kCausal), test_name);
INSTANTIATE_TEST_SUITE_P(Architectures, MaskedBesideTransformers,
                         testing::Values("llama", "mistral", "qwen3", "gpt2", "gpt-neox"),
                         test_name);
INSTANTIATE_TEST_SUITE_P(Architectures, GreedyBesideTransformers,
                         testing::Values("llama", "llama-dynamic", "llama-longrope", "mistral",
                                         "qwen2", "qwen3", "gpt2", "gpt-neox"),
                         test_name);

// Threads that wait for each other take longer than these models.
class OneThread : public testing::Environment {
 public:
  void SetUp() override { tensor::set_threads(1); }
};
const auto* const kOneThread = testing::AddGlobalTestEnvironment(new OneThread);

// Unless they do, equal logits would say nothing about them.
TEST(Scalings, ChangeLogitsInTheFirstDigits) {
  const torch::NoGradGuard no_grad;
  const Tensor plain = golden_tensors("llama")["logits"];
  const Tensor tokens = golden_tensors("llama")["tokens"];
  for (const char* name : {"llama-linear", "llama-dynamic", "llama-llama3", "llama-yarn",
                           "llama-yarn-smooth", "llama-longrope", "mistral"}) {
    const Tensor logits = golden_model(name)->forward({.tokens = tokens});
    EXPECT_GE(difference(logits, plain), 0.01) << name;
  }
}

// The text of a batch that is short has the frequencies of short texts.
TEST(Scalings, OfATextsLengthAreThoseOfEachRow) {
  const torch::NoGradGuard no_grad;
  for (const char* name : {"llama-dynamic", "llama-longrope"}) {
    const auto model = golden_model(name);
    const Tensor tokens = golden_tensors(name)["tokens"];
    const std::vector<std::int64_t> text = as_vector(tokens);
    const std::vector<std::int64_t> start(text.begin(), text.begin() + 10);
    const Tensor together = model->forward(pad({text, start}, Side::right));
    const Tensor alone = model->forward({.tokens = tokens.narrow(1, 0, 10)});
    EXPECT_LE(difference(together[0], golden_tensors(name)["logits"][0]), kDouble) << name;
    EXPECT_LE(difference(together[1].narrow(0, 0, 10), alone[0]), kDouble) << name;
    EXPECT_GE(difference(together[0].narrow(0, 0, 10), alone[0]), 0.01) << name;
  }
}

TEST(Encoder, GivesTheHiddenStatesOfTransformers) {
  const torch::NoGradGuard no_grad;
  const auto model = golden_model("bert");
  auto expected = golden_tensors("bert");
  const Tensor real = expected["padding"];
  const Tensor hidden = model->hidden(
      {.tokens = expected["tokens"], .real = real, .token_types = expected["token_types"]});
  const Tensor weights = real.unsqueeze(2).to(torch::kFloat64);
  EXPECT_LE(difference(hidden * weights, expected["hidden"] * weights), kDouble);
  EXPECT_LE(difference(mean_of_tokens(hidden, real), expected["pooled"]), kDouble);
  EXPECT_THROW(model->head(hidden), UsageError);
}

TEST(Encoder, ReadsAPaddedTextAsAlone) {
  const torch::NoGradGuard no_grad;
  const auto model = golden_model("bert");
  const Tensor tokens = golden_tensors("bert")["tokens"];
  const std::vector<std::int64_t> text = as_vector(tokens[0]);
  const std::vector<std::int64_t> start(text.begin(), text.begin() + 6);
  const Tensor alone = model->hidden({.tokens = tokens.narrow(0, 0, 1).narrow(1, 0, 6)});
  for (const Side side : {Side::left, Side::right}) {
    const Input batch = pad({text, start}, side);
    const Tensor pooled = mean_of_tokens(model->hidden(batch), batch.real);
    EXPECT_LE(difference(pooled[1], mean_of_tokens(alone, {})[0]), kDouble);
  }
}

// All goldens made again by the package that is installed here.
TEST(Goldens, AreMadeAgainByTransformersInstalledHere) {
  const auto interpreter = python_with("transformers, gguf");
  if (!interpreter) GTEST_SKIP() << "no Python with transformers and gguf; set ORDO_PYTHON";
  const TempFolder folder;
  const std::string script = *interpreter + " " ORDO_SOURCE_DIR "/ordo/lm/";
  const std::string quiet = " 2>/dev/null";
  ASSERT_EQ(
      std::system((script + "transformers_golden.py " + folder.path().string() + quiet).c_str()),
      0);
  ASSERT_EQ(
      std::system(
          (script + "gguf_model_golden.py " + (folder.path() / "gguf").string() + quiet).c_str()),
      0);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (entry.path().extension() != ".safetensors") continue;
    const auto kept = kGolden / std::filesystem::relative(entry.path(), folder.path());
    auto again = tensors_in(entry.path());
    for (const auto& [name, tensor] : tensors_in(kept)) {
      EXPECT_LE(difference(again[name].to(torch::kFloat64), tensor.to(torch::kFloat64)), kDouble)
          << kept << " " << name;
    }
    ++files;
  }
  EXPECT_GT(files, kCausal.size());
}

}  // namespace
}  // namespace ordo::lm
