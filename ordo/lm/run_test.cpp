// The verbs, on a toy that they train themselves.
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/npy.h"
#include "ordo/lm/run_chat.h"
#include "ordo/lm/run_eval.h"
#include "ordo/lm/run_generate.h"
#include "ordo/lm/run_score.h"
#include "ordo/lm/run_train.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// A language of few sentences.
std::string nursery() {
  std::string text;
  for (int verse = 0; verse < 300; ++verse) {
    text += verse % 3 == 0 ? "Jack and Jill went up the hill.\n" : "Mary had a little lamb.\n";
  }
  return text;
}

TrainOptions toy(const fs::path& folder) {
  TrainOptions options;
  options.texts = {folder / "nursery.txt"};
  options.fresh = {.hidden = 32, .layers = 1, .heads = 2, .vocabulary = 300};
  options.window = 24;
  options.fit = {.steps = 40, .batch = 8, .rate = 0.02};
  options.out = folder / "toy";
  return options;
}

// Trained once for all tests.
class Verbs : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    write_file_atomic(folder_->path() / "nursery.txt", nursery());
    Context context;
    result_ = train_model(toy(folder_->path()), context);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static fs::path path(const std::string& name) { return folder_->path() / name; }
  static ModelChoice model() { return {.path = path("toy")}; }

  inline static std::unique_ptr<TempFolder> folder_;
  inline static TrainResult result_;
  Context context_;
};

TEST_F(Verbs, TrainLearnsATextByHeart) {
  ASSERT_TRUE(result_.fit.validation_loss);
  EXPECT_LT(*result_.fit.validation_loss, 0.5);
  EXPECT_EQ(result_.fit.steps, 40);
  EXPECT_TRUE(fs::exists(path("toy/tokenizer.json")));
  const PplResult found = ppl({.model = model(), .files = {path("nursery.txt")}}, context_);
  EXPECT_LT(found.perplexity.perplexity, 2);
  EXPECT_EQ(found.text_bytes, static_cast<std::int64_t>(nursery().size()));
}

TEST_F(Verbs, GenerateGoesOnAndStops) {
  GenerateTextOptions options;
  options.model = model();
  options.prompts = {"Mary had a"};
  options.writing = {.max_tokens = 30, .sampling = {.temperature = 0}, .stop = {".\n"}};
  const GenerateTextResult found = generate_texts(options, context_);
  ASSERT_EQ(found.texts.size(), 1U);
  EXPECT_EQ(found.texts[0].text, " little lamb");
  EXPECT_EQ(found.texts[0].end, "stop");
  options.writing.beams = 3;
  options.writing.max_tokens = 10;
  EXPECT_THAT(generate_texts(options, context_).texts[0].text, testing::StartsWith(" little lamb"));
}

TEST_F(Verbs, GenerateDrawsOtherTextsForOtherSeeds) {
  GenerateTextOptions options;
  options.model = model();
  options.prompts = {"The", "Jack"};
  options.count = 3;
  options.writing = {.max_tokens = 12, .sampling = {.temperature = 2}};
  options.batch = 4;
  const auto texts = [&] {
    std::vector<std::string> all;
    for (const WrittenText& one : generate_texts(options, context_).texts) all.push_back(one.text);
    return all;
  };
  const auto first = texts();
  ASSERT_EQ(first.size(), 6U);
  EXPECT_NE(first[0], first[1]);
  EXPECT_EQ(texts(), first);
  context_.random = Random(9);
  EXPECT_NE(texts(), first);
}

TEST_F(Verbs, GenerateReadsPromptsFromFiles) {
  GenerateTextOptions options;
  options.model = model();
  options.writing.max_tokens = 1;
  write_file_atomic(path("prompts.txt"), "Jack\n\nMary\n");
  options.file = path("prompts.txt");
  EXPECT_EQ(generate_texts(options, context_).texts.size(), 2U);
  write_file_atomic(path("prompts.jsonl"), "{\"prompt\": \"Jack\"}\n{\"text\": 1}\n");
  options.file = path("prompts.jsonl");
  EXPECT_THAT([&] { generate_texts(options, context_); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("prompts.jsonl:2"), HasSubstr("/prompt"))));
  options.file.clear();
  EXPECT_THROW(generate_texts(options, context_), UsageError);
}

