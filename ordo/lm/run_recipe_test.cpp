#include "ordo/lm/run_recipe.h"

#include <cmath>
#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "ordo/base/file.h"
#include "ordo/lm/kneser_ney.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

// Words whose brackets close: what an n-gram model cannot know is which bracket is open.
std::string brackets(std::uint64_t seed) {
  Random random(seed);
  std::string text;
  for (int line = 0; line < 40; ++line) {
    const bool is_round = random.bernoulli(0.5);
    text += is_round ? '(' : '[';
    for (int letter = 0; letter < 8; ++letter) text += random.bernoulli(0.5) ? 'a' : 'b';
    text += is_round ? ")\n" : "]\n";
  }
  return text;
}

class RecipeTest : public testing::Test {
 protected:
  RecipeTest() {
    for (std::uint64_t document = 0; document < 21; ++document) {
      const char letter = static_cast<char>('a' + document);
      const fs::path file = folder_.path() / (std::string(1, letter) + ".txt");
      write_file_atomic(file, brackets(document));
      recipe_.documents.push_back(file);
    }
    recipe_.training.fresh = {.hidden = 32, .layers = 1, .heads = 2, .vocabulary = 257};
    recipe_.training.window = 33;
    recipe_.training.fit = {.steps = 250, .batch = 16, .rate = 0.02};
    recipe_.training.out = folder_.path() / "model";
    recipe_.prompts = {"(ab", "[b"};
  }

  TempFolder folder_;
  Recipe recipe_;
  Context context_;
};

TEST_F(RecipeTest, TellsHowBothModelsPredictTheSameHeldOutTokens) {
  const RecipeResult found = follow(recipe_, context_);
  EXPECT_EQ(found.documents, 21);
  EXPECT_EQ(found.held_out_documents, 1);
  // Which file was held out is not told: it is the one without which the n-gram model, learned
  // anew, says on it what was found.
  const text::Tokenizer tokenizer = text::Tokenizer::load(recipe_.training.out);
  int explained = 0;
  for (const fs::path& held_out : recipe_.documents) {
    std::vector<std::int64_t> learned;
    for (const fs::path& file : recipe_.documents) {
      if (file == held_out) continue;
      const auto one = tokens_in(file, tokenizer, context_);
      learned.insert(learned.end(), one.begin(), one.end());
    }
    auto tokens = tokens_in(held_out, tokenizer, context_);
    tokens.resize((tokens.size() - 1) / 33 * 33 + 1);
    const KneserNey ngram(learned, 257, 5);
    if (std::abs(ngram.mean_loss(tokens) - found.ngram.loss) > 1e-12) continue;
    ++explained;
    EXPECT_EQ(found.held_out_tokens, static_cast<std::int64_t>(tokens.size()) - 1);
    const TextModel opened = open_text_model({.path = recipe_.training.out}, context_);
    EXPECT_NEAR(mean_loss(*opened.model, TokenWindows(tokens, 33), 4, context_), found.model.loss,
                1e-5);
  }
  EXPECT_EQ(explained, 1);
  // Every token is a byte.
  EXPECT_EQ(found.held_out_bytes, found.held_out_tokens);
  EXPECT_NEAR(found.model.bits_per_byte, found.model.loss / std::log(2), 1e-12);
  EXPECT_NEAR(found.ngram.perplexity, std::exp(found.ngram.loss), 1e-12);

  // Eight of eleven bytes and the first bracket are coins: 9/11 bits at best. The n-gram model
  // cannot remember the bracket, and does not know where a line ends.
  EXPECT_LT(found.model.bits_per_byte, found.ngram.bits_per_byte);
  EXPECT_GT(found.model.bits_per_byte, 9.0 / 11 - 0.05);
  EXPECT_EQ(exit_code(found), ExitCode::done);
  EXPECT_EQ(*to_json(found).find("better"), Json(true));

  // The int8 file beside the folder is the same model but for the last bits.
  EXPECT_EQ(found.file.out, folder_.path() / "model.gguf");
  EXPECT_EQ(fs::file_size(found.file.out), found.file.bytes);
  EXPECT_NE(found.int8.loss, found.model.loss);
  EXPECT_NEAR(found.int8.loss, found.model.loss, 0.01);
  ASSERT_EQ(found.samples.size(), 2U);
  EXPECT_EQ(found.samples[1].prompt, "[b");
  EXPECT_GT(found.samples[1].tokens, 0);
}

