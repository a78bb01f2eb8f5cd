#include "ordo/models/config.h"

#include <cmath>

#include <gmock/gmock.h>

#include "ordo/base/error.h"

namespace ordo::models {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

JsonObject llama() {
  return {{"model_type", "llama"},       {"vocab_size", 128256},
          {"hidden_size", 2048},         {"intermediate_size", 8192},
          {"num_hidden_layers", 16},     {"num_attention_heads", 32},
          {"num_key_value_heads", 8},    {"max_position_embeddings", 131072},
          {"rms_norm_eps", 1e-5},        {"rope_theta", 500000.0},
          {"tie_word_embeddings", true}, {"torch_dtype", "bfloat16"}};
}

Config parse(JsonObject object) { return parse_config(Json(std::move(object)), "config.json"); }

TEST(Config, ReadsLlama32) {
  JsonObject object = llama();
  object["rope_scaling"] = Json::object({{"factor", 32.0},
                                         {"high_freq_factor", 4.0},
                                         {"low_freq_factor", 1.0},
                                         {"original_max_position_embeddings", 8192},
                                         {"rope_type", "llama3"}});
  object["eos_token_id"] = Json::array({128001, 128008});
  const Config config = parse(object);
  EXPECT_EQ(config.head_size, 64);
  EXPECT_EQ(config.key_heads, 8);
  EXPECT_TRUE(config.tied);
  EXPECT_EQ(config.dtype, "bfloat16");
  EXPECT_THAT(config.eos, testing::ElementsAre(128001, 128008));
  ASSERT_TRUE(config.rope);
  EXPECT_EQ(config.rope->scaling, Rope::Scaling::llama3);
  EXPECT_EQ(config.rope->theta, 500000);
  EXPECT_EQ(config.rope->factor, 32);
  EXPECT_EQ(config.rope->original_positions, 8192);
}

TEST(Config, ReadsTheNewSpellingOfRotaryPositions) {
  JsonObject object = llama();
  object.erase("rope_theta");
  object["rope_parameters"] =
      Json::object({{"rope_type", "linear"}, {"rope_theta", 123.0}, {"factor", 2}});
  const Config config = parse(object);
  EXPECT_EQ(config.rope->theta, 123);
  EXPECT_EQ(config.rope->scaling, Rope::Scaling::linear);
}

TEST(Config, FillsInWhatOldFilesLeaveOut) {
  JsonObject object = llama();
  for (const char* key : {"num_key_value_heads", "rope_theta", "tie_word_embeddings"}) {
    object.erase(key);
  }
  object["pad_token_id"] = -1;  // of the first Llamas
  const Config config = parse(object);
  EXPECT_EQ(config.key_heads, 32);
  EXPECT_EQ(config.rope->theta, 10000);
  EXPECT_FALSE(config.tied);
  EXPECT_FALSE(config.pad);
}

TEST(Config, KnowsEachLayersWindow) {
  JsonObject object = llama();
  object["model_type"] = "mistral";
  object["num_hidden_layers"] = 3;
  EXPECT_THAT(parse(object).windows, testing::ElementsAre(4096, 4096, 4096));
  object["sliding_window"] = nullptr;
  EXPECT_THAT(parse(object).windows, testing::ElementsAre(0, 0, 0));
  object["sliding_window"] = 9;
  object["model_type"] = "qwen2";
  EXPECT_THAT(parse(object).windows, testing::ElementsAre(0, 0, 0));
  object["use_sliding_window"] = true;
  object["max_window_layers"] = 1;
  EXPECT_THAT(parse(object).windows, testing::ElementsAre(0, 9, 9));
  object["layer_types"] = Json::array({"sliding_attention", "full_attention", "sliding_attention"});
  EXPECT_THAT(parse(object).windows, testing::ElementsAre(9, 0, 9));
}

TEST(Config, NamesFileFieldAndWhatWasExpected) {
  const auto refused = [](const char* key, const Json& value, const std::string& message) {
    JsonObject object = llama();
    object[key] = value;
    EXPECT_THAT([&] { parse(object); }, ThrowsMessage<InputError>(AllOf(
                                            HasSubstr("config.json"),
                                            HasSubstr(std::string("/") + key), HasSubstr(message))))
        << key;
  };
  refused("model_type", "mamba", "llama, mistral, qwen2, qwen3, gpt2, gpt_neox, bert");
  refused("vocab_size", 0, "at least 1");
  refused("vocab_size", "many", "at least 1");
  refused("hidden_size", nullptr, "is missing");
  refused("num_attention_heads", 33, "do not divide hidden_size = 2048");
  refused("num_key_value_heads", 7, "does not divide num_attention_heads = 32");
  refused("rms_norm_eps", -1, "positive");
  refused("hidden_act", "mish", "silu, gelu");
  refused("tie_word_embeddings", "yes", "true or false");
  refused("torch_dtype", "int4", "float32, bfloat16");
  refused("eos_token_id", Json::array({"</s>"}), "numbers");
  refused("quantization_config", Json::object({{"bits", 4}}), "unpack");
  refused("num_hidden_layers", 1'000'000, "at most 10000");
}

TEST(Config, RefusesScalingsThatItDoesNotKnow) {
  JsonObject object = llama();
  object["rope_scaling"] = Json::object({{"type", "su"}, {"factor", 2.0}});
  EXPECT_THAT(
      [&] { parse(object); },
      ThrowsMessage<InputError>(AllOf(HasSubstr("/rope_scaling/type"),
                                      HasSubstr("linear, dynamic, llama3, yarn and longrope"))));
  object["rope_scaling"] = Json::object({{"type", "linear"}});
  EXPECT_THAT([&] { parse(object); }, ThrowsMessage<InputError>(HasSubstr("/rope_scaling/factor")));
}

TEST(Config, ReadsAFactorForEachFrequency) {
  JsonObject object = llama();
  object["hidden_size"] = 128;  // heads of 4
  JsonObject scaling = {{"rope_type", "longrope"},
                        {"factor", 4.0},
                        {"original_max_position_embeddings", 16},
                        {"short_factor", Json::array({1, 1.5})},
                        {"long_factor", Json::array({2, 3})}};
  object["rope_scaling"] = Json(scaling);
  const Config config = parse(object);
  EXPECT_THAT(config.rope->short_factors, testing::ElementsAre(1, 1.5));
  EXPECT_THAT(config.rope->long_factors, testing::ElementsAre(2, 3));
  EXPECT_EQ(config.rope->original_positions, 16);
  EXPECT_NEAR(config.rope->attention_factor, std::sqrt(1.5), 1e-15);  // log 4 / log 16
  scaling["long_factor"] = Json::array({2});
  object["rope_scaling"] = Json(scaling);
  EXPECT_THAT([&] { parse(object); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("/rope_scaling/long_factor"),
                                              HasSubstr("each of 2 frequencies"))));
  scaling["long_factor"] = Json::array({2, -1});
  object["rope_scaling"] = Json(scaling);
  EXPECT_THAT([&] { parse(object); }, ThrowsMessage<InputError>(HasSubstr("positive")));
}

TEST(Config, IsWrittenAsItCame) {
  JsonObject object = llama();
  object["something_else"] = Json::array({1, "two"});
  const Json written = to_json(parse(object));
  EXPECT_EQ(*written.find("something_else"), Json::array({1, "two"}));
  EXPECT_EQ(*written.find("architectures"), Json::array({"LlamaForCausalLM"}));
  EXPECT_EQ(*written.find("dtype"), Json("bfloat16"));
  EXPECT_EQ(written.find("torch_dtype"), nullptr);
}

}  // namespace
}  // namespace ordo::models
