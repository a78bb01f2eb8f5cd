// Loss and gradients of a multilayer perceptron without autograd:
//
//   forward    h_l = f(h_{l-1} W_l^T + b_l), the last layer without f
//   loss       mean cross-entropy; dZ = (softmax(z) - onehot(label)) / n
//   backward   dW_l = dZ_l^T h_{l-1},  db_l = column sums of dZ_l,  dZ_{l-1} = (dZ_l W_l) * f'
//
// LibTorch multiplies the matrices, straight into the flat gradients; the rest is one pass over
// each matrix (dense_kernels.h). What lies between is kept for the next batch of the same size.
#pragma once

#include <string>
#include <vector>

#include "ordo/nets/dense_kernels.h"
#include "ordo/nets/net.h"

namespace ordo::nets {

class DenseGradient {
 public:
  /// Full names of the linear layers in order, and the activation between them.
  DenseGradient(std::vector<std::string> layers, kernels::Activation activation);

  /// As Net::differentiate, for `input` [n, in] and int64 `labels` [n], contiguous and on the CPU,
  /// of float or double as the parameters. Throws UsageError for labels that no output has.
  Net::LossAndLogits operator()(const torch::Tensor& input, const torch::Tensor& labels,
                                FlatParameters& parameters);

 private:
  struct Layer {
    torch::Tensor weight_transposed, weight, bias;  // views of the flat values
    torch::Tensor weight_gradient, bias_gradient;   // views of the flat gradients
    torch::Tensor output;                           // h_l; not of the last layer
    torch::Tensor errors, errors_transposed;        // dZ_l
  };
  void bind(const FlatParameters& parameters);
  void make_room(std::int64_t batch);
  template <class T>
  Net::LossAndLogits differentiate(const torch::Tensor& input, const torch::Tensor& labels);

  std::vector<std::string> names_;
  kernels::Activation activation_;
  std::vector<Layer> layers_;
  const void* values_ = nullptr;  // whose views the layers hold
  const void* gradients_ = nullptr;
  std::int64_t batch_ = 0;  // whose size the matrices have
};

}  // namespace ordo::nets
