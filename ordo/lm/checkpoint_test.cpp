// Folders and GGUF files, in and out, whole and damaged.
#include "ordo/lm/checkpoint.h"

#include <cstdlib>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/python_testing.h"
#include "ordo/base/safetensors.h"
#include "ordo/lm/lm_testing.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;
using torch::Tensor;

const std::vector<std::string> kNames = {"llama", "mistral",  "qwen2",      "qwen3",
                                         "gpt2",  "gpt-neox", "llama-yarn", "bert"};

Tensor read(Model& model, const Tensor& tokens) {
  const torch::NoGradGuard no_grad;
  const Input input{.tokens = tokens};
  return model.config().is_encoder() ? model.hidden(input) : model.forward(input);
}

void expect_same_parameters(const Model& one, const Model& other) {
  const auto first = one.named_parameters(), second = other.named_parameters();
  ASSERT_EQ(first.keys(), second.keys());
  for (const auto& parameter : first) {
    EXPECT_TRUE(torch::equal(parameter.value(), second[parameter.key()])) << parameter.key();
  }
}

TEST(Folders, ComeBackAsTheyWereWritten) {
  for (const std::string& name : kNames) {
    const auto model = golden_model(name, {}, {});
    EXPECT_EQ(model->dtype(), torch::kBFloat16) << "as stored";
    const TempFolder folder;
    for (const std::int64_t bytes : {std::int64_t{1} << 40, std::int64_t{10'000}}) {
      save_model(folder.path() / "saved", *model, {.max_file_bytes = bytes});
      const bool is_sharded = fs::exists(folder.path() / "saved/model.safetensors.index.json");
      EXPECT_EQ(is_sharded, bytes == 10'000);
      EXPECT_NE(is_sharded, fs::exists(folder.path() / "saved/model.safetensors"));
      const auto again = load_model(folder.path() / "saved");
      expect_same_parameters(*model, *again);
      const Tensor tokens = golden_tensors(name)["tokens"];
      EXPECT_TRUE(torch::equal(read(*model, tokens), read(*again, tokens))) << name;
    }
  }
}

TEST(Folders, KeepOtherFilesAndLoseOldShards) {
  const auto model = golden_model("llama", {}, {});
  const TempFolder folder;
  save_model(folder.path(), *model, {.max_file_bytes = 9'000});
  write_file_atomic(folder.path() / "tokenizer.json", "{}");
  save_model(folder.path(), *model);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    names.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("config.json", "model.safetensors", "tokenizer.json"));
}

TEST(Folders, AreMappedUnlessTheTypeIsAnother) {
  const TempFolder folder = golden_folder("llama");
  const auto stored = load_model(folder.path());
  const auto again = load_model(folder.path());
  const char* const name = "model.layers.0.mlp.up_proj.weight";
  // Two mappings of one file: other addresses, and neither may be written to.
  EXPECT_NE(stored->named_parameters()[name].data_ptr(),
            again->named_parameters()[name].data_ptr());
  const auto owned = load_model(folder.path(), {.memory = LoadOptions::Memory::owned});
  const torch::NoGradGuard no_grad;
  owned->named_parameters()[name].add_(1);
  EXPECT_TRUE(torch::equal(load_model(folder.path())->named_parameters()[name],
                           stored->named_parameters()[name]));
  for (const auto& [dtype, wanted] :
       {std::pair("float64", torch::kFloat64), std::pair("float32", torch::kFloat32)}) {
    const TempFolder named = golden_folder("llama", {{"dtype", dtype}});
    EXPECT_EQ(load_model(named.path())->dtype(), wanted) << "as the configuration says";
  }
}

TEST(Folders, OfABodyAloneAndOfOldNamesAreRead) {
  const TempFolder folder = golden_folder("gpt2");
  const auto expected = load_model(folder.path());
  Safetensors body, old = read_safetensors(folder.path() / "model.safetensors");
  for (const auto& [name, array] : old.tensors) {
    body.tensors.emplace_back(name.substr(std::string("transformer.").size()), array);
  }
  body.tensors.emplace_back("h.0.attn.bias", Array::of(std::vector<float>{1}));
  write_safetensors(folder.path() / "model.safetensors", body);
  expect_same_parameters(*expected, *load_model(folder.path()));

  const TempFolder encoder = golden_folder("bert");
  const auto bert = load_model(encoder.path());
  Safetensors renamed;
  for (const auto& [name, array] : read_safetensors(encoder.path() / "model.safetensors").tensors) {
    std::string old_name = "bert." + name;
    for (const auto& [now, before] : {std::pair("LayerNorm.weight", "LayerNorm.gamma"),
                                      std::pair("LayerNorm.bias", "LayerNorm.beta")}) {
      const std::size_t at = old_name.find(now);
      if (at != std::string::npos) old_name.replace(at, std::string(now).size(), before);
    }
    renamed.tensors.emplace_back(old_name, array);
  }
  write_safetensors(encoder.path() / "model.safetensors", renamed);
  expect_same_parameters(*bert, *load_model(encoder.path()));

  const TempFolder neox = golden_folder("gpt-neox");
  const auto pythia = load_model(neox.path());
  Safetensors new_head = read_safetensors(neox.path() / "model.safetensors");
  for (auto& [name, array] : new_head.tensors) {
    if (name == "embed_out.weight") name = "lm_head.weight";
  }
  write_safetensors(neox.path() / "model.safetensors", new_head);
  expect_same_parameters(*pythia, *load_model(neox.path()));
}

TEST(Folders, ThatContradictThemselvesAreRefusedWithBothSides) {
  const auto refused = [](const std::string& name, const JsonObject& changes,
                          const std::vector<std::string>& words) {
    const TempFolder folder = golden_folder(name, changes);
    try {
      load_model(folder.path());
      ADD_FAILURE() << words[0];
    } catch (const InputError& error) {
      for (const std::string& word : words) EXPECT_THAT(error.what(), HasSubstr(word));
    }
  };
  refused("llama", {{"intermediate_size", 96}},
          {"model.safetensors", "model.layers.0.mlp.gate_proj.weight", "[48, 32]", "config.json",
           "[96, 32]", "intermediate_size = 96"});
  refused("llama", {{"num_hidden_layers", 3}},
          {"model.safetensors", "model.layers.2.self_attn.q_proj.weight", "is missing"});
  refused("llama", {{"num_hidden_layers", 1}},
          {"config.json", "num_hidden_layers = 1", "model.layers.1."});
  refused("gpt2", {{"n_positions", 63}},
          {"transformer.wpe.weight", "[64, 32]", "n_positions = 63"});
  refused("llama", {{"model_type", "mamba"}}, {"'mamba'", "llama, mistral, qwen2, qwen3, gpt2"});
  refused("qwen3", {{"model_type", "llama"}}, {"no place for", "_norm"});
}

TEST(Folders, DamagedAreRefused) {
  const auto refused = [](const fs::path& folder, const std::string& message) {
    EXPECT_THAT([&] { load_model(folder); }, ThrowsMessage<Error>(HasSubstr(message)));
  };
  const TempFolder folder = golden_folder("llama");
  const fs::path weights = folder.path() / "model.safetensors";
  const std::string bytes = read_file(weights);
  write_file_atomic(weights, bytes.substr(0, bytes.size() - 2));
  refused(folder.path(), "model.safetensors");
  fs::remove(weights);
  refused(folder.path(), "expected model.safetensors or model.safetensors.index.json");
  fs::remove(folder.path() / "config.json");
  refused(folder.path(), "config.json");
  refused(folder.path() / "nowhere", "is no model: expected a folder");

  Safetensors integers = parse_safetensors(bytes);
  for (auto& [name, array] : integers.tensors) {
    if (name == "model.norm.weight") array = Array::of(std::vector<std::int32_t>(32, 1));
  }
  const TempFolder wrong = golden_folder("llama");
  write_safetensors(wrong.path() / "model.safetensors", integers);
  refused(wrong.path(), "expected floating-point numbers");
}

TEST(Folders, WithAMissingShardAreRefusedByItsName) {
  const TempFolder folder;
  save_model(folder.path(), *golden_model("llama", {}, {}), {.max_file_bytes = 9'000});
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    if (entry.path().filename().string().starts_with("model-00002")) fs::remove(entry.path());
  }
  EXPECT_THAT([&] { load_model(folder.path()); },
              ThrowsMessage<IoError>(AllOf(HasSubstr("model.safetensors.index.json"),
                                           HasSubstr("model-00002-of-0000"))));
}

class GgufFiles : public testing::TestWithParam<std::string> {
 protected:
  const fs::path file_ = kGolden / "gguf" / (GetParam() + ".gguf");
};

// The package `transformers` with the weights that its own reader found in the file.
TEST_P(GgufFiles, GiveTheLogitsOfTransformers) {
  const auto model = load_model(file_, in_double());
  auto expected = tensors_in(kGolden / "gguf" / (GetParam() + ".safetensors"));
  EXPECT_LE(difference(read(*model, expected["tokens"]), expected["logits"]), kDouble);
}

// Metadata hold epsilon, theta and factors as float32; they come back as the decimals they were, so
// that a folder made of the file computes the same bits.
TEST_P(GgufFiles, ComputeAsTheFolderMadeOfThem) {
  const auto model = load_model(file_);
  const TempFolder folder;
  save_model(folder.path(), *model);
  const auto again = load_model(folder.path());
  const double epsilon = GetParam() == "bert" ? 1e-12 : 1e-5;
  EXPECT_EQ(again->config().norm_epsilon, epsilon);
  EXPECT_EQ(model->config().norm_epsilon, epsilon);
  const Tensor tokens = torch::arange(40).remainder(32).unsqueeze(0);
  EXPECT_TRUE(torch::equal(read(*model, tokens), read(*again, tokens)));
}

INSTANTIATE_TEST_SUITE_P(Architectures, GgufFiles,
                         testing::Values("llama", "qwen2", "qwen3", "gpt2", "gpt_neox", "bert"));

TEST(Gguf, RefusesATensorTooManyOrTooFew) {
  const std::string bytes = read_file(kGolden / "gguf/llama.gguf");
  const TempFolder folder;
  const auto with_name = [&](const std::string& from, const std::string& to) {
    std::string changed = bytes;
    const std::size_t at = changed.find(from);
    changed.replace(at, from.size(), to);
    write_file_atomic(folder.path() / "model.gguf", changed);
    return folder.path() / "model.gguf";
  };
  EXPECT_THAT(
      [&] { load_model(with_name("blk.1.ffn_up.", "blk.1.ffn_ux.")); },
      ThrowsMessage<InputError>(AllOf(HasSubstr("model.gguf"), HasSubstr("blk.1.ffn_up.weight"),
                                      HasSubstr("is missing"))));
  EXPECT_THAT([&] { load_model(with_name("llama.block_count", "llama.block_cxunt")); },
              ThrowsMessage<InputError>(HasSubstr("llama.block_count")));
}

TEST(Folders, KeepThePoolerThatAnEncoderHas) {
  const auto model = golden_model("bert", {}, {});
  const auto file = tensors_in(kGolden / "bert/model.safetensors");
  for (const char* name : {"pooler.dense.weight", "pooler.dense.bias"}) {
    ASSERT_TRUE(model->named_parameters().contains(name));
    EXPECT_TRUE(torch::equal(model->named_parameters()[name], file.at(name))) << name;
  }
  const TempFolder folder = golden_folder("bert");
  Safetensors without = read_safetensors(folder.path() / "model.safetensors");
  std::erase_if(without.tensors, [](const auto& one) { return one.first.starts_with("pooler."); });
  write_safetensors(folder.path() / "model.safetensors", without);
  EXPECT_FALSE(load_model(folder.path())->named_parameters().contains("pooler.dense.weight"));
}

// The package loads what we write and computes the same.
TEST(Folders, ThatWeWriteAreLoadedByTransformers) {
  const auto interpreter = python_with("transformers");
  if (!interpreter) GTEST_SKIP() << "no Python with transformers; set ORDO_PYTHON";
  const TempFolder folder;
  std::string names;
  for (const std::string& name : kNames) {
    save_model(folder.path() / name, *golden_model(name, {}, {.dtype = torch::kFloat32}),
               {.max_file_bytes = 20'000});
    names += " " + name;
  }
  const std::string command = *interpreter + " " ORDO_SOURCE_DIR "/ordo/lm/transformers_loads.py " +
                              folder.path().string() + names + " 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const std::string& name : kNames) {
    auto theirs = tensors_in(folder.path() / name / "result.safetensors");
    const auto model = golden_model(name, {}, {.dtype = torch::kFloat32});
    // Both in float32, with sums in other orders.
    EXPECT_LE(difference(read(*model, theirs["tokens"]), theirs["result"]), 1e-4) << name;
  }
}

}  // namespace
}  // namespace ordo::lm
