// Multilayer perceptrons, and logistic regression as the one without hidden layers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ordo/nets/layers.h"
#include "ordo/nets/net.h"

namespace ordo::nets {

struct MlpOptions {
  std::vector<std::int64_t> hidden = {100, 100};
  std::string activation = "relu";
  bool batch_norm = false;
  double dropout = 0;
  bool bias = true;
  void describe(OptionSet& set);
};

/// Linear layers with an activation between: linear, batch norm, activation, dropout, ..., head.
class Mlp : public Net {
 public:
  Mlp(const Spec& spec, const MlpOptions& options);
  torch::Tensor forward(const torch::Tensor& input) override;
  std::string head() const override { return "head"; }

 private:
  torch::Tensor flat(const torch::Tensor& input) const;

  MlpOptions options_;
  std::int64_t width_;  // of the input
  std::vector<Linear> layers_;
  std::vector<BatchNorm> norms_;   // one a layer, or none
  std::vector<Dropout> dropouts_;  // likewise
  Linear head_{nullptr};
};

}  // namespace ordo::nets
