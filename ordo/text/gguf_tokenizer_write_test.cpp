// A byte-level tokenizer through a GGUF file's metadata and back.
#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/text/bpe_training.h"
#include "ordo/text/gguf_tokenizer.h"
#include "ordo/text/gguf_words.h"
#include "ordo/text/tokenizer_spec.h"

namespace ordo::text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::vector<std::string> kTexts = {
    "It's 1234 o'clock, I'm sure we'll see; they'd said so in 1999 and 20,000 times!",
    "naïve café — façade\n\n  \tcafe\u0301 x\u0323\u0307 日本語 12 ½ ٣٤ 🙂🙂 \r\n  end  ",
    "for (int i=0;i<10;++i) { a[i]+=1; }   <|endoftext|>x<tool>y"};

// With special tokens at 0 and at the end, one that is no special one, and a hole.
TokenizerSpec spec_of(const GgufWords& words) {
  Context context;
  const std::optional<std::string> pattern =
      words.pattern.empty() ? std::nullopt : std::optional(std::string(words.pattern));
  const Tokenizer trained = train_byte_level_bpe(
      kTexts, {.vocab_size = 300, .min_frequency = 1, .pattern = pattern}, context);
  TokenizerSpec spec = parse_tokenizer_json(trained.to_json(), "trained");
  if (words.individual_digits) {
    spec.pre_tokenizer =
        Json::object({{"type", "Sequence"},
                      {"pretokenizers",
                       Json::array({Json::object({{"type", "Digits"}, {"individual_digits", true}}),
                                    spec.pre_tokenizer})}});
  }
  if (words.nfc) spec.normalizer = Json::object({{"type", "NFC"}});
  spec.model.ignore_merges = words.ignore_merges;
  const auto size = static_cast<TokenId>(spec.model.tokens.size());
  spec.added_tokens.push_back({.id = size + 1, .content = "<tool>"});
  spec.added_tokens.push_back({.id = size + 2, .content = "<s>", .special = true});
  spec.roles.bos = size + 2;
  spec.roles.eos = 0;
  spec.roles.pad = 0;
  return spec;
}

void expect_same(const Tokenizer& one, const Tokenizer& other) {
  for (const std::string& text : kTexts) {
    const std::vector<TokenId> ids = one.encode(text);
    EXPECT_EQ(other.encode(text), ids) << text;
    EXPECT_EQ(other.decode(ids), one.decode(ids));
    EXPECT_EQ(other.decode(ids, {.skip_special_tokens = false}),
              one.decode(ids, {.skip_special_tokens = false}));
  }
  EXPECT_EQ(one.roles().bos, other.roles().bos);
  EXPECT_EQ(one.roles().eos, other.roles().eos);
  EXPECT_EQ(one.roles().pad, other.roles().pad);
  EXPECT_EQ(one.roles().chat_template, other.roles().chat_template);
}

TEST(TokenizerToGguf, ComesBackForEveryWayToCutWords) {
  for (const GgufWords& words : gguf_words()) {
    SCOPED_TRACE(words.name);
    const Tokenizer tokenizer(spec_of(words));
    const JsonObject metadata = to_gguf(tokenizer, tokenizer.vocab_size());
    // Another name may stand for the same, but never llama.cpp's "default".
    EXPECT_NE(metadata.find("tokenizer.ggml.pre")->as_string(), "default");
    expect_same(tokenizer, Tokenizer::from_gguf(metadata));
  }
}

TEST(TokenizerToGguf, FillsTheModelsVocabulary) {
  const Tokenizer tokenizer(spec_of(gguf_words().front()));
  const std::size_t size = tokenizer.vocab_size();
  const JsonObject metadata = to_gguf(tokenizer, size + 2);
  const Json::Array& tokens = metadata.find("tokenizer.ggml.tokens")->as_array();
  ASSERT_EQ(tokens.size(), size + 2);
  EXPECT_EQ(tokens[size - 3], Json("[PAD" + std::to_string(size - 3) + "]")) << "the hole";
  EXPECT_EQ(tokens[size + 1], Json("[PAD" + std::to_string(size + 1) + "]"));
  const Json::Array& types = metadata.find("tokenizer.ggml.token_type")->as_array();
  EXPECT_THAT(types[0], Json(3)) << "control";
  EXPECT_THAT(types[1], Json(1)) << "normal";
  EXPECT_THAT(types[size - 3], Json(5)) << "unused";
  EXPECT_THAT(types[size - 2], Json(4)) << "of the user";
  const Tokenizer again = Tokenizer::from_gguf(metadata);
  expect_same(tokenizer, again);
  const std::vector<TokenId> nobody = {static_cast<TokenId>(size - 3),
                                       static_cast<TokenId>(size + 1)};
  EXPECT_EQ(again.decode(nobody), "") << "as for any id that no token has";
  EXPECT_THAT([&] { to_gguf(tokenizer, size - 1); },
              ThrowsMessage<UsageError>(HasSubstr("the model only")));
}

