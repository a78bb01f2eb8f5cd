// Every format in which a tokenizer comes, made out of the golden ones and read again; and what is
// wrong with bad ones.
#include "ordo/text/tokenizer.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"
#include "ordo/text/base64.h"
#include "ordo/text/byte_alphabet.h"
#include "ordo/text/tokenizer_spec.h"

namespace ordo::text {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::filesystem::path kGolden = ORDO_SOURCE_DIR "/ordo/text/golden";

Tokenizer golden(const std::string& name) {
  return Tokenizer::load(kGolden / (name + ".tokenizer.json"));
}

TokenizerSpec golden_spec(const std::string& name) {
  return parse_tokenizer_json(read_file(kGolden / (name + ".tokenizer.json")), name);
}

void expect_same(const Tokenizer& found, const Tokenizer& wanted,
                 const EncodeOptions& options = {}) {
  const Json cases = read_json((kGolden / "cases.json").string());
  for (const Json& json : cases.at("strings").as_array()) {
    const std::string& text = json.as_string();
    // What is a token to the one only.
    if (text.find('<') != std::string::npos || text.find('[') != std::string::npos) continue;
    EXPECT_EQ(found.encode(text, options), wanted.encode(text, options)) << text;
  }
}

TEST(TokenizerFiles, Gpt2sTwoFilesGiveTheSameTokens) {
  const TokenizerSpec spec = golden_spec("gpt2");
  const TempFolder folder;
  Json vocab = Json::object();
  for (std::size_t id = 0; id < spec.model.tokens.size(); ++id)
    vocab[spec.model.tokens[id]] = Json(id);
  std::string merges = "#version: 0.2\n";
  for (const MergeRule& rule : spec.model.merges) {
    merges += spec.model.tokens[rule.left] + " " + spec.model.tokens[rule.right] + "\n";
  }
  write_file_atomic(folder.path() / "vocab.json", vocab.dump());
  write_file_atomic(folder.path() / "merges.txt", merges);
  const Tokenizer tokenizer = Tokenizer::load(folder.path());
  expect_same(tokenizer, golden("gpt2"));
  EXPECT_EQ(tokenizer.encode("a<|endoftext|>"), golden("gpt2").encode("a<|endoftext|>"));
}

// Its merges were learned in the order of ids, which are tiktoken's ranks.
TEST(TokenizerFiles, TiktokensRanksGiveTheSameTokens) {
  const TokenizerSpec spec = golden_spec("llama3");
  std::string ranks;
  for (std::size_t id = 2; id < spec.model.tokens.size(); ++id) {  // two are special
    ranks +=
        encode_base64(*from_byte_letters(spec.model.tokens[id])) + " " + std::to_string(id) + "\n";
  }
  const TempFolder folder;
  write_file_atomic(folder.path() / "small.tiktoken", ranks);
  expect_same(Tokenizer::load(folder.path()), golden("llama3"), {.add_special_tokens = false});
  // Llama 3's own folders call them by SentencePiece's name.
  const TempFolder meta;
  write_file_atomic(meta.path() / "tokenizer.model", ranks);
  expect_same(Tokenizer::load(meta.path()), golden("llama3"), {.add_special_tokens = false});
}

TEST(TokenizerFiles, AFolderSaysWhichTokensAreWhat) {
  const TempFolder folder;
  write_file_atomic(folder.path() / "tokenizer.json", read_file(kGolden / "llama2.tokenizer.json"));
  write_file_atomic(folder.path() / "tokenizer_config.json",
                    R"({"bos_token": {"content": "<s>"}, "eos_token": "</s>", "pad_token": null,
                        "add_bos_token": true, "chat_template": "{{ bos_token }}"})");
  const Tokenizer tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(tokenizer.roles().bos, tokenizer.id_of("<s>"));
  EXPECT_EQ(tokenizer.roles().eos, tokenizer.id_of("</s>"));
  EXPECT_EQ(tokenizer.roles().pad, std::nullopt);
  EXPECT_EQ(tokenizer.roles().add_bos, true);
  EXPECT_EQ(tokenizer.roles().chat_template, "{{ bos_token }}");
  const TempFolder copy;
  tokenizer.save(copy.path() / "saved");
  const Tokenizer again = Tokenizer::load(copy.path() / "saved");
  EXPECT_EQ(again.to_json(), tokenizer.to_json());
  EXPECT_EQ(again.roles().eos, tokenizer.roles().eos);
  EXPECT_EQ(again.roles().chat_template, tokenizer.roles().chat_template);
}

