// Training beside the Python package `tokenizers` (bpe_training_golden.py made the merges) and
// beside a plain twin that counts everything anew before each merge.
#include "ordo/text/bpe_training.h"

#include <cstdlib>
#include <map>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"
#include "ordo/text/byte_alphabet.h"
#include "ordo/text/word_scanner.h"

namespace ordo::text {
namespace {

const std::string kScript = ORDO_SOURCE_DIR "/ordo/text/bpe_training_golden.py";

void expect_equal_to_reference(const std::filesystem::path& folder) {
  const Json golden = read_json((folder / "bpe_training.json").string());
  for (const Json& one : golden.as_array()) {
    std::vector<std::string> texts;
    for (const Json& text : one.at("texts").as_array()) texts.push_back(text.as_string());
    BpeTrainingOptions options;
    options.vocab_size = static_cast<std::size_t>(one.at("vocab_size").as_int());
    options.min_frequency = static_cast<std::uint64_t>(one.at("min_frequency").as_int());
    options.special_tokens.clear();
    for (const Json& token : one.at("special").as_array())
      options.special_tokens.push_back(token.as_string());
    if (one.at("pattern").is_string()) options.pattern = one.at("pattern").as_string();
    Context context;
    const Json made = parse_json(train_byte_level_bpe(texts, options, context).to_json());
    EXPECT_EQ(made.at("model").at("vocab"), one.at("vocab"));
    EXPECT_EQ(made.at("model").at("merges").dump(), one.at("merges").dump());
  }
}

TEST(BpeTraining, FindsTheMergesOfThePackageTokenizers) {
  expect_equal_to_reference(ORDO_SOURCE_DIR "/ordo/text/golden");
}

TEST(BpeTraining, AgreesWithThePackageInstalledHere) {
  const auto interpreter = python_with("tokenizers");
  if (!interpreter) GTEST_SKIP() << "no Python with tokenizers; set ORDO_PYTHON";
  const TempFolder folder;
  ASSERT_EQ(
      std::system((*interpreter + " " + kScript + " " + folder.path().string() + " more").c_str()),
      0);
  expect_equal_to_reference(folder.path());
}

using Spelling = std::vector<std::string>;

// The definition: count all pairs, join the most frequent; of equals the one whose ids are smaller.
std::vector<std::pair<std::string, std::string>> merges_by_definition(
    const std::vector<std::string>& texts, std::size_t merges) {
  std::map<std::string, std::size_t> ids;
  std::map<char32_t, std::string> letters;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char bytes = static_cast<char>(byte);
    letters[letter_of_byte(static_cast<unsigned char>(byte))] = to_byte_letters({&bytes, 1});
  }
  for (const auto& [point, letter] : letters) ids.emplace(letter, ids.size());
  std::vector<Spelling> words;
  for (const std::string& text : texts) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = word_end(text, at, WordPattern::gpt2);
      Spelling word;
      for (; at < end; ++at) word.push_back(to_byte_letters({&text[at], 1}));
      words.push_back(word);
    }
  }
  std::vector<std::pair<std::string, std::string>> found;
  while (found.size() < merges) {
    std::map<std::pair<std::size_t, std::size_t>, int> counts;
    std::map<std::size_t, std::string> names;
    for (const auto& [name, id] : ids) names[id] = name;
    for (const Spelling& word : words) {
      for (std::size_t at = 0; at + 1 < word.size(); ++at)
        ++counts[{ids[word[at]], ids[word[at + 1]]}];
    }
    auto best = counts.end();
    for (auto pair = counts.begin(); pair != counts.end(); ++pair) {
      if (best == counts.end() || pair->second > best->second) best = pair;
    }
    if (best == counts.end() || best->second < 2) break;
    const std::string left = names[best->first.first], right = names[best->first.second];
    found.emplace_back(left, right);
    ids.emplace(left + right, ids.size());
    for (Spelling& word : words) {
      for (std::size_t at = 0; at + 1 < word.size(); ++at) {
        if (word[at] != left || word[at + 1] != right) continue;
        word[at] += right;
        word.erase(word.begin() + static_cast<std::ptrdiff_t>(at) + 1);
      }
    }
  }
  return found;
}

TEST(BpeTraining, FindsWhatTheDefinitionSays) {
  const std::vector<std::string> texts = {
      "low lower lowest newer newest wider widest slow slower",
      "the lowest tower is the newest; the slowest is the widest"};
  Context context;
  const Tokenizer tokenizer =
      train_byte_level_bpe(texts, {.vocab_size = 256 + 25, .special_tokens = {}}, context);
  const Json model = parse_json(tokenizer.to_json()).at("model");
  const auto expected = merges_by_definition(texts, 25);
  ASSERT_EQ(model.at("merges").size(), expected.size());
  for (std::size_t rank = 0; rank < expected.size(); ++rank) {
    const Json& merge = model.at("merges").as_array()[rank];
    EXPECT_EQ(merge.as_array()[0].as_string(), expected[rank].first) << rank;
    EXPECT_EQ(merge.as_array()[1].as_string(), expected[rank].second) << rank;
  }
}

TEST(BpeTraining, ATrainedTokenizerGivesItsTextBack) {
  Context context;
  const Tokenizer tokenizer =
      train_byte_level_bpe({"so much depends upon a red wheel barrow", "so much, so much"},
                           {.vocab_size = 300}, context);
  for (const std::string text : {"so much rain", "käse \U0001F600\n", "", "\x7F\t "}) {
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
  EXPECT_EQ(tokenizer.id_of("<|endoftext|>"), TokenId{0});
  EXPECT_EQ(tokenizer.encode("<|endoftext|>"), std::vector<TokenId>{0});
  EXPECT_LT(tokenizer.encode("so much").size(), 7U);
}

TEST(BpeTraining, RefusesWhatMakesNoSense) {
  Context context;
  const std::vector<std::string> texts = {"abc"};
  EXPECT_THROW(train_byte_level_bpe(texts, {.vocab_size = 100}, context), UsageError);
  EXPECT_THROW(train_byte_level_bpe(texts, {.special_tokens = {""}}, context), UsageError);
  EXPECT_THROW(train_byte_level_bpe({"\xFF"}, {}, context), InputError);
  EXPECT_THROW(train_byte_level_bpe(texts, {.pattern = "("}, context), InputError);
  StopSource source;
  context.stop = source.token();
  source.request_stop();
  EXPECT_THROW(train_byte_level_bpe(texts, {}, context), Interrupted);
}

}  // namespace
}  // namespace ordo::text