TEST_F(RecipeTest, SaysThatTheNgramModelIsBetter) {
  recipe_.training.fit.steps = 1;
  recipe_.prompts.resize(1);
  const RecipeResult found = follow(recipe_, context_);
  EXPECT_GT(found.model.loss, found.ngram.loss);
  EXPECT_EQ(exit_code(found), ExitCode::no);
  EXPECT_THAT(to_text(found), HasSubstr("does not beat"));
}

TEST_F(RecipeTest, GoesOnWithJudgingAModelThatHasLearned) {
  recipe_.training.fit.steps = 5;
  recipe_.training.resume = true;
  recipe_.prompts.resize(1);
  // Stopped by what it tells when it begins to judge.
  class StopAtJudging : public EventSink {
   public:
    void emit(const Event& event) override {
      const auto* const message = std::get_if<Message>(&event.body);
      if (message != nullptr && message->text.find("held-out") != std::string::npos) {
        source.request_stop();
      }
    }
    StopSource source;
  };
  StopAtJudging sink;
  Context stopped;
  stopped.events = &sink;
  stopped.stop = sink.source.token();
  EXPECT_THROW(follow(recipe_, stopped), Interrupted);
  const fs::path weights = recipe_.training.out / "model.safetensors";
  const auto written = fs::last_write_time(weights);
  const RecipeResult found = follow(recipe_, context_);
  EXPECT_EQ(fs::last_write_time(weights), written) << "nothing was learned again";

  recipe_.training.out = folder_.path() / "undisturbed";
  const RecipeResult whole = follow(recipe_, context_);
  EXPECT_EQ(found.training.fit.steps, 5);
  EXPECT_EQ(found.training.fit.loss, whole.training.fit.loss);
  EXPECT_EQ(found.training.parameters, whole.training.parameters);
  EXPECT_EQ(found.model.loss, whole.model.loss);
  EXPECT_EQ(found.ngram.loss, whole.ngram.loss);
  EXPECT_EQ(found.samples[0].text, whole.samples[0].text);
}

TEST_F(RecipeTest, HoldsOutOtherDocumentsForOtherSeeds) {
  recipe_.training.fit.steps = 1;
  recipe_.prompts.resize(1);
  std::set<double> losses;
  for (const std::uint64_t seed : {1, 2, 3}) {
    context_.random = Random(seed);
    losses.insert(follow(recipe_, context_).ngram.loss);
  }
  EXPECT_GT(losses.size(), 1U);
  context_.random = Random(3);
  EXPECT_TRUE(losses.contains(follow(recipe_, context_).ngram.loss));
}

TEST_F(RecipeTest, NeedsTwoDocuments) {
  recipe_.documents.resize(1);
  EXPECT_THAT([&] { follow(recipe_, context_); },
              ThrowsMessage<UsageError>(HasSubstr("2 documents")));
}

// Files of the right number and size pass for a data set that is there.
void pretend(const std::string& name, const fs::path& cache,
             const std::vector<std::string>& files) {
  const data::DataTree tree = *data::find_data_set(name).tree;
  fs::create_directories(cache / name);
  for (std::int64_t file = 0; file < tree.files; ++file) {
    const auto place = static_cast<std::size_t>(file);
    const std::string own = place < files.size() ? files[place] : std::to_string(file) + ".json";
    const std::ofstream empty(cache / name / own);
  }
  fs::resize_file(cache / name / files[0], static_cast<std::uintmax_t>(tree.size));
}

TEST(TinyEnglish, LearnsFromTextsAndFromEachOnce) {
  const TempFolder cache;
  pretend("moby-dick", cache.path(), {"data.txt", "chapter_2.txt", "chapter_1.txt", "notes.json"});
  pretend("state-of-the-union", cache.path(), {"1790.txt", "1790.json"});
  Context context;
  const Recipe recipe = tiny_english({.out = "english", .steps = 40},
                                     {.bundled = {}, .cache = cache.path()}, context);
  EXPECT_THAT(recipe.documents, testing::ElementsAre(cache.path() / "moby-dick/chapter_1.txt",
                                                     cache.path() / "moby-dick/chapter_2.txt",
                                                     cache.path() / "state-of-the-union/1790.txt"));
  EXPECT_EQ(recipe.training.fit.steps, 40);
  EXPECT_EQ(recipe.training.out, "english");
}

}  // namespace
}  // namespace ordo::lm
