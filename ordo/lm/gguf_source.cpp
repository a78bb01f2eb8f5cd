// The tensors of a GGUF file under the names and in the layouts that models have here.
#include <memory>
#include <unordered_set>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/lm/gguf_names.h"
#include "ordo/lm/weight_source.h"
#include "ordo/models/gguf_config.h"

namespace ordo::lm {
namespace {

using models::Config;

class GgufSource : public WeightSource {
 public:
  GgufSource(models::Gguf file, const Config& config) : file_(std::move(file)), config_(config) {
    found_.insert(models::kGgufFactors);  // read with the configuration
  }

  torch::Tensor find(const std::string& parameter) override {
    const std::string name = gguf_name(parameter);
    const models::GgufTensor* const stored = file_.find(name);
    if (stored == nullptr) return {};
    found_.insert(name);
    const auto numbers = std::make_shared<std::vector<float>>(models::to_floats(*stored));
    const torch::Tensor tensor =
        torch::from_blob(numbers->data(), stored->shape, [numbers](void*) {}, torch::kFloat32);
    if (const std::int64_t heads = joined_heads(name, config_);
        heads > 0 && tensor.size(0) % (3 * heads) == 0) {
      return parts_of_heads(tensor, heads);
    }
    const std::int64_t heads = turned_heads(name, config_);
    const bool fits = heads > 0 && tensor.size(0) % (2 * heads) == 0;
    return fits ? halves_of_neighbours(tensor, heads) : tensor;
  }

  std::string place(const std::string& parameter) const override {
    return fmt::format("{}: {}", file_.source, gguf_name(parameter));
  }

  std::vector<std::string> left_over() const override {
    std::vector<std::string> names;
    for (const models::GgufTensor& tensor : file_.tensors) {
      if (!found_.contains(tensor.name)) names.push_back(tensor.name);
    }
    return names;
  }

 private:
  models::Gguf file_;
  Config config_;
  std::unordered_set<std::string> found_;
};

}  // namespace

std::unique_ptr<WeightSource> gguf_source(models::Gguf file, const Config& config) {
  return std::make_unique<GgufSource>(std::move(file), config);
}

}  // namespace ordo::lm
