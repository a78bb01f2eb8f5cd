// What a network's parameters are: their names, their roles, and how a fresh network draws them.
// Everything that treats parameters by kind (initialisation, shrink and perturb, weight decay, head
// reset) goes by this list.
#pragma once

#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "ordo/base/random.h"
#include "ordo/tensor/random.h"

namespace ordo::nets {

enum class Role { weight, bias, norm };

/// One parameter of a layer: how a fresh layer draws it.
struct Initial {
  std::string name;  ///< within its layer: "weight"
  Role role = Role::weight;
  tensor::Draw draw;
};

/// A layer that knows how its own parameters are drawn and how its buffers begin.
class Layer : public torch::nn::Module {
 public:
  virtual std::vector<Initial> initials() const = 0;
  /// Running statistics as in a fresh layer.
  virtual void reset_buffers() {}
};

struct Parameter {
  std::string name;  ///< "blocks.0.conv1.weight"
  Role role = Role::weight;
  tensor::Draw draw;
  torch::Tensor value;  ///< shares memory with the network's
};

/// In the order of registration. Throws UsageError if a parameter belongs to no Layer.
std::vector<Parameter> parameters_of(torch::nn::Module& net);

/// Draws all parameters as a fresh network does, each from stream.split(name), and resets buffers.
void initialise(torch::nn::Module& net, const Random& stream);
void reset_buffers(torch::nn::Module& net);

/// All parameters of a network in one piece of memory, gradients in another: the network's tensors
/// become views of them. One tensor for an optimizer to update, a protocol to blend, a group of
/// processes to average. Weights come first, then biases, then norms' parameters, so that each role
/// is one range.
class FlatParameters {
 public:
  /// Repoints the network's parameters, whose values stay. All must share type and device.
  explicit FlatParameters(torch::nn::Module& net);

  struct Entry {
    Parameter parameter;
    std::int64_t offset = 0;  ///< of its first element
  };
  torch::Tensor& values() { return values_; }  ///< [n]
  const torch::Tensor& values() const { return values_; }
  torch::Tensor& gradients() { return gradients_; }  ///< [n]
  const std::vector<Entry>& entries() const { return entries_; }
  /// The elements [begin, end) of a role.
  std::pair<std::int64_t, std::int64_t> range_of(Role role) const;
  /// The values, or gradients, of one parameter as a view of its shape.
  torch::Tensor value(const Entry& entry) const;
  torch::Tensor gradient(const Entry& entry) const;

 private:
  std::vector<Entry> entries_;
  torch::Tensor values_, gradients_;
};

}  // namespace ordo::nets
