// Multilayer perceptrons, and logistic regression as the one without hidden layers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ordo/nets/dense_gradient.h"
#include "ordo/nets/layers.h"
#include "ordo/nets/net.h"

namespace ordo::nets {

struct MlpOptions {
  std::vector<std::int64_t> hidden = {100, 100};
  std::string activation = "relu";
  bool batch_norm = false;
  NormKeys norm = {};  ///< of the batch norms, if there are
  double dropout = 0;
  bool bias = true;
  void describe(OptionSet& set);
};

/// Linear layers with an activation between: linear, batch norm, activation, dropout, ..., head.
/// Without batch norm and dropout, `differentiate` goes without autograd on the CPU.
class Mlp : public Net {
 public:
  Mlp(const Spec& spec, const MlpOptions& options);
  torch::Tensor forward(const torch::Tensor& input) override;
  std::string head() const override { return "head"; }
  LossAndLogits differentiate(const torch::Tensor& input, const torch::Tensor& labels,
                              FlatParameters& parameters) override;

 private:
  bool goes_without_autograd(const torch::Tensor& input, const torch::Tensor& labels) const;
  torch::Tensor flat(const torch::Tensor& input) const;

  MlpOptions options_;
  std::int64_t width_;  // of the input
  std::vector<Linear> layers_;
  std::vector<GhostBatchNorm> norms_;  // one a layer, or none
  std::vector<Dropout> dropouts_;      // likewise
  Linear head_{nullptr};
  DenseGradient gradient_;
};

}  // namespace ordo::nets
