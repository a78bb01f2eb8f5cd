// Language models. Modules and parameters have the names that they have in Hugging Face's files, so
// that nets::Capture, optimizers and checkpoints speak of the same layers; linear weights are
// [out, in] in all architectures.
//
//   auto model = lm::load_model("llama/");
//   torch::NoGradGuard no_grad;
//   lm::Cache cache(model->config());
//   torch::Tensor logits = model->forward({.tokens = prompt}, &cache);
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <torch/nn/module.h>

#include "ordo/base/random.h"
#include "ordo/lm/attention.h"
#include "ordo/lm/pass.h"
#include "ordo/models/config.h"

namespace ordo::lm {

class Model : public torch::nn::Module {
 public:
  const models::Config& config() const { return config_; }
  torch::Dtype dtype() const { return embedding().scalar_type(); }
  torch::Device device() const { return embedding().device(); }

  /// Scores of each next token, [rows, length, vocabulary]. With a cache, tokens go on where its
  /// end is. Throws UsageError for inputs that do not fit the model.
  torch::Tensor forward(const Input& input, Cache* cache = nullptr);
  /// What enters the head, [rows, length, hidden]; of an encoder, its result.
  torch::Tensor hidden(const Input& input, Cache* cache = nullptr);
  /// Hidden states as scores [..., vocabulary]. Throws UsageError for an encoder.
  virtual torch::Tensor head(const torch::Tensor& hidden) = 0;
  /// Mean cross entropy of `targets` [...] int64 after `hidden` [..., hidden], as the head scores
  /// them. Throws UsageError for an encoder, and for targets that the model does not know.
  virtual torch::Tensor loss(const torch::Tensor& hidden, const torch::Tensor& targets) = 0;

  // The steps of `hidden`, for those who go from block to block:
  //   pass = begin_pass(...), embed, block 0, ..., block layers - 1, finish, end_pass.

  /// What enters the first block.
  virtual torch::Tensor embed(const Input& input, const Pass& pass) = 0;
  virtual torch::Tensor block(std::int64_t layer, const torch::Tensor& hidden,
                              const Pass& pass) = 0;
  /// What follows the last block.
  virtual torch::Tensor finish(const torch::Tensor& hidden) = 0;

  AttentionKernel attention = AttentionKernel::fused;

 protected:
  explicit Model(models::Config config) : config_(std::move(config)) {}
  /// The table of tokens, [vocabulary, hidden].
  virtual const torch::Tensor& embedding() const = 0;
  torch::Tensor embedded(const Input& input) const;
  /// Where a layer attends; scores are divided by the root of the heads' size.
  AttentionPlace place(std::int64_t layer) const;

 private:
  models::Config config_;
};

/// A model on the CPU in float32 with parameters that are not drawn: whatever is in memory, which
/// is not touched yet.
std::shared_ptr<Model> build_model(const models::Config& config);
/// A fresh one, drawn from `stream`.
std::shared_ptr<Model> make_model(const models::Config& config, const Random& stream);

}  // namespace ordo::lm
