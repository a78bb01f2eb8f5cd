// Adapters beside the package `peft`, in both directions. peft_golden.py made golden/peft.
#include "ordo/lm/lora.h"

#include <cstdlib>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/python_testing.h"
#include "ordo/lm/lm_testing.h"
#include "ordo/lm/text_model.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;
using torch::Tensor;

const std::vector<std::pair<std::string, std::string>> kCases = {
    {"llama-list", "llama"},   {"llama-pattern", "llama"}, {"llama-all", "llama"},
    {"llama-blocks", "llama"}, {"gpt2-list", "gpt2"},      {"gpt-neox-all", "gpt-neox"},
    {"bert-list", "bert"}};

Tensor read(Model& model, const Tensor& tokens) {
  const torch::NoGradGuard no_grad;
  const Input input{.tokens = tokens};
  return model.config().is_encoder() ? model.hidden(input) : model.forward(input);
}

TEST(Lora, ComputesWithAdaptersOfPeftWhatPeftDoes) {
  for (const auto& [name, base] : kCases) {
    const auto model = golden_model(base);
    const fs::path folder = kGolden / "peft" / name;
    auto expected = tensors_in(folder / "logits.safetensors");
    EXPECT_GE(difference(read(*model, expected["tokens"]), expected["logits"]), 0.01) << name;
    const Lora lora(*model, folder);
    EXPECT_LE(difference(read(*model, expected["tokens"]), expected["logits"]), kDouble) << name;
  }
}

// Goldens made again, and adapters of ours in peft's hands.
TEST(Lora, PeftInstalledHereAgrees) {
  const auto interpreter = python_with("peft, transformers");
  if (!interpreter) GTEST_SKIP() << "no Python with peft; set ORDO_PYTHON";
  const TempFolder folder;
  const std::string script = *interpreter + " " ORDO_SOURCE_DIR "/ordo/lm/peft_golden.py " +
                             kGolden.string() + " " + folder.path().string();
  ASSERT_EQ(std::system((script + "/theirs 2>/dev/null").c_str()), 0);
  std::string names;
  for (const auto& [name, base] : kCases) {
    for (const char* file : {"adapter_model.safetensors", "logits.safetensors"}) {
      auto found = tensors_in(folder.path() / "theirs" / name / file);
      for (const auto& [tensor, value] : tensors_in(kGolden / "peft" / name / file)) {
        EXPECT_LE(difference(found[tensor].to(torch::kFloat64), value.to(torch::kFloat64)), kDouble)
            << name << " " << tensor;
      }
    }
    // Those of peft, written again by us.
    const auto model = golden_model(base);
    const Lora lora(*model, kGolden / "peft" / name);
    lora.write(folder.path() / "ours" / name, base);
    names += " " + name;
  }
  // Fresh ones that have learned something.
  for (const std::string base : {"qwen3", "gpt2"}) {
    const auto model = golden_model(base);
    const Lora lora(*model, LoraOptions{.rank = 3, .alpha = 5}, Random(1));
    for (Tensor& value : lora.parameters()) {
      const torch::NoGradGuard no_grad;
      tensor::fill(value, tensor::Draw::normal(0.3), Random(2));
    }
    lora.write(folder.path() / "ours" / (base + "-ours"), base);
    names += " " + base + "-ours";
    auto expected = tensors_in(kGolden / "peft/llama-list/logits.safetensors");
    tensor::write_tensors(folder.path() / (base + ".safetensors"),
                          {{"logits", read(*model, expected["tokens"])}});
  }
  ASSERT_EQ(std::system((script + "/ours" + names + " 2>/dev/null").c_str()), 0);
  for (const auto& [name, base] : kCases) {
    auto found = tensors_in(folder.path() / "ours" / name / "logits.safetensors");
    auto expected = tensors_in(kGolden / "peft" / name / "logits.safetensors");
    EXPECT_LE(difference(found["logits"], expected["logits"]), kDouble) << name;
  }
  for (const std::string base : {"qwen3", "gpt2"}) {
    auto found = tensors_in(folder.path() / "ours" / (base + "-ours") / "logits.safetensors");
    auto expected = tensors_in(folder.path() / (base + ".safetensors"));
    EXPECT_LE(difference(found["logits"], expected["logits"]), kDouble) << base;
  }
}

