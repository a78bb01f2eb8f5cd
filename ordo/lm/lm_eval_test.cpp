// Multiple choice beside the package `lm_eval`.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/base/json.h"
#include "ordo/base/python_testing.h"
#include "ordo/lm/run_eval.h"
#include "ordo/lm/run_train.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kWords = {
    "Jack", "and", "Jill", "went", "up", "the",   "hill",  "Mary",   "had",    "a",
    "lamb", "her", "fell", "down", "to", "fetch", "crown", "Ärger!", "日本語", "3.14"};

std::string words(Random& random, std::uint64_t most) {
  std::string text;
  for (std::uint64_t count = 1 + random.below(most); count > 0; --count) {
    if (!text.empty()) text += ' ';
    text += kWords[random.below(kWords.size())];
  }
  return text;
}

// Questions of every length, without words or with spaces at their end, with 2 to 5 answers.
std::string questions() {
  Random random(5);
  std::string lines;
  for (int number = 0; number < 120; ++number) {
    std::string question = number % 20 == 0 ? "" : words(random, 20);
    if (number % 7 == 1) question += "  ";
    Json::Array answers;
    for (std::uint64_t count = 2 + random.below(4); count > 0; --count) {
      answers.emplace_back(words(random, 4) + std::string(count, '.'));  // no two are equal
    }
    const auto right = static_cast<std::int64_t>(random.below(answers.size()));
    lines += Json::object(
                 {{"question", question}, {"choices", Json(std::move(answers))}, {"answer", right}})
                 .dump() +
             "\n";
  }
  return lines;
}

std::string rows(Random& random, int count) {
  std::string text;
  for (int row = 0; row < count; ++row) {
    text += "\" " + words(random, 9) + "? \"";
    for (int answer = 0; answer < 4; ++answer) text += "," + words(random, 3);
    text += std::string(",") + "ABCD"[random.below(4)] + "\n";
  }
  return text;
}

class BesideLmEval : public testing::Test {
 protected:
  void SetUp() override {
    interpreter_ = python_with("lm_eval, transformers, accelerate");
    if (!interpreter_) GTEST_SKIP() << "no Python with lm_eval; set ORDO_PYTHON";
    std::string text;
    Random random(3);
    for (int line = 0; line < 400; ++line) text += words(random, 12) + ".\n";
    write_file_atomic(path("text.txt"), text);
    TrainOptions options;
    options.texts = {path("text.txt")};
    options.fresh = {.hidden = 32, .layers = 2, .heads = 2, .vocabulary = 320};
    options.window = 48;
    options.fit = {.steps = 60, .batch = 8, .rate = 0.02};
    options.out = path("model");
    train_model(options, context_);
  }

  fs::path path(const std::string& name) const { return folder_.path() / name; }

  void expect_agreement(const fs::path& task) {
    eval({.model = {.path = path("model"), .dtype = "float32"},
          .task = task,
          .shots = 2,
          .batch = 5,
          .out = path("scores.jsonl")},
         context_);
    const std::string command = *interpreter_ + " " ORDO_SOURCE_DIR "/ordo/lm/lm_eval_agrees.py " +
                                path("model").string() + " " + task.string() + " " +
                                path("scores.jsonl").string() + " 2 2>" + path("log").string();
    EXPECT_EQ(std::system(command.c_str()), 0) << read_file(path("log"));
  }

  TempFolder folder_;
  Context context_;
  std::optional<std::string> interpreter_;
};

TEST_F(BesideLmEval, LinesOfQuestionsAreAnsweredAlike) {
  write_file_atomic(path("questions.jsonl"), questions());
  expect_agreement(path("questions.jsonl"));
}

TEST_F(BesideLmEval, MmluIsAnsweredAlike) {
  Random random(8);
  fs::create_directories(path("mmlu/dev"));
  fs::create_directories(path("mmlu/test"));
  for (const std::string subject : {"high_school_art", "virology"}) {
    write_file_atomic(path("mmlu/dev/" + subject + "_dev.csv"), rows(random, 5));
    write_file_atomic(path("mmlu/test/" + subject + "_test.csv"), rows(random, 30));
  }
  expect_agreement(path("mmlu"));
}

}  // namespace
}  // namespace ordo::lm
