// The model that is built in: that it is there, small, and knows English.
#include "ordo/lm/default_model.h"

#include <cmath>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/file.h"
#include "ordo/lm/run_generate.h"
#include "ordo/lm/run_score.h"

namespace ordo::lm {
namespace {

// Jane Austen, Pride and Prejudice (1813), chapter 1: English that the model has not read.
constexpr const char* kPassage =
    "It is a truth universally acknowledged, that a single man in possession of a good fortune, "
    "must be in want of a wife. However little known the feelings or views of such a man may be on "
    "his first entering a neighbourhood, this truth is so well fixed in the minds of the "
    "surrounding families, that he is considered the rightful property of some one or other of "
    "their daughters. \"My dear Mr. Bennet,\" said his lady to him one day, \"have you heard that "
    "Netherfield Park is let at last?\" Mr. Bennet replied that he had not. \"But it is,\" "
    "returned she; \"for Mrs. Long has just been here, and she told me all about it.\" Mr. Bennet "
    "made no answer. \"Do you not want to know who has taken it?\" cried his wife impatiently.";

double mean_loss_of(const TextModel& opened, const std::vector<std::int64_t>& tokens) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor all = torch::tensor(tokens, torch::kInt64).unsqueeze(0);
  const std::int64_t length = all.size(1) - 1;
  const torch::Tensor scores = opened.model->forward({.tokens = all.narrow(1, 0, length)});
  const torch::Tensor each =
      scores.log_softmax(-1).gather(-1, all.narrow(1, 1, length).unsqueeze(-1));
  return -each.mean().item<double>();
}

TEST(DefaultModel, IsAGgufFileOfAtMostTwoMegabytes) {
  EXPECT_LE(default_model_bytes().size(), 2'000'000U);
  EXPECT_EQ(default_model_bytes(), read_file(ORDO_SOURCE_DIR "/ordo/lm/english/tiny-english.gguf"));
  const models::Gguf file = default_model();
  ASSERT_NE(file.find("token_embd.weight"), nullptr);
  EXPECT_EQ(file.find("token_embd.weight")->type, models::GgufType::q8_0);
}

// A model that knows nothing has a perplexity of 2,048, the number of tokens.
TEST(DefaultModel, PredictsEnglishThatItHasNotRead) {
  Context context;
  const TextModel opened = open_text_model({}, context);
  const std::vector<std::int64_t> tokens = opened.tokenizer.encode(kPassage);
  ASSERT_GE(tokens.size(), 150U);
  ASSERT_LE(tokens.size(), 257U) << "more than one window";
  const double loss = mean_loss_of(opened, tokens);
  EXPECT_LT(std::exp(loss), 2048.0 / 15);

  std::vector<std::int64_t> shuffled = tokens;
  Random(1).shuffle(std::span(shuffled));
  EXPECT_GT(mean_loss_of(opened, shuffled), loss + 1.5) << "it knows what follows what";
}

TEST(DefaultModel, IsTakenWhereNoneIsNamed) {
  Context context;
  const GenerateTextResult found = generate_texts(
      {.writing = {.max_tokens = 20, .sampling = {.temperature = 0}}, .prompts = {"Call me"}},
      context);
  ASSERT_EQ(found.texts.size(), 1U);
  EXPECT_FALSE(found.texts[0].text.empty());
  const ScoreResult scored = score(
      {.texts = {"the people of the United States", "the people of the Whale states"}}, context);
  EXPECT_GT(scored.texts[0].log_probability, scored.texts[1].log_probability);
}

}  // namespace
}  // namespace ordo::lm
