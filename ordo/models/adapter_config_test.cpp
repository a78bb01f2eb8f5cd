#include "ordo/models/adapter_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/error.h"

namespace ordo::models {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::ThrowsMessage;

// As peft 0.21 writes it, less what says nothing.
constexpr const char* kWritten = R"({
  "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 6, "bias": "none",
  "use_rslora": true, "fan_in_fan_out": true, "use_dora": false, "modules_to_save": null,
  "target_modules": ["q_proj", "mlp.up_proj"], "exclude_modules": "model\\.layers\\.0.*",
  "layers_to_transform": [1, 3], "rank_pattern": {"q_proj": 2}, "alpha_pattern": {"^up": 0.5},
  "init_lora_weights": "gaussian"})";

// The file with one field changed.
AdapterConfig changed(const std::string& key, const Json& value) {
  JsonObject json = parse_json(kWritten).as_object();
  json[key] = value;
  return parse_adapter_config(Json(json).dump(), "a.json");
}

TEST(AdapterConfig, SaysWhatTheFileSays) {
  const AdapterConfig config = parse_adapter_config(kWritten, "a.json");
  EXPECT_EQ(config.rank, 4);
  EXPECT_EQ(config.alpha, 6);
  EXPECT_TRUE(config.is_rooted);
  EXPECT_TRUE(config.is_transposed);
  EXPECT_FALSE(config.is_all_linear);
  EXPECT_THAT(config.targets.names, ElementsAre("q_proj", "mlp.up_proj"));
  EXPECT_EQ(config.excluded.pattern, "model\\.layers\\.0.*");
  EXPECT_THAT(config.blocks, ElementsAre(1, 3));
  EXPECT_THAT(config.ranks, ElementsAre(Pair("q_proj", 2)));
  EXPECT_THAT(config.alphas, ElementsAre(Pair("^up", 0.5)));
  EXPECT_EQ(Json(config.json), parse_json(kWritten));

  EXPECT_TRUE(changed("target_modules", "all-linear").is_all_linear);
  EXPECT_EQ(changed("target_modules", ".*_proj").targets.pattern, ".*_proj");
  EXPECT_THAT(changed("layers_to_transform", 2).blocks, ElementsAre(2));
  EXPECT_THAT(changed("layers_to_transform", nullptr).blocks, IsEmpty());
}

TEST(AdapterConfig, NamesTheFieldThatIsWrong) {
  const auto refused = [](const std::string& key, const Json& value, const std::string& message) {
    EXPECT_THAT([&] { changed(key, value); },
                ThrowsMessage<InputError>(
                    AllOf(HasSubstr("a.json"), HasSubstr("/" + key), HasSubstr(message))))
        << value.dump();
  };
  const Json names = Json::array_of(std::vector<std::string>{"lm_head"});
  refused("r", 65537, "65536");
  refused("r", 2.5, "whole");
  refused("lora_alpha", 0, "positive");
  refused("target_modules", "", "expected a list of names");
  refused("target_modules", Json::array_of(std::vector<std::string>{}), "expected a list of names");
  refused("exclude_modules", Json::array_of(std::vector<int>{1}), "a pattern");
  refused("layers_to_transform", Json::array_of(std::vector<double>{1.5}), "whole numbers");
  for (const Json& rank : {Json(0), Json(1.5), Json(1e300), Json("a")}) {
    refused("rank_pattern", JsonObject{{"q_proj", rank}}, rank.is_string() ? "'q_proj'" : "");
  }
  refused("alpha_pattern", JsonObject{{"q_proj", -1}}, "positive");
  refused("modules_to_save", names, "lm_head");
  refused("peft_type", "LOHA", "only LORA");
  refused("bias", "all", "'none'");
  refused("init_lora_weights", "pissa", "plain LoRA");
  EXPECT_THAT([] { parse_adapter_config("[]", "a.json"); },
              ThrowsMessage<InputError>(HasSubstr("a.json: expected a JSON object")));
}

}  // namespace
}  // namespace ordo::models