JsonObject gguf_of(const TokenizerSpec& spec, const std::string& model) {
  JsonObject metadata;
  metadata["tokenizer.ggml.model"] = model;
  Json tokens = Json::array(), types = Json::array();
  for (std::size_t id = 0; id < spec.model.tokens.size(); ++id) {
    tokens.push_back(spec.model.tokens[id]);
    types.push_back(1);
  }
  for (const AddedToken& added : spec.added_tokens) {
    types.as_array()[static_cast<std::size_t>(added.id)] = added.special ? 3 : 4;
  }
  metadata["tokenizer.ggml.tokens"] = tokens;
  metadata["tokenizer.ggml.token_type"] = types;
  return metadata;
}

Json charsmap_of(const TokenizerSpec& spec) {
  const Json& coded = spec.normalizer.at("normalizers").as_array()[0].at("precompiled_charsmap");
  const std::string bytes = decode_base64(coded.as_string()).value();
  Json numbers = Json::array();
  for (const char byte : bytes)
    numbers.push_back(static_cast<int>(static_cast<unsigned char>(byte)));
  return numbers;
}

TEST(GgufTokenizer, ByteLevelVocabulariesGiveTheSameTokens) {
  for (const auto& [name, pre] : {std::pair{"gpt2", "gpt-2"},
                                  {"llama3", "llama-bpe"},
                                  {"qwen", "qwen2"},
                                  {"gpt4o", "gpt-4o"},
                                  {"smollm", "smollm"}}) {
    SCOPED_TRACE(name);
    TokenizerSpec spec = golden_spec(name);
    if (spec.added_tokens.size() > 2) {
      for (const AddedToken& added : spec.added_tokens) {
        if (static_cast<std::size_t>(added.id) >= spec.model.tokens.size())
          spec.model.tokens.push_back(added.content);
      }
    }
    JsonObject metadata = gguf_of(spec, "gpt2");
    metadata["tokenizer.ggml.pre"] = pre;
    metadata["tokenizer.ggml.eos_token_id"] = 0;
    metadata["tokenizer.chat_template"] = "{{ eos_token }}";
    Json merges = Json::array();
    for (const MergeRule& rule : spec.model.merges) {
      merges.push_back(spec.model.tokens[rule.left] + " " + spec.model.tokens[rule.right]);
    }
    metadata["tokenizer.ggml.merges"] = merges;
    const Tokenizer tokenizer = Tokenizer::from_gguf(metadata);
    expect_same(tokenizer, golden(name), {.add_special_tokens = false});
    EXPECT_EQ(tokenizer.roles().eos, 0);
    EXPECT_EQ(tokenizer.roles().chat_template, "{{ eos_token }}");
  }
}

TEST(GgufTokenizer, SentencePiecesGiveTheSameTokens) {
  const TokenizerSpec unigram =
      parse_sentencepiece(read_file(kGolden / "unigram.model"), "unigram");
  JsonObject metadata = gguf_of(unigram, "t5");
  metadata["tokenizer.ggml.token_type"].as_array()[0] = 2;
  metadata["tokenizer.ggml.scores"] = Json::array_of(unigram.model.scores);
  metadata["tokenizer.ggml.add_eos_token"] = false;
  metadata["tokenizer.ggml.precompiled_charsmap"] = charsmap_of(unigram);
  expect_same(Tokenizer::from_gguf(metadata), Tokenizer(unigram));
}

// SentencePiece gives the pieces of BPE falling scores in the order of their ids.
TEST(GgufTokenizer, LlamasPiecesGiveTheSameTokens) {
  TokenizerSpec bpe = parse_sentencepiece(read_file(kGolden / "bpe.model"), "bpe");
  JsonObject metadata = gguf_of(bpe, "llama");
  Json scores = Json::array(), &types = metadata["tokenizer.ggml.token_type"];
  for (std::size_t id = 0; id < bpe.model.tokens.size(); ++id) {
    scores.push_back(-static_cast<double>(id));
    if (bpe.model.tokens[id].starts_with("<0x")) types.as_array()[id] = 6;
  }
  types.as_array()[*bpe.model.unk] = 2;
  metadata["tokenizer.ggml.scores"] = scores;
  metadata["tokenizer.ggml.remove_extra_whitespaces"] = true;
  metadata["tokenizer.ggml.add_bos_token"] = false;
  metadata["tokenizer.ggml.precompiled_charsmap"] = charsmap_of(bpe);
  expect_same(Tokenizer::from_gguf(metadata), Tokenizer(bpe));
  metadata.erase("tokenizer.ggml.add_bos_token");
  metadata["tokenizer.ggml.bos_token_id"] = 1;
  EXPECT_EQ(Tokenizer::from_gguf(metadata).encode("a").front(), 1);
}