TEST_F(Verbs, ScoreTellsTextsApart) {
  ScoreOptions options;
  options.model = model();
  options.texts = {"Mary had a little lamb.", "Mary had a little hill."};
  options.tokens = true;
  const ScoreResult found = score(options, context_);
  EXPECT_GT(found.texts[0].log_probability, found.texts[1].log_probability + 1);
  ASSERT_EQ(found.texts[0].tokens.size(), found.texts[0].each.size() + 1);
}

TEST_F(Verbs, EmbedGivesVectorsOfLengthOne) {
  EmbedOptions options;
  options.model = model();
  options.texts = {"Mary had a little lamb.", "Jack", "Mary had a little lamb."};
  options.batch = 2;
  const EmbedResult found = embed(options, context_);
  ASSERT_EQ(found.vectors.size(), 3U);
  double square = 0;
  for (const float number : found.vectors[0]) square += double{number} * number;
  EXPECT_NEAR(square, 1, 1e-5);
  for (std::size_t place = 0; place < 32; ++place) {
    EXPECT_NEAR(found.vectors[0][place], found.vectors[2][place], 1e-5);
  }
  options.out = path("vectors.npy");
  embed(options, context_);
  EXPECT_EQ(read_npy(options.out).shape(), (Shape{3, 32}));
}

TEST_F(Verbs, EvalCountsTheLikelierAnswer) {
  write_file_atomic(path("questions.jsonl"),
                    R"({"question": "Mary had a", "choices": ["little lamb.", "hill."], "answer": 0}
{"question": "Jack and Jill went up", "choices": ["little lamb.", "the hill."], "answer": "B"}
{"question": "Mary had a", "choices": ["hill.", "little lamb."], "answer": 0}
)");
  const EvalResult found = eval({.model = model(), .task = path("questions.jsonl")}, context_);
  EXPECT_EQ(found.choices.all.questions, 3);
  EXPECT_NEAR(found.choices.all.accuracy, 2.0 / 3, 1e-12);
  EXPECT_NEAR(found.choices.all.accuracy_error, std::sqrt(2.0 / 9 / 2), 1e-12);
  EXPECT_NEAR(found.choices.all.normalised_accuracy, 2.0 / 3, 1e-12);
}

TEST_F(Verbs, ChatAnswersByATemplate) {
  ChatOptions options;
  options.speaker.model = model();
  options.say = {"Who had a lamb?", "And Jack?"};
  options.system = "Sing.";
  options.speaker.writing.max_tokens = 5;
  EXPECT_THAT([&] { chat(options, {}, context_); },
              ThrowsMessage<UsageError>(HasSubstr("--template")));
  options.speaker.chat_template = "chatml";
  options.speaker.writing.overflow = "slide";
  std::string shown;
  const ChatResult found =
      chat(options, {}, context_, [&](std::string_view piece) { shown += piece; });
  ASSERT_EQ(found.messages.size(), 5U);
  EXPECT_EQ(*found.messages[4].find("role"), Json("assistant"));
  EXPECT_EQ(shown, to_text(found));
  EXPECT_EQ(to_text(chat(options, {}, context_)), shown);
  options.say.clear();
  EXPECT_THAT([&] { chat(options, {}, context_); },
              ThrowsMessage<UsageError>(HasSubstr("something to say")));
  write_file_atomic(path("chat.json"), R"([{"role": "user", "content": "Who?"}])");
  options.conversation = path("chat.json");
  EXPECT_EQ(chat(options, {}, context_).messages.size(), 3U);
}

