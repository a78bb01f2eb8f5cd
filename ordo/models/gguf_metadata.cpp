#include "ordo/models/gguf_metadata.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/models/gguf_config.h"

namespace ordo::models {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw UsageError("a GGUF file cannot express this model: " + what);
}

// Mistral is stored as a Llama.
std::string architecture_of(const Config& config) {
  switch (config.family) {
    case Family::llama:
    case Family::mistral:
      return "llama";
    case Family::qwen2:
    case Family::qwen3:
    case Family::gpt2:
      return name_of(config.family);
    case Family::gpt_neox:
      return "gptneox";
    default:
      refuse(
          fmt::format("its architecture is {}; those that are written are llama, mistral, qwen2, "
                      "qwen3, gpt2 and gpt_neox",
                      name_of(config.family)));
  }
}

Activation activation_of(Family family) {
  if (family == Family::gpt2) return Activation::gelu_tanh;
  return family == Family::gpt_neox ? Activation::gelu : Activation::silu;
}

void require_usual(const Config& config) {
  if (config.activation != activation_of(config.family)) {
    refuse("its activation (hidden_act, activation_function) is not the architecture's own");
  }
  if (config.scores_by_layer) refuse("scale_attn_by_inverse_layer_idx");
  if (!config.scaled_scores) refuse("scale_attn_weights = false");
  const bool has_biases = config.family == Family::gpt2 || config.family == Family::gpt_neox;
  if (config.inner_bias && !has_biases) refuse("mlp_bias");
  if (config.family == Family::gpt_neox && !config.attention_bias) refuse("attention_bias = false");
}

// All layers have the same window, and only a Mistral's is looked for.
std::int64_t window_of(const Config& config) {
  const auto [least, most] = std::ranges::minmax(config.windows);
  if (most == 0) return 0;
  if (config.family != Family::mistral || least != most) {
    refuse("sliding windows (use_sliding_window), which have no place there but in a Mistral");
  }
  return most;
}

class Metadata {
 public:
  explicit Metadata(const Config& config)
      : config_(config), architecture_(architecture_of(config)) {}

  JsonObject entries() {
    result_["general.architecture"] = architecture_;
    set("vocab_size", config_.vocabulary);
    set("context_length", config_.positions);
    set("embedding_length", config_.hidden);
    set("block_count", config_.layers);
    set("feed_forward_length", config_.inner);
    set("attention.head_count", config_.heads);
    if (config_.family == Family::gpt2) {
      set("attention.layer_norm_epsilon", config_.norm_epsilon);
    } else if (config_.family == Family::gpt_neox) {
      gpt_neox();
    } else {
      llama_like();
    }
    tokens();
    return std::move(result_);
  }

 private:
  void set(const std::string& key, const Json& value) {
    result_[architecture_ + "." + key] = value;
  }

  void gpt_neox() {
    set("attention.layer_norm_epsilon", config_.norm_epsilon);
    set("use_parallel_residual", config_.parallel_residual);
    rope();
  }

  void llama_like() {
    set("attention.head_count_kv", config_.key_heads);
    set("attention.key_length", config_.head_size);
    set("attention.value_length", config_.head_size);
    set("attention.layer_norm_rms_epsilon", config_.norm_epsilon);
    if (const std::int64_t window = window_of(config_); window > 0) {
      set("attention.sliding_window", window);
    }
    rope();
  }

  void rope() {
    if (!config_.rope) refuse("positions that are not rotary");
    set("rope.dimension_count", config_.rope->dimensions);
    set("rope.freq_base", config_.rope->theta);
    scaling(*config_.rope);
  }

  void scaling(const Rope& rope) {
    if (rope.scaling != Rope::Scaling::none && config_.family == Family::gpt_neox) {
      refuse("scaled positions of a GPT-NeoX");
    }
    switch (rope.scaling) {
      case Rope::Scaling::none:
      case Rope::Scaling::llama3:  // by gguf_factors
        return;
      case Rope::Scaling::linear:
        set("rope.scaling.type", "linear");
        return set("rope.scaling.factor", rope.factor);
      case Rope::Scaling::yarn:
        return yarn(rope);
      case Rope::Scaling::longrope:
        if (rope.short_factors == rope.long_factors && rope.attention_factor == 1) return;
        refuse("positions scaled by longrope");
      case Rope::Scaling::dynamic:
        refuse("positions scaled by the text's length (dynamic)");
    }
  }

  void yarn(const Rope& rope) {
    const double usual = rope.factor <= 1 ? 1 : 0.1 * std::log(rope.factor) + 1;
    if (!rope.truncate) refuse("yarn with truncate = false");
    if (std::abs(rope.attention_factor - usual) > 1e-12) refuse("yarn with an attention_factor");
    set("rope.scaling.type", "yarn");
    set("rope.scaling.factor", rope.factor);
    set("rope.scaling.original_context_length", Json(std::llround(rope.original_positions)));
    set("rope.scaling.yarn_beta_fast", rope.beta_fast);
    set("rope.scaling.yarn_beta_slow", rope.beta_slow);
  }

  void tokens() {
    if (config_.bos) result_["tokenizer.ggml.bos_token_id"] = *config_.bos;
    if (config_.pad) result_["tokenizer.ggml.padding_token_id"] = *config_.pad;
    if (config_.eos.size() > kGgufEnds.size()) {
      refuse(fmt::format("{} tokens that end a text; there is room for {}", config_.eos.size(),
                         kGgufEnds.size()));
    }
    for (std::size_t end = 0; end < config_.eos.size(); ++end) {
      result_[kGgufEnds[end]] = config_.eos[end];
    }
  }

  const Config& config_;
  std::string architecture_;
  JsonObject result_;
};

// Llama 3's rule (see Rope): wavelengths within the original context stay, those beyond are
// divided by the factor, between the two by something between.
std::vector<float> llama3_factors(const Rope& rope) {
  std::vector<float> factors;
  for (std::int64_t place = 0; place < rope.dimensions; place += 2) {
    const double exponent = static_cast<double>(place) / static_cast<double>(rope.dimensions);
    const double turns =
        rope.original_positions * std::pow(rope.theta, -exponent) / (2 * std::numbers::pi);
    const double share = std::clamp(
        (turns - rope.low_frequency) / (rope.high_frequency - rope.low_frequency), 0.0, 1.0);
    factors.push_back(static_cast<float>(1 / ((1 - share) / rope.factor + share)));
  }
  return factors;
}

}  // namespace

JsonObject gguf_metadata(const Config& config) {
  Metadata metadata(config);
  require_usual(config);
  return metadata.entries();
}

std::vector<float> gguf_factors(const Config& config) {
  if (!config.rope) return {};
  if (config.rope->scaling == Rope::Scaling::llama3) return llama3_factors(*config.rope);
  if (config.rope->scaling == Rope::Scaling::longrope) {
    return {config.rope->long_factors.begin(), config.rope->long_factors.end()};
  }
  return {};
}

}  // namespace ordo::models
