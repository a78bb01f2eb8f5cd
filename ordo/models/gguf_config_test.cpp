#include "ordo/models/gguf_config.h"

#include <gmock/gmock.h>

#include "ordo/base/error.h"

namespace ordo::models {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Four numbers that are there, and tensors without data.
const std::vector<float> kFactors = {1, 1.5F, 2, 4};

Gguf file(const std::string& architecture, JsonObject changes = {}) {
  Gguf gguf;
  gguf.source = "model.gguf";
  JsonObject& metadata = gguf.metadata;
  metadata["general.architecture"] = architecture;
  const auto set = [&](const std::string& key, const Json& value) {
    metadata[architecture + "." + key] = value;
  };
  set("embedding_length", 32);
  set("block_count", 2);
  set("feed_forward_length", 48);
  set("context_length", 64);
  set("attention.head_count", 4);
  set("attention.head_count_kv", 2);
  set("attention.layer_norm_rms_epsilon", double{1e-5F});
  set("attention.layer_norm_epsilon", double{1e-5F});
  set("rope.freq_base", double{12345.6F});
  metadata["tokenizer.ggml.eos_token_id"] = 7;
  for (const JsonMember& change : changes) metadata[change.key] = change.value;
  gguf.tensors.push_back({.name = "token_embd.weight", .shape = {100, 32}, .bytes = {}});
  return gguf;
}

void add(Gguf& gguf, const std::string& name, Shape shape, std::span<const float> data = {}) {
  gguf.tensors.push_back({.name = name, .shape = std::move(shape), .bytes = std::as_bytes(data)});
}

TEST(GgufConfig, IsThatOfTheFolderBehindTheFile) {
  const Config config = config_of(file("llama", {{"llama.rope.dimension_count", 8}}));
  EXPECT_EQ(config.family, Family::llama);
  EXPECT_EQ(config.vocabulary, 100);
  EXPECT_EQ(config.hidden, 32);
  EXPECT_EQ(config.layers, 2);
  EXPECT_EQ(config.inner, 48);
  EXPECT_EQ(config.positions, 64);
  EXPECT_EQ(config.heads, 4);
  EXPECT_EQ(config.key_heads, 2);
  EXPECT_EQ(config.head_size, 8);
  EXPECT_TRUE(config.tied) << "there is no output.weight";
  EXPECT_THAT(config.eos, testing::ElementsAre(7));
  EXPECT_EQ(parse_config(to_json(config)).hidden, 32);
}

TEST(GgufConfig, GivesFloat32BackAsTheDecimalsTheyWere) {
  const Config config = config_of(file("llama"));
  EXPECT_EQ(config.norm_epsilon, 1e-5);
  EXPECT_EQ(config.rope->theta, 12345.6);
  EXPECT_EQ(config_of(file("gpt2")).norm_epsilon, 1e-5);
}

TEST(GgufConfig, FindsHeadsBiasesWindowsAndTheHead) {
  Gguf gguf =
      file("llama", {{"llama.attention.key_length", 16}, {"llama.attention.sliding_window", 9}});
  add(gguf, "output.weight", {100, 32});
  const Config config = config_of(gguf);
  EXPECT_EQ(config.family, Family::mistral);
  EXPECT_EQ(config.head_size, 16);
  EXPECT_FALSE(config.tied);
  EXPECT_THAT(config.windows, testing::ElementsAre(9, 9));
  Gguf biased = file("llama");
  add(biased, "blk.0.attn_q.bias", {32});
  EXPECT_TRUE(config_of(biased).attention_bias);
}

TEST(GgufConfig, ReadsGptNeoxAndBert) {
  const Config neox = config_of(file(
      "gptneox", {{"gptneox.rope.dimension_count", 6}, {"gptneox.use_parallel_residual", false}}));
  EXPECT_EQ(neox.family, Family::gpt_neox);
  EXPECT_EQ(neox.rope->dimensions, 6);
  EXPECT_EQ(neox.rope->theta, 12345.6);
  EXPECT_FALSE(neox.parallel_residual);
  EXPECT_EQ(neox.norm_epsilon, 1e-5);
  EXPECT_TRUE(neox.tied);
  EXPECT_EQ(parse_config(to_json(neox)).rope->dimensions, 6);
  Gguf gguf = file("bert");
  add(gguf, "token_types.weight", {3, 32});
  const Config bert = config_of(gguf);
  EXPECT_EQ(bert.family, Family::bert);
  EXPECT_EQ(bert.token_types, 3);
  EXPECT_EQ(bert.positions, 64);
  EXPECT_EQ(bert.inner, 48);
  EXPECT_EQ(bert.norm_epsilon, 1e-5);
}

TEST(GgufConfig, ReadsScaledPositions) {
  const Config yarn =
      config_of(file("qwen2", {{"qwen2.rope.scaling.type", "yarn"},
                               {"qwen2.rope.scaling.factor", 4.0},
                               {"qwen2.rope.scaling.original_context_length", 16}}));
  EXPECT_EQ(yarn.rope->scaling, Rope::Scaling::yarn);
  EXPECT_EQ(yarn.rope->original_positions, 16);
  Gguf stretched = file("llama");
  add(stretched, kGgufFactors, {4}, kFactors);
  const Config longrope = config_of(stretched);
  EXPECT_EQ(longrope.rope->scaling, Rope::Scaling::longrope);
  EXPECT_THAT(longrope.rope->long_factors, testing::ElementsAre(1, 1.5, 2, 4));
  EXPECT_EQ(longrope.rope->attention_factor, 1);
}

TEST(GgufConfig, NamesTheKeyThatIsWrong) {
  const auto refused = [](const Gguf& gguf, const std::string& message) {
    EXPECT_THAT([&] { config_of(gguf); }, ThrowsMessage<InputError>(testing::AllOf(
                                              HasSubstr("model.gguf"), HasSubstr(message))))
        << message;
  };
  refused(file("mamba"), "llama, qwen2, qwen3, gpt2, gptneox, bert");
  refused(file("bert"), "token_types.weight");
  refused(file("gptneox"), "gptneox.rope.dimension_count");
  refused(file("llama", {{"llama.block_count", nullptr}}), "llama.block_count");
  refused(file("llama", {{"llama.attention.head_count", Json::array({4, 4})}}),
          "llama.attention.head_count");
  refused(file("llama", {{"llama.rope.scaling.type", "su"}}), "none, linear or yarn");
  Gguf empty = file("llama");
  empty.tensors.clear();
  refused(empty, "token_embd.weight");
}

}  // namespace
}  // namespace ordo::models
