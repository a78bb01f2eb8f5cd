// Every family beside the Python package `tokenizers`, and SentencePiece's models beside
// `sentencepiece` (text_golden.py made the files).
#include <cstdlib>

#include <gmock/gmock.h>

#include "ordo/base/file.h"
#include "ordo/base/json.h"
#include "ordo/base/python_testing.h"
#include "ordo/text/tokenizer.h"

namespace ordo::text {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = ORDO_SOURCE_DIR "/ordo/text/golden";

std::vector<TokenId> ids_of(const Json& json) {
  std::vector<TokenId> ids;
  for (const Json& id : json.as_array()) ids.push_back(id.as_int());
  return ids;
}

std::vector<ByteSpan> spans_of(const Json& json) {
  std::vector<ByteSpan> spans;
  const Json::Array& places = json.as_array();
  for (std::size_t at = 0; at + 1 < places.size(); at += 2) {
    spans.push_back({static_cast<std::size_t>(places[at].as_int()),
                     static_cast<std::size_t>(places[at + 1].as_int())});
  }
  return spans;
}

std::string shown(const std::vector<ByteSpan>& spans) {
  std::string text;
  for (const ByteSpan& span : spans) {
    text += std::to_string(span.begin) + "-" + std::to_string(span.end) + " ";
  }
  return text;
}

void expect_case(const Tokenizer& tokenizer, const std::string& text, const Json& wanted) {
  const std::vector<TokenId> plain = ids_of(wanted.at("ids"));
  EXPECT_EQ(tokenizer.encode(text, {.add_special_tokens = false}), plain);
  const Encoding encoding = tokenizer.encode_with_offsets(text, {.add_special_tokens = false});
  EXPECT_EQ(encoding.ids, plain);
  EXPECT_EQ(shown(encoding.offsets), shown(spans_of(wanted.at("offsets"))));
  const std::vector<TokenId> special = ids_of(wanted.at("special"));
  EXPECT_EQ(tokenizer.encode(text), special);
  EXPECT_EQ(tokenizer.encode_with_offsets(text).ids, special);
  EXPECT_EQ(tokenizer.decode(special), wanted.at("text").as_string());
  EXPECT_EQ(tokenizer.decode(special, {.skip_special_tokens = false}),
            wanted.at("whole").as_string());
}

void expect_pair(const Tokenizer& tokenizer, const Json& wanted) {
  const Encoding encoding =
      tokenizer.encode_pair(wanted.at("first").as_string(), wanted.at("second").as_string());
  EXPECT_EQ(encoding.ids, ids_of(wanted.at("ids")));
  EXPECT_EQ(std::vector<TokenId>(encoding.type_ids.begin(), encoding.type_ids.end()),
            ids_of(wanted.at("types")));
  EXPECT_EQ(std::vector<TokenId>(encoding.is_special.begin(), encoding.is_special.end()),
            ids_of(wanted.at("special")));
}

void expect_tokenizer(const Tokenizer& tokenizer, const Json& texts, const Json& wanted) {
  for (std::size_t index = 0; index < texts.size(); ++index) {
    const std::string& text = texts.as_array()[index].as_string();
    SCOPED_TRACE("text " + std::to_string(index) + ": " + text);
    expect_case(tokenizer, text, wanted.at("cases").as_array().at(index));
  }
  for (const Json& pair : wanted.at("pairs").as_array()) expect_pair(tokenizer, pair);
}

// Also what we save, read again.
void expect_equal_to_tokenizers(const fs::path& folder) {
  const Json cases = read_json((folder / "cases.json").string());
  for (const JsonMember& member : cases.at("tokenizers").as_object()) {
    SCOPED_TRACE(member.key);
    const Tokenizer tokenizer = Tokenizer::load(folder / (member.key + ".tokenizer.json"));
    expect_tokenizer(tokenizer, cases.at("strings"), member.value);
    const Tokenizer again = Tokenizer::from_json(tokenizer.to_json());
    expect_tokenizer(again, cases.at("strings"), member.value);
    EXPECT_EQ(again.to_json(), tokenizer.to_json());
  }
}

void expect_equal_to_sentencepiece(const fs::path& folder) {
  const Json cases = read_json((folder / "cases.json").string());
  for (const JsonMember& member : cases.at("sentencepiece").as_object()) {
    const Tokenizer tokenizer = Tokenizer::load(folder / (member.key + ".model"));
    for (const Json& one : member.value.as_array()) {
      const std::string& text = one.at("text").as_string();
      SCOPED_TRACE(member.key + ": " + text);
      EXPECT_EQ(tokenizer.encode(text), ids_of(one.at("ids")));
    }
  }
}

TEST(Golden, EveryFamilyAgreesWithThePackageTokenizers) { expect_equal_to_tokenizers(kGolden); }

TEST(Golden, SentencePieceModelsAgreeWithItsLibrary) { expect_equal_to_sentencepiece(kGolden); }

// What we save is read by Python, and the files are made anew with the packages that are there.
TEST(Golden, AgreesWithThePackagesInstalledHere) {
  const auto interpreter = python_with("tokenizers, sentencepiece, google.protobuf");
  if (!interpreter) {
    GTEST_SKIP() << "no Python with tokenizers, sentencepiece and protobuf; set ORDO_PYTHON";
  }
  const TempFolder folder;
  const std::string script = *interpreter + " " + ORDO_SOURCE_DIR + "/ordo/text/text_golden.py ";
  ASSERT_EQ(std::system((script + folder.path().string()).c_str()), 0);
  expect_equal_to_tokenizers(folder.path());
  expect_equal_to_sentencepiece(folder.path());
  const Json cases = read_json((folder.path() / "cases.json").string());
  fs::create_directory(folder.path() / "saved");
  for (const JsonMember& member : cases.at("tokenizers").as_object()) {
    const Tokenizer tokenizer = Tokenizer::load(folder.path() / (member.key + ".tokenizer.json"));
    write_file_atomic(folder.path() / "saved" / (member.key + ".json"), tokenizer.to_json());
  }
  EXPECT_EQ(std::system((script + "--check " + folder.path().string()).c_str()), 0);
}

TEST(Golden, StreamedTokensGiveTheTextOfAllTogether) {
  const Json cases = read_json((kGolden / "cases.json").string());
  for (const JsonMember& member : cases.at("tokenizers").as_object()) {
    const Tokenizer tokenizer = Tokenizer::load(kGolden / (member.key + ".tokenizer.json"));
    StreamDecoder decoder(tokenizer);
    for (const Json& one : member.value.at("cases").as_array()) {
      const std::vector<TokenId> ids = ids_of(one.at("special"));
      std::string streamed;
      for (const TokenId id : ids) streamed += decoder.push(id);
      streamed += decoder.finish();
      EXPECT_EQ(streamed, tokenizer.decode(ids)) << member.key;
    }
  }
}

}  // namespace
}  // namespace ordo::text