class Adapters : public testing::Test {
 protected:
  // llama-list with another adapter_config.json.
  void expect_refusal(const JsonObject& changes, const std::vector<std::string>& words) {
    const fs::path file = folder_.path() / "adapter_config.json";
    const fs::path golden = kGolden / "peft/llama-list";
    JsonObject config = read_json((golden / "adapter_config.json").string()).as_object();
    for (const JsonMember& change : changes) config[change.key] = change.value;
    write_file_atomic(file, Json(config).dump());
    fs::copy_file(golden / "adapter_model.safetensors",
                  folder_.path() / "adapter_model.safetensors",
                  fs::copy_options::overwrite_existing);
    try {
      const Lora lora(*model_, folder_.path());
      ADD_FAILURE() << words[0];
    } catch (const InputError& error) {
      for (const std::string& word : words) EXPECT_THAT(error.what(), HasSubstr(word));
    }
  }

  std::shared_ptr<Model> model_ = golden_model("llama");
  TempFolder folder_;
};

TEST_F(Adapters, OfOtherKindsAreRefusedByName) {
  expect_refusal({{"use_dora", true}}, {"adapter_config.json", "/use_dora", "not supported"});
  expect_refusal({{"modules_to_save", Json::array_of(std::vector<std::string>{"lm_head"})}},
                 {"/modules_to_save", "lm_head"});
  expect_refusal({{"bias", "all"}}, {"/bias", "'none'", "'all'"});
  expect_refusal({{"lora_bias", true}}, {"/lora_bias"});
  expect_refusal({{"fan_in_fan_out", true}}, {"/fan_in_fan_out", "llama", "[out, in]"});
  expect_refusal({{"init_lora_weights", "pissa_niter_4"}}, {"/init_lora_weights", "pissa_niter_4"});
  expect_refusal({{"peft_type", "LOHA"}}, {"/peft_type", "LOHA", "LORA"});
}

TEST_F(Adapters, OfAConfigurationThatIsWrongAreRefusedWithTheField) {
  expect_refusal({{"r", 0}}, {"/r"});
  expect_refusal({{"r", 3}}, {"adapter_model.safetensors", "lora_A", "[3, 32]", "[4, 32]"});
  expect_refusal({{"lora_alpha", "8"}}, {"/lora_alpha"});
  expect_refusal({{"target_modules", nullptr}}, {"/target_modules", "expected"});
  expect_refusal({{"target_modules", 3}}, {"/target_modules", "list of names"});
  expect_refusal({{"target_modules", "c_attn"}}, {"/target_modules", "no linear layer"});
  expect_refusal({{"target_modules", "model.layers.("}}, {"adapter_config.json"});
  expect_refusal({{"rank_pattern", Json(JsonObject{{"q_proj", "a"}})}},
                 {"/rank_pattern", "'q_proj'"});
  expect_refusal({{"layers_to_transform", "all"}}, {"/layers_to_transform"});
  // Layers and tensors that do not belong to each other.
  expect_refusal({{"target_modules", "all-linear"}}, {"k_proj.lora_A.weight", "found none"});
  expect_refusal({{"target_modules", Json::array_of(std::vector<std::string>{"q_proj"})}},
                 {"adapter_model.safetensors", "mlp.down_proj.lora", "4 tensors"});
}

TEST_F(Adapters, ThatAreRefusedLeaveTheModelAsItWas) {
  expect_refusal({{"target_modules", "all-linear"}}, {"found none"});
  EXPECT_LE(difference(read(*model_, golden_tensors("llama")["tokens"]),
                       golden_tensors("llama")["logits"]),
            kDouble);
  EXPECT_TRUE(model_->parameters()[0].requires_grad());
}

// peft keeps a head's weight beside its adapter, which may have learned for another one.
TEST_F(Adapters, OfAnotherHeadAreRefused) {
  fs::copy(kGolden / "peft/llama-blocks", folder_.path(), fs::copy_options::recursive);
  auto tensors = tensor::read_tensors(folder_.path() / "adapter_model.safetensors");
  for (auto& [name, value] : tensors) {
    if (name.ends_with("base_layer.weight")) value = value + 1;
  }
  tensor::write_tensors(folder_.path() / "adapter_model.safetensors", tensors);
  EXPECT_THAT([&] { Lora(*model_, folder_.path()); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr("lm_head.base_layer.weight"), HasSubstr("other weights"))));
}

}  // namespace
}  // namespace ordo::lm