TEST(GgufTokenizer, WordPiecesGiveTheSameTokens) {
  TokenizerSpec spec = golden_spec("bert");
  for (std::string& token : spec.model.tokens) {
    if (token.starts_with("##")) {
      token.erase(0, 2);
    } else if (!token.starts_with("[") || token.size() == 1) {
      token = "\u2581" + token;
    }
  }
  JsonObject metadata = gguf_of(spec, "bert");
  metadata["tokenizer.ggml.unknown_token_id"] = 1;
  metadata["tokenizer.ggml.cls_token_id"] = 2;
  metadata["tokenizer.ggml.seperator_token_id"] = 3;
  TokenizerSpec wanted = golden_spec("bert");
  wanted.model.max_word_length = 100;
  expect_same(Tokenizer::from_gguf(metadata), Tokenizer(wanted));
}

void expect_refused(const std::string& json, const std::string& where, const std::string& what) {
  EXPECT_THAT(
      [&] { Tokenizer::from_json(json, "t.json"); },
      ThrowsMessage<InputError>(AllOf(HasSubstr("t.json"), HasSubstr(where), HasSubstr(what))))
      << json;
}

TEST(TokenizerErrors, NameFileAndField) {
  expect_refused("{", "t.json:1", "malformed JSON");
  expect_refused("[]", "t.json", "expected an object");
  expect_refused("{}", "t.json", "model");
  expect_refused(R"({"model": {"type": "Bigram"}})", "/model",
                 "known are BPE, Unigram, WordLevel and WordPiece");
  expect_refused(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}})",
                 "/model/merges", "merge 0 needs the token 'b'");
  expect_refused(R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}})",
                 "/model/merges", "'ab'");
  expect_refused(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}})",
                 "/model/merges", "space between");
  expect_refused(R"({"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}})", "/model/vocab",
                 "found -1");
  expect_refused(R"({"model": {"type": "BPE", "vocab": {"a": 99999999999}, "merges": []}})",
                 "/model/vocab", "99999999999");
  expect_refused(R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}})",
                 "/model/vocab", "both");
  expect_refused(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "u"}})",
                 "/model/unk_token", "'u'");
  expect_refused(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}})",
                 "/model/dropout", "null");
  expect_refused(R"({"model": {"type": "Unigram", "vocab": [["a", 0]], "unk_id": 5}})",
                 "/model/unk_id", "from 0 to 0");
  expect_refused(R"({"model": {"type": "Unigram", "vocab": [["a"]]}})", "/model/vocab/0", "score");
  const std::string model = R"("model": {"type": "WordLevel", "vocab": {"a": 0}})";
  expect_refused(
      "{" + model +
          R"(, "normalizer": {"type": "Replace", "pattern": {"Regex": "("}, "content": ""}})",
      "/normalizer/pattern/Regex", "malformed");
  expect_refused(
      "{" + model + R"(, "normalizer": {"type": "Precompiled", "precompiled_charsmap": "!"}})",
      "/normalizer/precompiled_charsmap", "Base64");
  expect_refused(
      "{" + model +
          R"(, "pre_tokenizer": {"type": "Split", "pattern": {"String": "a"}, "behavior": "No"}})",
      "/pre_tokenizer/behavior", "Contiguous");
  expect_refused("{" + model + R"(, "added_tokens": [{"content": "x"}]})", "/added_tokens/0", "id");
  expect_refused("{" + model + R"(, "added_tokens": [{"id": -4, "content": "x"}]})",
                 "/added_tokens/0/id", "-4");
  expect_refused("{" + model +
                     R"(, "post_processor": {"type": "TemplateProcessing", "single":
                        [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}], "pair": [], "special_tokens": {}}})",
                 "/post_processor/single/0", "[CLS]");
  std::string deep = "{" + model + R"(, "decoder": )";
  for (int i = 0; i < 900; ++i) deep += "[";
  expect_refused(deep, "t.json", "malformed JSON");
}

