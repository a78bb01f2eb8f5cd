// BERT (Devlin et al. 2019) as an encoder: every token sees all others, layer norms follow what
// they normalise, positions and token types are learned.
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/lm/families.h"
#include "ordo/lm/layers.h"

namespace ordo::lm {
namespace {

using models::Config;
using torch::Tensor;

// norm(residual + dense(x)): how attention and feed-forward layer end.
class Output : public torch::nn::Module {
 public:
  Output(const Config& config, std::int64_t in) {
    dense_ = register_module(
        "dense", Linear(LinearShape{in, config.hidden, true, config.initial_deviation}));
    norm_ = register_module("LayerNorm", LayerNorm(config.hidden, config.norm_epsilon));
  }
  Tensor forward(const Tensor& input, const Tensor& residual) {
    return norm_(dense_(input) + residual);
  }

 private:
  Linear dense_ = nullptr;
  LayerNorm norm_ = nullptr;
};

class SelfAttention : public torch::nn::Module {
 public:
  explicit SelfAttention(const Config& config) : heads_(config.heads) {
    const auto projection = [&](const char* name) {
      return register_module(
          name, Linear(LinearShape{config.hidden, config.hidden, true, config.initial_deviation}));
    };
    query_ = projection("query");
    key_ = projection("key");
    value_ = projection("value");
  }
  Tensor forward(const Tensor& input, const Pass& pass, const AttentionPlace& place) {
    return attend({split_heads(query_(input), heads_), split_heads(key_(input), heads_),
                   split_heads(value_(input), heads_)},
                  pass, place);
  }

 private:
  std::int64_t heads_;
  Linear query_ = nullptr, key_ = nullptr, value_ = nullptr;
};

class Block : public torch::nn::Module {
 public:
  explicit Block(const Config& config) : activation_(config.activation) {
    const auto attention = register_module("attention", std::make_shared<torch::nn::Module>());
    attention_ = attention->register_module("self", std::make_shared<SelfAttention>(config));
    attention_output_ =
        attention->register_module("output", std::make_shared<Output>(config, config.hidden));
    const auto inner = register_module("intermediate", std::make_shared<torch::nn::Module>());
    inner_ = inner->register_module(
        "dense", Linear(LinearShape{config.hidden, config.inner, true, config.initial_deviation}));
    inner_output_ = register_module("output", std::make_shared<Output>(config, config.inner));
  }
  Tensor forward(const Tensor& input, const Pass& pass, const AttentionPlace& place) {
    const Tensor state = attention_output_->forward(attention_->forward(input, pass, place), input);
    return inner_output_->forward(activate(activation_, inner_(state)), state);
  }

 private:
  models::Activation activation_;
  std::shared_ptr<SelfAttention> attention_;
  std::shared_ptr<Output> attention_output_, inner_output_;
  Linear inner_ = nullptr;
};

class Bert : public Model {
 public:
  explicit Bert(const Config& config) : Model(config) {
    const auto embeddings = register_module("embeddings", std::make_shared<torch::nn::Module>());
    const auto table = [&](const char* name, std::int64_t rows) {
      return embeddings->register_module(name,
                                         Embedding(rows, config.hidden, config.initial_deviation));
    };
    tokens_ = table("word_embeddings", config.vocabulary);
    positions_ = table("position_embeddings", config.positions);
    types_ = table("token_type_embeddings", config.token_types);
    norm_ = embeddings->register_module("LayerNorm", LayerNorm(config.hidden, config.norm_epsilon));
    const auto encoder = register_module("encoder", std::make_shared<torch::nn::Module>());
    const auto list = encoder->register_module("layer", torch::nn::ModuleList());
    for (std::int64_t layer = 0; layer < config.layers; ++layer) {
      list->push_back(blocks_.emplace_back(std::make_shared<Block>(config)));
    }
  }

  Tensor embed(const Input& input, const Pass& pass) override {
    const Tensor types =
        input.token_types.defined() ? input.token_types : torch::zeros_like(pass.positions);
    return norm_(embedded(input) + types_(types) + positions_(pass.positions));
  }
  Tensor block(std::int64_t layer, const Tensor& hidden, const Pass& pass) override {
    return blocks_.at(static_cast<std::size_t>(layer))->forward(hidden, pass, place(layer));
  }
  Tensor finish(const Tensor& hidden) override { return hidden; }
  Tensor head(const Tensor&) override {
    throw UsageError("an encoder has no head that scores tokens; ask for its hidden states");
  }
  Tensor loss(const Tensor& hidden, const Tensor&) override { return head(hidden); }

 protected:
  const Tensor& embedding() const override { return tokens_->weight; }

 private:
  Embedding tokens_ = nullptr, positions_ = nullptr, types_ = nullptr;
  std::vector<std::shared_ptr<Block>> blocks_;
  LayerNorm norm_ = nullptr;
};

}  // namespace

std::shared_ptr<Model> build_bert(const Config& config) { return std::make_shared<Bert>(config); }

void add_pooler(Model& encoder) {
  const Config& config = encoder.config();
  encoder.register_module("pooler", std::make_shared<torch::nn::Module>())
      ->register_module("dense", Linear(LinearShape{config.hidden, config.hidden, true,
                                                    config.initial_deviation}));
}

}  // namespace ordo::lm