TEST_F(Verbs, GenerateShowsOneTextAsItGrows) {
  GenerateTextOptions options;
  options.model = model();
  options.prompts = {"Mary had a"};
  options.writing = {.max_tokens = 10, .sampling = {.temperature = 0}, .stop = {"Jill", "!"}};
  std::vector<std::string> pieces;
  const auto receive = [&](std::string_view piece) { pieces.emplace_back(piece); };
  const auto found = [&] {
    pieces.clear();
    return to_text(generate_texts(options, context_, receive));
  };
  const auto shown = [&] {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return all + "\n";
  };
  EXPECT_EQ(found(), shown());
  EXPECT_GT(pieces.size(), 2U);
  EXPECT_THAT(pieces.front(), testing::StartsWith("Mary had a"));
  options.writing.beams = 2;
  EXPECT_EQ(found(), shown());
  options.writing.beams = 1;
  options.prompts = {std::string(500, 'x')};
  EXPECT_THROW(found(), LimitError);
  EXPECT_TRUE(pieces.empty());
  options.prompts = {"Mary", "Jack"};
  found();
  EXPECT_TRUE(pieces.empty());
}

TEST_F(Verbs, RefuseATokenizerOfAnotherModel) {
  const TempFolder other;
  fs::copy(path("toy"), other.path() / "toy", fs::copy_options::recursive);
  const auto small =
      make_model(config_of({.hidden = 32, .layers = 1, .heads = 2}, 270, 24, 0), Random(1));
  save_model(other.path() / "toy", *small);
  EXPECT_THAT([&] { open_text_model({.path = other.path() / "toy"}, context_); },
              ThrowsMessage<InputError>(HasSubstr("tokens, the model 270")));
}

TEST_F(Verbs, TrainGoesOnWhereItWasInterrupted) {
  TrainOptions options = toy(folder_->path());
  options.out = path("whole");
  options.fit.steps = 12;
  train_model(options, context_);
  options.out = path("parts");
  options.save_every = 0;
  options.resume = true;
  // Stopped by its events after each third step.
  class StopAt : public EventSink {
   public:
    void emit(const Event& event) override {
      const auto* const metric = std::get_if<Metric>(&event.body);
      if (metric != nullptr && metric->name == "loss" && static_cast<int>(metric->step) % 3 == 0) {
        source.request_stop();
      }
    }
    StopSource source;
  };
  int stops = 0;
  while (true) {
    StopAt sink;
    Context context;
    context.events = &sink;
    context.stop = sink.source.token();
    try {
      train_model(options, context);
      break;
    } catch (const Interrupted&) {
      ++stops;
      ASSERT_LT(stops, 10);
    }
  }
  EXPECT_GE(stops, 3);
  for (const char* file : {"model.safetensors", "optimizer.safetensors", "tokenizer.json"}) {
    EXPECT_EQ(read_file(path("parts") / file), read_file(path("whole") / file)) << file;
  }
  EXPECT_THAT([&] { train_model(options, context_); },
              ThrowsMessage<UsageError>(HasSubstr("is finished")));
}

TEST_F(Verbs, AdaptersLearnAndAreKept) {
  write_file_atomic(path("other.txt"), [] {
    std::string text;
    for (int verse = 0; verse < 300; ++verse) text += "Mary and Jill had a little hill.\n";
    return text;
  }());
  TrainOptions options = toy(folder_->path());
  options.texts = {path("other.txt")};
  options.from = path("toy");
  options.adapters = true;
  options.out = path("adapter");
  const TrainResult result = train_model(options, context_);
  EXPECT_LT(*result.fit.validation_loss, 0.5);
  EXPECT_LT(result.parameters, result_.parameters);
  EXPECT_TRUE(fs::exists(path("adapter/adapter_model.safetensors")));
  EXPECT_FALSE(fs::exists(path("adapter/model.safetensors")));
  PplOptions reading{.model = model(), .files = {path("other.txt")}};
  const double without = ppl(reading, context_).perplexity.mean_loss;
  reading.model.adapter = path("adapter");
  EXPECT_LT(ppl(reading, context_).perplexity.mean_loss, without - 1);
  reading.model.adapter = path("nowhere");
  EXPECT_THROW(ppl(reading, context_), IoError);
  options.from.clear();
  EXPECT_THROW(train_model(options, context_), UsageError);
}

}  // namespace
}  // namespace ordo::lm