TEST(TokenizerErrors, OfOtherFormatsNameThePlace) {
  EXPECT_THAT([] { parse_tiktoken("YQ== 0\nYg== x\n", "f.tiktoken"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("f.tiktoken:2"), HasSubstr("'x'"))));
  EXPECT_THAT([] { parse_tiktoken("YQ== 0\nYg== 0\n", "f.tiktoken"); },
              ThrowsMessage<InputError>(HasSubstr("the rank 0 is there twice")));
  EXPECT_THROW(parse_tiktoken("", "f"), InputError);
  EXPECT_THAT([] { parse_gpt2(R"({"a": 0})", "#version: 0.2\na b\n", "gpt2"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("gpt2/merges.txt"), HasSubstr("merge 2"))));
  EXPECT_THAT([] { parse_gpt2(R"({"a": 0})", "a\n", "gpt2"); },
              ThrowsMessage<InputError>(HasSubstr("gpt2/merges.txt:1")));
  EXPECT_THAT([] { parse_sentencepiece("not protobuf", "x.model"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("x.model"), HasSubstr("SentencePiece"))));
  EXPECT_THROW(parse_sentencepiece("", "x.model"), InputError);
  EXPECT_THAT([] { parse_gguf_tokenizer({}, "x.gguf"); },
              ThrowsMessage<InputError>(HasSubstr("x.gguf: tokenizer.ggml.model")));
  EXPECT_THAT([] { parse_gguf_tokenizer({{"tokenizer.ggml.model", "rwkv"}}, "x.gguf"); },
              ThrowsMessage<InputError>(HasSubstr("known are bert, gpt2, llama and t5")));
  EXPECT_THAT(
      [] {
        parse_gguf_tokenizer({{"tokenizer.ggml.model", "gpt2"}, {"tokenizer.ggml.pre", "odd"}},
                             "x.gguf");
      },
      ThrowsMessage<InputError>(AllOf(HasSubstr("'odd'"), HasSubstr("llama-bpe"))));
  const TempFolder folder;
  EXPECT_THAT([&] { Tokenizer::load(folder.path()); },
              ThrowsMessage<InputError>(HasSubstr("holds no tokenizer")));
  EXPECT_THROW(Tokenizer::load(folder.path() / "nothing.json"), IoError);
  EXPECT_THROW(Tokenizer::load(folder.path() / "nothing"), IoError);
}

// Nothing but an InputError comes out of a beginning of a model.
TEST(TokenizerErrors, TruncatedModelsAreReadOrRefused) {
  const std::string whole = read_file(kGolden / "unigram.model");
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    try {
      parse_sentencepiece(std::string_view(whole).substr(0, size), "x.model");
    } catch (const InputError&) {
    }
  }
}

TEST(Tokenizer, RefusesTextThatIsNotUtf8AndNegativeIds) {
  const Tokenizer tokenizer = golden("gpt2");
  EXPECT_THAT([&] { tokenizer.encode("a\xC3"); }, ThrowsMessage<InputError>(HasSubstr("byte 1")));
  EXPECT_THROW(tokenizer.decode(std::vector<TokenId>{-1}), UsageError);
  EXPECT_THROW(tokenizer.token_of(-1), UsageError);
  EXPECT_THROW(tokenizer.token_of(static_cast<TokenId>(tokenizer.vocab_size())), UsageError);
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{1'000'000}), "");
  EXPECT_FALSE(tokenizer.is_special(-1));
}

TEST(Tokenizer, TextThatLooksLikeASpecialTokenCanStayText) {
  const Tokenizer tokenizer = golden("gpt2");
  const std::string text = "a<|endoftext|>b";
  const std::vector<TokenId> as_text = tokenizer.encode(text, {.special_tokens_in_text = false});
  EXPECT_EQ(tokenizer.encode(text).size(), 3U);
  EXPECT_GT(as_text.size(), 3U);
  EXPECT_EQ(tokenizer.decode(as_text), text);
}

// Words have no limit here: pieces below and above the size from which a heap is used. Each word is
// its own tokens, whatever stands beside it, since no rule reaches over a space.
TEST(Tokenizer, WordsOfAnyLengthAreTheSameAloneAndTogether) {
  const Tokenizer tokenizer = Tokenizer::load(kGolden / "bpe.model");
  const EncodeOptions plain{.add_special_tokens = false};
  std::vector<TokenId> together;
  std::string text;
  for (const std::size_t length : {1U, 5U, 90U, 95U, 96U, 97U, 98U, 200U, 1000U}) {
    std::string word;
    while (word.size() < length) word += "wisdom,quick;brown.fox"[word.size() * 7 % 22];
    const std::vector<TokenId> alone = tokenizer.encode(word, plain);
    together.insert(together.end(), alone.begin(), alone.end());
    text += (text.empty() ? "" : " ") + word;
  }
  EXPECT_EQ(tokenizer.encode(text, plain), together);
  EXPECT_EQ(tokenizer.decode(together), text);
}

