// What all decoders are: a table of tokens, blocks one after another, a norm, and a head. What they
// are called, and in which order they are registered, is each architecture's own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "ordo/lm/layers.h"
#include "ordo/lm/model.h"
#include "ordo/lm/token_loss.h"

namespace ordo::lm {

template <class Block, class Norm>
class Decoder : public Model {
 public:
  torch::Tensor embed(const Input& input, const Pass&) override { return embedded(input); }
  torch::Tensor block(std::int64_t layer, const torch::Tensor& hidden, const Pass& pass) override {
    return blocks_.at(static_cast<std::size_t>(layer))->forward(hidden, pass, place(layer));
  }
  torch::Tensor finish(const torch::Tensor& hidden) override { return norm_(hidden); }
  torch::Tensor head(const torch::Tensor& hidden) override { return head_(hidden); }
  torch::Tensor loss(const torch::Tensor& hidden, const torch::Tensor& targets) override {
    return token_loss(*head_, hidden, targets);
  }

 protected:
  using Model::Model;
  const torch::Tensor& embedding() const override { return tokens_->weight; }

  /// Registers as many blocks as the configuration has layers.
  void add_blocks(torch::nn::Module& body, const std::string& name) {
    const auto list = body.register_module(name, torch::nn::ModuleList());
    for (std::int64_t layer = 0; layer < config().layers; ++layer) {
      list->push_back(blocks_.emplace_back(std::make_shared<Block>(config())));
    }
  }

  Embedding tokens_ = nullptr;
  std::vector<std::shared_ptr<Block>> blocks_;
  Norm norm_ = nullptr;
  Linear head_ = nullptr;
};

}  // namespace ordo::lm
