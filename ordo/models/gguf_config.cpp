// The metadata's keys begin with the architecture: "llama.embedding_length". They become the fields
// of a `config.json`, which parse_config then checks as it does those of any other.
#include "ordo/models/gguf_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/error.h"
#include "ordo/models/fields.h"

namespace ordo::models {
namespace {

constexpr std::array kArchitectures = {"llama", "qwen2", "qwen3", "gpt2", "gptneox", "bert"};

// Metadata are float32, configurations are decimal: 1e-5 comes back as the decimal with the fewest
// digits that is this float32, which is the one that was written if it had at most six.
double decimal_of(double number) {
  const auto single = static_cast<float>(number);
  if (double{single} != number) return number;
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), single).ptr;
  double result = number;
  std::from_chars(text.data(), end, result);
  return result;
}

class Translation {
 public:
  explicit Translation(const Gguf& file) : file_(file), metadata_(file.metadata, file.source) {
    architecture_ = metadata_.text("general.architecture");
    if (std::ranges::find(kArchitectures, architecture_) == kArchitectures.end()) {
      metadata_.fail("general.architecture",
                     fmt::format("the architecture '{}' is not one of those that can be read from "
                                 "GGUF files: {}",
                                 architecture_, fmt::join(kArchitectures, ", ")));
    }
  }

  JsonObject config() {
    result_["model_type"] = architecture_;
    const GgufTensor* const embedding = file_.find("token_embd.weight");
    if (embedding == nullptr || embedding->shape.size() != 2) {
      metadata_.fail("token_embd.weight", "expected this tensor, with two dimensions");
    }
    result_["vocab_size"] = embedding->shape[0];
    if (architecture_ == "gpt2") {
      gpt2();
    } else if (architecture_ == "gptneox") {
      gpt_neox();
    } else if (architecture_ == "bert") {
      bert();
    } else {
      llama_like();
    }
    if (architecture_ != "bert") result_["tie_word_embeddings"] = !has_tensor("output.weight");
    token("tokenizer.ggml.bos_token_id", "bos_token_id");
    ends();
    token("tokenizer.ggml.padding_token_id", "pad_token_id");
    result_["dtype"] = "float32";
    return std::move(result_);
  }

 private:
  std::string key(const std::string& name) const { return architecture_ + "." + name; }
  bool has(const std::string& name) const { return metadata_.find(key(name)) != nullptr; }
  bool has_tensor(const std::string& name) const { return file_.find(name) != nullptr; }
  void count(const std::string& theirs, const char* ours) {
    result_[ours] = metadata_.count(key(theirs));
  }
  void count_if_there(const std::string& theirs, const char* ours) {
    if (has(theirs)) count(theirs, ours);
  }
  double number(const std::string& theirs) const {
    return decimal_of(metadata_.positive(key(theirs)));
  }
  void token(const std::string& theirs, const char* ours) {
    if (const auto number = metadata_.index(theirs)) result_[ours] = *number;
  }

  void ends() {
    std::vector<std::int64_t> all;
    for (const char* const key : kGgufEnds) {
      if (const auto number = metadata_.index(key)) all.push_back(*number);
    }
    if (all.size() == 1) result_["eos_token_id"] = all.front();
    if (all.size() > 1) result_["eos_token_id"] = Json::array_of(all);
  }

  void gpt2() {
    count("embedding_length", "n_embd");
    count("block_count", "n_layer");
    count("attention.head_count", "n_head");
    count("context_length", "n_positions");
    count_if_there("feed_forward_length", "n_inner");
    result_["layer_norm_epsilon"] = number("attention.layer_norm_epsilon");
  }

  void shape() {
    count("embedding_length", "hidden_size");
    count("block_count", "num_hidden_layers");
    count("feed_forward_length", "intermediate_size");
    count("context_length", "max_position_embeddings");
    count("attention.head_count", "num_attention_heads");
  }

  // The file does not say which gelu; Pythia's is that by the error function.
  void gpt_neox() {
    result_["model_type"] = "gpt_neox";
    shape();
    result_["layer_norm_eps"] = number("attention.layer_norm_epsilon");
    result_["use_parallel_residual"] = metadata_.flag(key("use_parallel_residual"), true);
    const double head_size =
        result_.find("hidden_size")->as_double() / result_.find("num_attention_heads")->as_double();
    result_["rotary_pct"] =
        static_cast<double>(metadata_.count(key("rope.dimension_count"))) / head_size;
    if (has("rope.freq_base")) result_["rotary_emb_base"] = number("rope.freq_base");
  }

  void bert() {
    shape();
    result_["layer_norm_eps"] = number("attention.layer_norm_epsilon");
    const GgufTensor* const types = file_.find("token_types.weight");
    if (types == nullptr || types->shape.size() != 2) {
      metadata_.fail("token_types.weight", "expected this tensor, with two dimensions");
    }
    result_["type_vocab_size"] = types->shape[0];
  }

  void llama_like() {
    shape();
    result_["num_key_value_heads"] = metadata_.count(key("attention.head_count_kv"),
                                                     result_.find("num_attention_heads")->as_int());
    if (has("attention.key_length")) {
      count("attention.key_length", "head_dim");
    } else {
      count_if_there("rope.dimension_count", "head_dim");
    }
    result_["rms_norm_eps"] = number("attention.layer_norm_rms_epsilon");
    if (architecture_ == "llama" && has("attention.sliding_window")) {
      result_["model_type"] = "mistral";
      count("attention.sliding_window", "sliding_window");
    }
    if (has_tensor("blk.0.attn_q.bias")) result_["attention_bias"] = true;
    if (has("rope.freq_base")) result_["rope_theta"] = number("rope.freq_base");
    if (auto scaling = rope_scaling()) result_["rope_scaling"] = std::move(*scaling);
  }

  std::optional<JsonObject> rope_scaling() const {
    if (const GgufTensor* const factors = file_.find(kGgufFactors)) return longrope(*factors);
    const std::string type = metadata_.text(key("rope.scaling.type"), "none");
    if (type == "none") return std::nullopt;
    if (type != "linear" && type != "yarn") {
      metadata_.fail(key("rope.scaling.type"),
                     fmt::format("expected none, linear or yarn, found '{}'", type));
    }
    JsonObject scaling = {{"rope_type", type}, {"factor", number("rope.scaling.factor")}};
    if (has("rope.scaling.original_context_length")) {
      scaling["original_max_position_embeddings"] =
          metadata_.count(key("rope.scaling.original_context_length"));
    }
    const std::pair<const char*, const char*> kSlopes[] = {
        {"rope.scaling.yarn_beta_fast", "beta_fast"}, {"rope.scaling.yarn_beta_slow", "beta_slow"}};
    for (const auto& [theirs, ours] : kSlopes) {
      if (has(theirs)) scaling[ours] = number(theirs);
    }
    return scaling;
  }

  // The same factors in short texts and in long ones.
  static JsonObject longrope(const GgufTensor& tensor) {
    const std::vector<float> floats = to_floats(tensor);
    const Json factors = Json::array_of(std::vector<double>(floats.begin(), floats.end()));
    return {{"rope_type", "longrope"},
            {"factor", 1.0},
            {"short_factor", factors},
            {"long_factor", factors},
            {"attention_factor", 1.0}};
  }

  const Gguf& file_;
  Fields metadata_;
  std::string architecture_;
  JsonObject result_;
};

}  // namespace

Config config_of(const Gguf& file) {
  return parse_config(Json(Translation(file).config()), file.source);
}

}  // namespace ordo::models
