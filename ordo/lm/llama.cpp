// Llama and what was built after it (Touvron et al. 2023): RMS norms before attention and before a
// gated feed-forward layer, rotary positions, keys shared by query heads. Mistral adds windows,
// Qwen2 biases on queries, keys and values, Qwen3 norms on each head's queries and keys.
#include <torch/torch.h>

#include "ordo/lm/decoder.h"
#include "ordo/lm/families.h"

namespace ordo::lm {
namespace {

using models::Config;
using torch::Tensor;

class SelfAttention : public torch::nn::Module {
 public:
  explicit SelfAttention(const Config& config)
      : heads_(config.heads), key_heads_(config.key_heads) {
    const std::int64_t queries = config.heads * config.head_size;
    const std::int64_t keys = config.key_heads * config.head_size;
    const auto projection = [&](const char* name, std::int64_t in, std::int64_t out, bool bias) {
      return register_module(name, Linear(LinearShape{in, out, bias, config.initial_deviation}));
    };
    query_ = projection("q_proj", config.hidden, queries, config.attention_bias);
    key_ = projection("k_proj", config.hidden, keys, config.attention_bias);
    value_ = projection("v_proj", config.hidden, keys, config.attention_bias);
    output_ = projection("o_proj", queries, config.hidden, config.output_bias);
    if (config.family == models::Family::qwen3) {
      query_norm_ = register_module("q_norm", RmsNorm(config.head_size, config.norm_epsilon));
      key_norm_ = register_module("k_norm", RmsNorm(config.head_size, config.norm_epsilon));
    }
  }

  Tensor forward(const Tensor& input, const Pass& pass, const AttentionPlace& place) {
    Heads heads = {split_heads(query_(input), heads_), split_heads(key_(input), key_heads_),
                   split_heads(value_(input), key_heads_)};
    if (query_norm_) {
      heads.query = query_norm_(heads.query);
      heads.key = key_norm_(heads.key);
    }
    return output_(attend(heads, pass, place));
  }

 private:
  std::int64_t heads_, key_heads_;
  Linear query_ = nullptr, key_ = nullptr, value_ = nullptr, output_ = nullptr;
  RmsNorm query_norm_ = nullptr, key_norm_ = nullptr;
};

// down(activation(gate(x)) * up(x)).
class GatedLayer : public torch::nn::Module {
 public:
  explicit GatedLayer(const Config& config) : activation_(config.activation) {
    const auto projection = [&](const char* name, std::int64_t in, std::int64_t out) {
      return register_module(
          name, Linear(LinearShape{in, out, config.inner_bias, config.initial_deviation}));
    };
    gate_ = projection("gate_proj", config.hidden, config.inner);
    up_ = projection("up_proj", config.hidden, config.inner);
    down_ = projection("down_proj", config.inner, config.hidden);
  }

  Tensor forward(const Tensor& input) {
    return down_(gated(activation_, gate_(input), up_(input)));
  }

 private:
  models::Activation activation_;
  Linear gate_ = nullptr, up_ = nullptr, down_ = nullptr;
};

class Block : public torch::nn::Module {
 public:
  explicit Block(const Config& config) {
    attention_ = register_module("self_attn", std::make_shared<SelfAttention>(config));
    inner_ = register_module("mlp", std::make_shared<GatedLayer>(config));
    before_attention_ =
        register_module("input_layernorm", RmsNorm(config.hidden, config.norm_epsilon));
    before_inner_ =
        register_module("post_attention_layernorm", RmsNorm(config.hidden, config.norm_epsilon));
  }

  Tensor forward(const Tensor& input, const Pass& pass, const AttentionPlace& place) {
    const Tensor state = input + attention_->forward(before_attention_(input), pass, place);
    return state + inner_->forward(before_inner_(state));
  }

 private:
  std::shared_ptr<SelfAttention> attention_;
  std::shared_ptr<GatedLayer> inner_;
  RmsNorm before_attention_ = nullptr, before_inner_ = nullptr;
};

class Llama : public Decoder<Block, RmsNorm> {
 public:
  explicit Llama(const Config& config) : Decoder(config) {
    const auto body = register_module("model", std::make_shared<torch::nn::Module>());
    tokens_ = body->register_module(
        "embed_tokens", Embedding(config.vocabulary, config.hidden, config.initial_deviation));
    add_blocks(*body, "layers");
    norm_ = body->register_module("norm", RmsNorm(config.hidden, config.norm_epsilon));
    head_ = register_module("lm_head", make_head(config, tokens_->weight));
  }
};

}  // namespace

std::shared_ptr<Model> build_llama(const Config& config) { return std::make_shared<Llama>(config); }

}  // namespace ordo::lm
