// GPT-2 (Radford et al. 2019): layer norms before attention and before the feed-forward layer,
// learned positions, one projection for queries, keys and values. Its files hold linear weights as
// [in, out]; weights.cpp turns them.
#include <cmath>

#include <torch/torch.h>

#include "ordo/lm/decoder.h"
#include "ordo/lm/families.h"

namespace ordo::lm {
namespace {

using models::Config;
using torch::Tensor;

// What is added to the residual stream is drawn smaller, the more layers add to it.
double residual_deviation(const Config& config) {
  return config.initial_deviation / std::sqrt(2 * static_cast<double>(config.layers));
}

class SelfAttention : public torch::nn::Module {
 public:
  explicit SelfAttention(const Config& config) : heads_(config.heads) {
    joined_ = register_module("c_attn", Linear(LinearShape{config.hidden, 3 * config.hidden, true,
                                                           config.initial_deviation}));
    output_ = register_module("c_proj", Linear(LinearShape{config.hidden, config.hidden, true,
                                                           residual_deviation(config)}));
  }

  Tensor forward(const Tensor& input, const Pass& pass, const AttentionPlace& place) {
    const auto parts = joined_(input).chunk(3, -1);
    const Heads heads = {split_heads(parts[0], heads_), split_heads(parts[1], heads_),
                         split_heads(parts[2], heads_)};
    return output_(attend(heads, pass, place));
  }

 private:
  std::int64_t heads_;
  Linear joined_ = nullptr, output_ = nullptr;
};

class InnerLayer : public torch::nn::Module {
 public:
  explicit InnerLayer(const Config& config) : activation_(config.activation) {
    up_ = register_module(
        "c_fc", Linear(LinearShape{config.hidden, config.inner, true, config.initial_deviation}));
    down_ = register_module("c_proj", Linear(LinearShape{config.inner, config.hidden, true,
                                                         residual_deviation(config)}));
  }

  Tensor forward(const Tensor& input) { return down_(activate(activation_, up_(input))); }

 private:
  models::Activation activation_;
  Linear up_ = nullptr, down_ = nullptr;
};

class Block : public torch::nn::Module {
 public:
  explicit Block(const Config& config) {
    before_attention_ = register_module("ln_1", LayerNorm(config.hidden, config.norm_epsilon));
    attention_ = register_module("attn", std::make_shared<SelfAttention>(config));
    before_inner_ = register_module("ln_2", LayerNorm(config.hidden, config.norm_epsilon));
    inner_ = register_module("mlp", std::make_shared<InnerLayer>(config));
  }

  Tensor forward(const Tensor& input, const Pass& pass, const AttentionPlace& place) {
    const Tensor state = input + attention_->forward(before_attention_(input), pass, place);
    return state + inner_->forward(before_inner_(state));
  }

 private:
  LayerNorm before_attention_ = nullptr, before_inner_ = nullptr;
  std::shared_ptr<SelfAttention> attention_;
  std::shared_ptr<InnerLayer> inner_;
};

class Gpt2 : public Decoder<Block, LayerNorm> {
 public:
  explicit Gpt2(const Config& config) : Decoder(config) {
    const auto body = register_module("transformer", std::make_shared<torch::nn::Module>());
    tokens_ = body->register_module(
        "wte", Embedding(config.vocabulary, config.hidden, config.initial_deviation));
    positions_ = body->register_module(
        "wpe", Embedding(config.positions, config.hidden, config.initial_deviation));
    add_blocks(*body, "h");
    norm_ = body->register_module("ln_f", LayerNorm(config.hidden, config.norm_epsilon));
    head_ = register_module("lm_head", make_head(config, tokens_->weight));
  }

  Tensor embed(const Input& input, const Pass& pass) override {
    return embedded(input) + positions_(pass.positions);
  }

 private:
  Embedding positions_ = nullptr;
};

}  // namespace

std::shared_ptr<Model> build_gpt2(const Config& config) { return std::make_shared<Gpt2>(config); }

}  // namespace ordo::lm
