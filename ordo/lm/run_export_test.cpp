// Models written as GGUF files: our own reader, and llama.cpp itself.
#include "ordo/lm/run_export.h"

#include <cstdlib>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/python_testing.h"
#include "ordo/lm/lm_testing.h"
#include "ordo/lm/lora.h"
#include "ordo/lm/run_generate.h"
#include "ordo/lm/run_train.h"
#include "ordo/models/gguf.h"
#include "ordo/models/gguf_config.h"
#include "ordo/text/bpe_training.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;
using models::GgufType;
using testing::HasSubstr;
using testing::ThrowsMessage;
using torch::Tensor;

text::Tokenizer tokenizer() {
  Context context;
  return text::train_byte_level_bpe({"to be or not to be, that is the question"},
                                    {.vocab_size = 270}, context);
}

// A random model of an architecture of the goldens over the tokens of `tokenizer`.
TextModel random_model(const std::string& golden, JsonObject changes = {}) {
  const text::Tokenizer own = tokenizer();
  changes["vocab_size"] = 288;
  const Json file = read_json((kGolden / (golden + ".json")).string());
  JsonObject config = file.at("config").as_object();
  for (const JsonMember& change : changes) config[change.key] = change.value;
  auto model = make_model(models::parse_config(Json(config)), Random(3));
  const torch::NoGradGuard no_grad;
  for (Tensor& parameter : model->parameters()) {
    // Norms and biases that are not all 1 and 0, and sharp attention.
    parameter.mul_(8).add_(0.1);
  }
  model->eval();
  return {std::move(model), own};
}

Tensor logits_of(Model& model) {
  const torch::NoGradGuard no_grad;
  return model.forward({.tokens = (torch::arange(40) * 7).remainder(270).unsqueeze(0)});
}

class Exported : public testing::Test {
 protected:
  TextModel again(const TextModel& opened, const std::string& type) {
    export_gguf(opened, type, file_);
    return open_text_model({.path = file_}, context_);
  }
  TempFolder folder_;
  const fs::path file_ = folder_.path() / "model.gguf";
  Context context_;
};

const std::vector<std::pair<std::string, JsonObject>> kModels = {
    {"llama", {}},        {"llama", {{"tie_word_embeddings", true}, {"attention_bias", true}}},
    {"llama-linear", {}}, {"llama-yarn", {}},
    {"mistral", {}},      {"qwen2", {{"use_sliding_window", false}}},
    {"qwen3", {}},        {"gpt2", {}},
    {"gpt-neox", {}},     {"gpt-neox-serial", {}}};

TEST_F(Exported, AsFloat32IsTheSameModel) {
  for (const auto& [name, changes] : kModels) {
    SCOPED_TRACE(name);
    const TextModel opened = random_model(name, changes);
    const TextModel read = again(opened, "f32");
    EXPECT_GE(logits_of(*opened.model).std().item<double>(), 1);
    EXPECT_TRUE(torch::equal(logits_of(*opened.model), logits_of(*read.model)));
    EXPECT_EQ(read.tokenizer.encode("to be, or 🙂"), opened.tokenizer.encode("to be, or 🙂"));
    EXPECT_EQ(read.end_tokens(), opened.end_tokens());
  }
}

// The factors of the frequencies are stored in float32.
TEST_F(Exported, KeepsLlama3sPositionsToFloat32) {
  const TextModel opened = random_model("llama-llama3");
  const TextModel read = again(opened, "f32");
  EXPECT_LE(nets::difference(logits_of(*opened.model), logits_of(*read.model)), 1e-4);
  const TextModel plain = random_model("llama");
  EXPECT_GE(nets::difference(logits_of(*plain.model), logits_of(*read.model)), 0.002);
}

TEST_F(Exported, StoresMatricesInTheTypeAndAllElseInFloat32) {
  const TextModel opened = random_model("gpt2");  // rows of 32 and of 48
  const auto types = [&](const std::string& type) {
    export_gguf(opened, type, file_);
    std::map<std::string, GgufType> all;
    for (const models::GgufTensor& tensor : models::read_gguf(file_).tensors) {
      all[tensor.name] = tensor.type;
    }
    return all;
  };
  auto found = types("q8_0");
  EXPECT_EQ(found.at("token_embd.weight"), GgufType::q8_0);
  EXPECT_EQ(found.at("blk.0.ffn_up.weight"), GgufType::q8_0);
  EXPECT_EQ(found.at("blk.0.ffn_down.weight"), GgufType::f16) << "rows of 48";
  EXPECT_EQ(found.at("position_embd.weight"), GgufType::f32);
  EXPECT_EQ(found.at("blk.0.ffn_up.bias"), GgufType::f32);
  EXPECT_EQ(found.at("output_norm.weight"), GgufType::f32);
  found = types("bf16");
  EXPECT_EQ(found.at("blk.0.ffn_down.weight"), GgufType::bf16);
  EXPECT_EQ(found.at("output_norm.bias"), GgufType::f32);
}