TEST(Tokenizer, ThreadsMayShareOne) {
  const Tokenizer tokenizer = golden("llama3");
  const Json cases = read_json((kGolden / "cases.json").string());
  const Json::Array& strings = cases.at("strings").as_array();
  std::vector<std::vector<TokenId>> expected;
  for (const Json& text : strings) expected.push_back(tokenizer.encode(text.as_string()));
  std::atomic<int> different = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([&, copy = tokenizer] {
      for (int round = 0; round < 20; ++round) {
        for (std::size_t text = 0; text < strings.size(); ++text) {
          if (copy.encode(strings[text].as_string()) != expected[text]) ++different;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(different, 0);
}

TEST(Encoding, TruncationKeepsSpecialTokens) {
  const Tokenizer tokenizer = golden("bert");
  const Encoding encoding =
      tokenizer.encode_with_offsets("the quick brown fox jumps over the lazy dog");
  const Encoding cut = truncate(encoding, {.max_length = 5});
  ASSERT_EQ(cut.ids.size(), 5U);
  EXPECT_EQ(cut.ids.front(), encoding.ids.front());
  EXPECT_EQ(cut.ids.back(), encoding.ids.back());
  EXPECT_EQ(cut.ids[1], encoding.ids[1]);
  const Encoding end = truncate(encoding, {.max_length = 5, .left = true});
  EXPECT_EQ(end.ids[3], encoding.ids[encoding.ids.size() - 2]);
  EXPECT_THROW(truncate(encoding, {.max_length = 1}), UsageError);
  EXPECT_EQ(truncate(encoding, {.max_length = 1000}).ids, encoding.ids);
}

TEST(Encoding, PaddingReachesALengthOrAMultiple) {
  const Tokenizer tokenizer = golden("bert");
  ASSERT_TRUE(tokenizer.padding() && tokenizer.truncation());
  EXPECT_EQ(tokenizer.padding()->length, 128U);
  EXPECT_EQ(tokenizer.truncation()->max_length, 128U);
  const Encoding encoding = tokenizer.encode_with_offsets("a");
  EXPECT_EQ(pad(encoding, *tokenizer.padding()).ids.size(), 128U);
  const Encoding left = pad(encoding, {.multiple_of = 8, .left = true, .id = 7}, 5);
  ASSERT_EQ(left.ids.size(), 8U);
  EXPECT_EQ(left.ids[0], 7);
  EXPECT_EQ(left.ids.back(), encoding.ids.back());
  EXPECT_EQ(left.offsets.size(), 8U);
}

// SentencePiece's bytes: the euro sign in three tokens.
TEST(StreamDecoder, NeverEndsWithinACharacter) {
  for (const char* const name : {"llama2", "gpt2"}) {
    const Tokenizer tokenizer = golden(name);
    StreamDecoder decoder(tokenizer);
    std::vector<std::string> pieces;
    for (const TokenId id : tokenizer.encode("x \U0001F9FF€y", {.add_special_tokens = false})) {
      pieces.push_back(decoder.push(id));
    }
    std::string all;
    for (const std::string& piece : pieces) {
      EXPECT_EQ(piece.find("\uFFFD"), std::string::npos) << name;
      all += piece;
    }
    EXPECT_EQ(all + decoder.finish(), "x \U0001F9FF€y") << name;
    const TokenId half = tokenizer.encode("\U0001F9FF", {.add_special_tokens = false})[1];
    EXPECT_EQ(decoder.push(half), "") << name;
    EXPECT_EQ(decoder.finish(), "\uFFFD") << name;
  }
}

TEST(Base64, IsThatOfRfc4648) {
  for (const auto& [plain, coded] :
       {std::pair{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}}) {
    EXPECT_EQ(encode_base64(plain), coded);
    EXPECT_EQ(decode_base64(coded), plain);
  }
  EXPECT_EQ(decode_base64("Zg="), std::nullopt);
  EXPECT_EQ(decode_base64("Z!=="), std::nullopt);
  EXPECT_EQ(decode_base64("===="), std::nullopt);
}

}  // namespace
}  // namespace ordo::text