TEST(TokenizerToGguf, KeepsWhatIsPutAroundTexts) {
  TokenizerSpec spec = spec_of(gguf_words().front());
  spec.roles.chat_template = "{{ messages }}";
  const auto special = [](const char* name) {
    return Json::object({{"SpecialToken", Json::object({{"id", name}, {"type_id", 0}})}});
  };
  const Json text = Json::object({{"Sequence", Json::object({{"id", "A"}, {"type_id", 0}})}});
  const auto framed = [&](Json::Array single) {
    const auto token = [&](const char* name, TokenId id) {
      return Json::object(
          {{"id", name}, {"ids", Json::array({id})}, {"tokens", Json::array({name})}});
    };
    spec.post_processor = Json::object(
        {{"type", "TemplateProcessing"},
         {"single", Json(single)},
         {"pair", Json(single)},
         {"special_tokens", Json::object({{"<s>", token("<s>", *spec.roles.bos)},
                                          {"<|endoftext|>", token("<|endoftext|>", 0)}})}});
    return Tokenizer(spec);
  };
  for (const Tokenizer& tokenizer :
       {framed({special("<s>"), text}), framed({text, special("<|endoftext|>")}),
        framed({special("<s>"), text, special("<|endoftext|>")})}) {
    const Tokenizer again = Tokenizer::from_gguf(to_gguf(tokenizer, 400));
    expect_same(tokenizer, again);
    EXPECT_EQ(again.encode(""), tokenizer.encode(""));
  }
  // The token that is added has the role, whether or not another file said so.
  spec.roles.bos.reset();
  TokenizerSpec unsaid = spec;
  spec.roles.bos = static_cast<TokenId>(spec.model.tokens.size()) + 2;
  unsaid.post_processor =
      parse_tokenizer_json(framed({special("<s>"), text}).to_json(), "x").post_processor;
  EXPECT_EQ(Tokenizer::from_gguf(to_gguf(Tokenizer(unsaid), 400)).roles().bos, spec.roles.bos);
  EXPECT_THAT([&] { to_gguf(framed({special("<s>"), special("<s>"), text}), 400); },
              ThrowsMessage<UsageError>(HasSubstr("more than a token")));
  EXPECT_THAT([&] { to_gguf(framed({special("<|endoftext|>"), text}), 400); },
              ThrowsMessage<UsageError>(HasSubstr("the token that begins texts (bos) is")));
}

TEST(TokenizerToGguf, NamesWhatTheFileCannotExpress) {
  const TokenizerSpec good = spec_of(gguf_words().front());
  const auto refused = [&](const auto& change, const std::string& message) {
    TokenizerSpec spec = good;
    change(spec);
    EXPECT_THAT([&] { to_gguf(Tokenizer(spec), 400); },
                ThrowsMessage<UsageError>(HasSubstr(message)))
        << message;
  };
  const auto part = [](const char* type) { return Json::object({{"type", type}}); };
  refused([](TokenizerSpec& spec) { spec.model.kind = ModelKind::word_level; }, "WordLevel");
  refused([](TokenizerSpec& spec) { spec.model.byte_fallback = true; }, "byte_fallback");
  refused([](TokenizerSpec& spec) { spec.model.end_of_word_suffix = "</w>"; },
          "end_of_word_suffix");
  refused([](TokenizerSpec& spec) { spec.model.ignore_merges = true; }, "no name for words");
  refused([&](TokenizerSpec& spec) { spec.normalizer = part("Lowercase"); },
          "normalizer Lowercase");
  refused([&](TokenizerSpec& spec) { spec.pre_tokenizer = part("Whitespace"); },
          "pre-tokenizer Whitespace");
  refused([&](TokenizerSpec& spec) { spec.pre_tokenizer = Json(); }, "no ByteLevel");
  refused([](TokenizerSpec& spec) { spec.pre_tokenizer["add_prefix_space"] = true; },
          "add_prefix_space");
  refused([](TokenizerSpec& spec) { spec.pre_tokenizer["use_regex"] = false; }, "not cut");
  refused(
      [](TokenizerSpec& spec) {
        spec.pre_tokenizer =
            Json::object({{"type", "Sequence"},
                          {"pretokenizers",
                           Json::array({Json::object({{"type", "Split"},
                                                      {"pattern", Json::object({{"Regex", "a+"}})},
                                                      {"behavior", "Isolated"},
                                                      {"invert", false}}),
                                        Json::object({{"type", "ByteLevel"},
                                                      {"add_prefix_space", false},
                                                      {"use_regex", false}})})}});
      },
      "words cut by 'a+'");
  refused([](TokenizerSpec& spec) { spec.added_tokens.back().lstrip = true; },
          "lstrip of the token '<s>'");
}

}  // namespace
}  // namespace ordo::text
