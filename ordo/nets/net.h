// Networks by name. A Spec says everything that is needed to build one; a Net is one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/base/options.h"
#include "ordo/nets/parameters.h"

namespace ordo::nets {

/// The architecture of a network.
struct Spec {
  std::string name = "mlp";         ///< registry name
  JsonObject options = {};          ///< its own options; absent ones have defaults
  std::vector<std::int64_t> input;  ///< shape of one example: [784], [1, 28, 28]
  std::int64_t outputs = 10;        ///< classes
};
Json to_json(const Spec& spec);
/// Throws InputError.
Spec spec_from_json(const Json& json, const Location& where);

/// A classifier: forward takes [n, input...] and gives logits [n, outputs].
class Net : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& input) = 0;
  /// The last layer's full name ("head"), which head reset and last-layer training use.
  virtual std::string head() const = 0;

  /// Mean cross-entropy of a batch and its gradient, written over `parameters.gradients()`. The
  /// default goes through autograd; networks of plain layers know a shorter way. Returns the loss
  /// (a tensor of one element, on the device) and the logits.
  struct LossAndLogits {
    torch::Tensor loss, logits;
  };
  virtual LossAndLogits differentiate(const torch::Tensor& input, const torch::Tensor& labels,
                                      FlatParameters& parameters);
  /// The same for the mean over examples of weights [n] times their cross-entropy. The loss that is
  /// returned is the plain mean, as differentiate's.
  LossAndLogits differentiate_weighted(const torch::Tensor& input, const torch::Tensor& labels,
                                       const torch::Tensor& weights, FlatParameters& parameters);

 protected:
  /// Throws UsageError unless `parameters` are this network's.
  void require_own(const FlatParameters& parameters);

 private:
  void write_gradients(const torch::Tensor& loss, FlatParameters& parameters);

  std::vector<torch::Tensor> variables_;  // autograd's, in the order of FlatParameters
};

/// Builds a network on the CPU in float32, drawn from `stream` (see initialise). Throws UsageError
/// for an unknown name (with the nearest) or options that do not fit the input.
std::shared_ptr<Net> make_net(const Spec& spec, const Random& stream);

/// The registry: names, one sentence each, options.
struct NetKind {
  std::string name, what;
  std::string options;  ///< a Markdown table
};
std::vector<NetKind> net_kinds();

}  // namespace ordo::nets
