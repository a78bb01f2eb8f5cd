#include "ordo/train/grow_head.h"

#include <algorithm>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::train {

nets::Model grow_head(nets::Model model, const std::vector<std::string>& classes,
                      const Random& stream) {
  if (model.classes == classes) return model;
  std::vector<std::int64_t> places;  // of the model's classes among all
  for (const std::string& name : model.classes) {
    const auto found = std::find(classes.begin(), classes.end(), name);
    if (found == classes.end()) {
      throw UsageError(fmt::format("the model knows the class '{}', which the data lack", name));
    }
    places.push_back(found - classes.begin());
  }
  nets::Model grown = model;
  grown.spec.outputs = static_cast<std::int64_t>(classes.size());
  grown.classes = classes;
  grown.net = nets::make_net(grown.spec, stream);
  torch::NoGradGuard no_grad;
  const auto old_parameters = model.net->named_parameters();
  const torch::Tensor rows = torch::tensor(places);
  for (auto& item : grown.net->named_parameters()) {
    const torch::Tensor& before = old_parameters[item.key()];
    if (before.sizes() == item.value().sizes()) {
      item.value().copy_(before);
    } else {
      item.value().index_copy_(0, rows, before);
    }
  }
  const auto old_buffers = model.net->named_buffers();
  for (auto& item : grown.net->named_buffers()) item.value().copy_(old_buffers[item.key()]);
  return grown;
}

}  // namespace ordo::train
