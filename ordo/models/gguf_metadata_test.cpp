// What we write of a configuration says the same when it is read.
#include "ordo/models/gguf_metadata.h"

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/models/gguf_config.h"
#include "ordo/models/gguf_write.h"

namespace ordo::models {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

JsonObject fields(const std::string& type, const JsonObject& changes = {}) {
  JsonObject object = {{"model_type", type},
                       {"vocab_size", 100},
                       {"hidden_size", 32},
                       {"intermediate_size", 48},
                       {"num_hidden_layers", 2},
                       {"num_attention_heads", 4},
                       {"num_key_value_heads", 2},
                       {"max_position_embeddings", 64},
                       {"rms_norm_eps", 1e-5},
                       {"rope_theta", 12345.6},
                       {"bos_token_id", 1},
                       {"eos_token_id", Json::array({2, 5})},
                       {"n_embd", 32},
                       {"n_layer", 2},
                       {"n_head", 4},
                       {"n_positions", 64}};
  for (const JsonMember& change : changes) object[change.key] = change.value;
  return object;
}

// The configuration that is read from the file that is written.
Config again(const Config& config) {
  GgufContents contents{.metadata = gguf_metadata(config), .tensors = {}};
  const auto add = [&](const std::string& name, const Shape& shape, std::vector<float> numbers) {
    contents.tensors.push_back(
        {.name = name, .shape = shape, .numbers = [numbers] { return numbers; }});
  };
  add("token_embd.weight", {config.vocabulary, 0}, {});
  if (config.attention_bias) add("blk.0.attn_q.bias", {0}, {});
  if (!config.tied) add("output.weight", {0}, {});
  if (const auto factors = gguf_factors(config); !factors.empty()) {
    add(kGgufFactors, {static_cast<std::int64_t>(factors.size())}, factors);
  }
  const std::string bytes = to_gguf(contents);
  return config_of(parse_gguf(bytes));
}

void expect_same(const Config& one, const Config& other) {
  EXPECT_EQ(one.vocabulary, other.vocabulary);
  EXPECT_EQ(one.hidden, other.hidden);
  EXPECT_EQ(one.layers, other.layers);
  EXPECT_EQ(one.heads, other.heads);
  EXPECT_EQ(one.key_heads, other.key_heads);
  EXPECT_EQ(one.head_size, other.head_size);
  EXPECT_EQ(one.inner, other.inner);
  EXPECT_EQ(one.positions, other.positions);
  EXPECT_EQ(one.norm_epsilon, other.norm_epsilon);
  EXPECT_EQ(one.activation, other.activation);
  EXPECT_EQ(one.attention_bias, other.attention_bias);
  EXPECT_EQ(one.parallel_residual, other.parallel_residual);
  EXPECT_EQ(one.tied, other.tied);
  EXPECT_EQ(one.windows, other.windows);
  EXPECT_EQ(one.bos, other.bos);
  EXPECT_EQ(one.eos, other.eos);
  ASSERT_EQ(one.rope.has_value(), other.rope.has_value());
  if (!one.rope) return;
  EXPECT_EQ(one.rope->theta, other.rope->theta);
  EXPECT_EQ(one.rope->dimensions, other.rope->dimensions);
  EXPECT_EQ(one.rope->factor, other.rope->factor);
  EXPECT_EQ(one.rope->original_positions, other.rope->original_positions);
  EXPECT_EQ(one.rope->beta_fast, other.rope->beta_fast);
  EXPECT_EQ(one.rope->attention_factor, other.rope->attention_factor);
}

TEST(GgufMetadata, SayTheSameWhenTheyAreRead) {
  for (const auto& [type, changes] : std::vector<std::pair<std::string, JsonObject>>{
           {"llama", {}},
           {"llama", {{"head_dim", 16}, {"tie_word_embeddings", true}}},
           {"llama", {{"attention_bias", true}}},
           {"llama", {{"rope_scaling", Json::object({{"rope_type", "linear"}, {"factor", 2.5}})}}},
           {"mistral", {{"sliding_window", 9}}},
           {"mistral", {{"sliding_window", nullptr}}},
           {"qwen2",
            {{"rope_scaling", Json::object({{"rope_type", "yarn"},
                                            {"factor", 4.0},
                                            {"beta_fast", 8.0},
                                            {"original_max_position_embeddings", 16}})}}},
           {"qwen3", {{"head_dim", 16}}},
           {"gpt_neox", {{"use_parallel_residual", false}, {"rotary_emb_base", 50}}},
           {"gpt2", {{"n_inner", 40}}}}) {
    const Config config = parse_config(Json(fields(type, changes)));
    SCOPED_TRACE(Json(config.source).dump());
    expect_same(config, again(config));
  }
}

// The formula of Llama 3's paper by hand: theta = 1 has one frequency, 1, so that a text of 2 pi
// positions is one turn.
TEST(GgufMetadata, StoreLlama3sFrequenciesAsFactors) {
  const auto factor = [](double original) {
    Config config = parse_config(Json(fields("llama", {{"head_dim", 2}})));
    config.rope->scaling = Rope::Scaling::llama3;
    config.rope->factor = 8;
    config.rope->original_positions = original;
    return gguf_factors(config).at(0);
  };
  const double turn = 6.283185307179586;
  EXPECT_EQ(factor(0.5 * turn), 8);
  EXPECT_EQ(factor(5 * turn), 1);
  EXPECT_FLOAT_EQ(factor(2.5 * turn), 1 / (0.5F / 8 + 0.5F));
}

TEST(GgufMetadata, NameWhatTheFileCannotSay) {
  const auto refused = [](const std::string& type, const JsonObject& changes,
                          const std::string& message) {
    const Config config = parse_config(Json(fields(type, changes)));
    EXPECT_THAT([&] { gguf_metadata(config); }, ThrowsMessage<UsageError>(HasSubstr(message)))
        << message;
  };
  refused("bert", {}, "llama, mistral, qwen2, qwen3, gpt2 and gpt_neox");
  refused("gpt_neox", {{"attention_bias", false}}, "attention_bias");
  refused("llama", {{"hidden_act", "gelu"}}, "activation");
  refused("llama", {{"mlp_bias", true}}, "mlp_bias");
  refused("llama", {{"eos_token_id", Json::array({1, 2, 3, 4})}}, "4 tokens that end a text");
  refused("gpt2", {{"scale_attn_by_inverse_layer_idx", true}}, "scale_attn_by_inverse_layer_idx");
  refused("gpt2", {{"scale_attn_weights", false}}, "scale_attn_weights");
  refused("qwen2", {{"use_sliding_window", true}, {"sliding_window", 9}, {"max_window_layers", 1}},
          "sliding windows");
  const auto scaling = [](const JsonObject& members) {
    return JsonObject{{"rope_scaling", Json(members)}};
  };
  refused("llama", scaling({{"rope_type", "dynamic"}, {"factor", 2.0}}), "dynamic");
  refused("llama",
          scaling({{"rope_type", "longrope"},
                   {"factor", 2.0},
                   {"short_factor", Json::array({1, 1, 1, 1})},
                   {"long_factor", Json::array({1, 2, 3, 4})}}),
          "longrope");
  refused("llama", scaling({{"rope_type", "yarn"}, {"factor", 4.0}, {"truncate", false}}),
          "truncate");
  refused("llama", scaling({{"rope_type", "yarn"}, {"factor", 4.0}, {"attention_factor", 1.5}}),
          "attention_factor");
}

}  // namespace
}  // namespace ordo::models