// Weights that have 16 bits already lose none, and a file of Q8_0 is written as it was read: each
// block's largest code is 127 again.
TEST_F(Exported, LosesNothingThatTheTypeHolds) {
  TextModel opened = random_model("llama");
  opened.model->to(torch::kBFloat16);
  const TextModel read = again(opened, "bf16");
  for (const auto& parameter : read.model->named_parameters()) {
    const Tensor wanted = opened.model->named_parameters()[parameter.key()];
    EXPECT_TRUE(torch::equal(parameter.value(), wanted.to(torch::kFloat32))) << parameter.key();
  }
  const TextModel rounded = again(random_model("llama"), "q8_0");
  const std::string bytes = read_file(file_);
  again(rounded, "q8_0");
  EXPECT_EQ(read_file(file_), bytes);
}

TEST_F(Exported, TakesAdaptersIn) {
  const TextModel opened = random_model("llama");
  const Tensor before = logits_of(*opened.model);
  const Lora adapter(*opened.model, {.rank = 2}, Random(4));
  const torch::NoGradGuard no_grad;
  for (Tensor& parameter : adapter.parameters()) parameter.add_(0.1);
  const Tensor wanted = logits_of(*opened.model);
  EXPECT_GE(nets::difference(before, wanted), 0.01);
  EXPECT_LE(nets::difference(logits_of(*again(opened, "f32").model), wanted), 1e-4);
}

TEST_F(Exported, RefusesWhatTheFormatLacks) {
  const auto refused = [&](const std::string& name, const std::string& message) {
    EXPECT_THAT([&] { export_gguf(random_model(name), "f32", file_); },
                ThrowsMessage<UsageError>(HasSubstr(message)));
    EXPECT_FALSE(fs::exists(file_));
  };
  refused("bert", "its architecture is bert");
  refused("llama-dynamic", "dynamic");
  refused("gpt2-by-layer", "scale_attn_by_inverse_layer_idx");
  EXPECT_THAT([&] { export_gguf(random_model("llama"), "q4_0", file_); },
              ThrowsMessage<UsageError>(HasSubstr("'q4_0'")));
}

// A model that is sure of what it says writes the same in both programs, whose sums differ in their
// order.
TEST_F(Exported, WritesTheSameTextInLlamaCpp) {
  const auto interpreter = python_with("xllamacpp");
  if (!interpreter) GTEST_SKIP() << "no Python with xllamacpp; set ORDO_PYTHON";
  std::string nursery;
  for (int verse = 0; verse < 300; ++verse) {
    nursery += verse % 3 == 0 ? "Jack and Jill went up the hill. It's 1784, café!\n"
                              : "Mary had a little lamb; its fleece was white as snow.\n";
  }
  write_file_atomic(folder_.path() / "nursery.txt", nursery);
  TrainOptions training;
  training.texts = {folder_.path() / "nursery.txt"};
  training.fresh = {.hidden = 64, .layers = 2, .heads = 4, .key_heads = 2, .vocabulary = 320};
  training.window = 64;
  training.fit = {.steps = 60, .batch = 8, .rate = 0.01};
  training.out = folder_.path() / "toy";
  train_model(training, context_);
  const std::vector<std::string> prompts = {"Mary had", "Jack and", "It's", " was white"};
  for (const std::string type : {"f32", "f16", "bf16", "q8_0"}) {
    SCOPED_TRACE(type);
    export_model({.model = {.path = training.out}, .out = file_, .type = type}, context_);
    const fs::path out = folder_.path() / "texts.json";
    std::string command = *interpreter + " " ORDO_SOURCE_DIR "/ordo/lm/llama_cpp_writes.py " +
                          file_.string() + " " + out.string() + " 48";
    for (const std::string& prompt : prompts) command += " \"" + prompt + "\"";
    ASSERT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0);
    const Json theirs = read_json(out.string());
    GenerateTextOptions options;
    options.model.path = file_;
    options.prompts = prompts;
    options.writing = {.max_tokens = 48, .sampling = {.temperature = 0}};
    const auto ours = generate_texts(options, context_).texts;
    for (std::size_t text = 0; text < prompts.size(); ++text) {
      EXPECT_EQ(ours[text].text, theirs.as_array()[text].as_string()) << prompts[text];
    }
  }
}

}  // namespace
}  // namespace ordo::lm
