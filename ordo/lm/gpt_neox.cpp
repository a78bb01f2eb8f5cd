// GPT-NeoX and Pythia (Black et al. 2022): rotary positions on a part of each head, queries, keys
// and values of a head side by side in one projection, attention and feed-forward layer side by
// side on the same input.
#include <torch/torch.h>

#include "ordo/lm/decoder.h"
#include "ordo/lm/families.h"

namespace ordo::lm {
namespace {

using models::Config;
using torch::Tensor;

class SelfAttention : public torch::nn::Module {
 public:
  explicit SelfAttention(const Config& config) : heads_(config.heads) {
    joined_ = register_module("query_key_value",
                              Linear(LinearShape{config.hidden, 3 * config.hidden,
                                                 config.attention_bias, config.initial_deviation}));
    output_ =
        register_module("dense", Linear(LinearShape{config.hidden, config.hidden,
                                                    config.output_bias, config.initial_deviation}));
  }

  Tensor forward(const Tensor& input, const Pass& pass, const AttentionPlace& place) {
    const auto parts = split_heads(joined_(input), heads_).chunk(3, -1);
    return output_(attend({parts[0], parts[1], parts[2]}, pass, place));
  }

 private:
  std::int64_t heads_;
  Linear joined_ = nullptr, output_ = nullptr;
};

class InnerLayer : public torch::nn::Module {
 public:
  explicit InnerLayer(const Config& config) : activation_(config.activation) {
    up_ = register_module("dense_h_to_4h", Linear(LinearShape{config.hidden, config.inner, true,
                                                              config.initial_deviation}));
    down_ = register_module("dense_4h_to_h", Linear(LinearShape{config.inner, config.hidden, true,
                                                                config.initial_deviation}));
  }

  Tensor forward(const Tensor& input) { return down_(activate(activation_, up_(input))); }

 private:
  models::Activation activation_;
  Linear up_ = nullptr, down_ = nullptr;
};

class Block : public torch::nn::Module {
 public:
  explicit Block(const Config& config) : is_parallel_(config.parallel_residual) {
    before_attention_ =
        register_module("input_layernorm", LayerNorm(config.hidden, config.norm_epsilon));
    before_inner_ =
        register_module("post_attention_layernorm", LayerNorm(config.hidden, config.norm_epsilon));
    attention_ = register_module("attention", std::make_shared<SelfAttention>(config));
    inner_ = register_module("mlp", std::make_shared<InnerLayer>(config));
  }

  Tensor forward(const Tensor& input, const Pass& pass, const AttentionPlace& place) {
    const Tensor state = input + attention_->forward(before_attention_(input), pass, place);
    return state + inner_->forward(before_inner_(is_parallel_ ? input : state));
  }

 private:
  bool is_parallel_;
  LayerNorm before_attention_ = nullptr, before_inner_ = nullptr;
  std::shared_ptr<SelfAttention> attention_;
  std::shared_ptr<InnerLayer> inner_;
};

class GptNeox : public Decoder<Block, LayerNorm> {
 public:
  explicit GptNeox(const Config& config) : Decoder(config) {
    const auto body = register_module("gpt_neox", std::make_shared<torch::nn::Module>());
    tokens_ = body->register_module(
        "embed_in", Embedding(config.vocabulary, config.hidden, config.initial_deviation));
    add_blocks(*body, "layers");
    norm_ =
        body->register_module("final_layer_norm", LayerNorm(config.hidden, config.norm_epsilon));
    head_ = register_module("embed_out", make_head(config, tokens_->weight));
  }
};

}  // namespace

std::shared_ptr<Model> build_gpt_neox(const Config& config) {
  return std::make_shared<GptNeox>(config);
}

}  // namespace ordo::lm
