#include "ordo/lm/model.h"

#include <cmath>

#include <torch/torch.h>

#include "ordo/lm/families.h"
#include "ordo/nets/parameters.h"

namespace ordo::lm {

using models::Family;
using torch::Tensor;

Tensor Model::hidden(const Input& input, Cache* cache) {
  const Pass pass = begin_pass(config_, input, cache, dtype());
  Tensor state = embed(input, pass);
  for (std::int64_t layer = 0; layer < config_.layers; ++layer) state = block(layer, state, pass);
  state = finish(state);
  end_pass(pass, input);
  return state;
}

Tensor Model::forward(const Input& input, Cache* cache) { return head(hidden(input, cache)); }

Tensor Model::embedded(const Input& input) const {
  return input.embeddings.defined() ? input.embeddings
                                    : torch::embedding(embedding(), input.tokens);
}

AttentionPlace Model::place(std::int64_t layer) const {
  double scale = config_.scaled_scores ? 1 / std::sqrt(static_cast<double>(config_.head_size)) : 1;
  if (config_.scores_by_layer) scale /= static_cast<double>(layer + 1);
  return {.layer = layer,
          .window = config_.windows.at(static_cast<std::size_t>(layer)),
          .scale = scale,
          .kernel = attention};
}

std::shared_ptr<Model> build_model(const models::Config& config) {
  switch (config.family) {
    case Family::gpt2:
      return build_gpt2(config);
    case Family::gpt_neox:
      return build_gpt_neox(config);
    case Family::bert:
      return build_bert(config);
    default:
      return build_llama(config);
  }
}

std::shared_ptr<Model> make_model(const models::Config& config, const Random& stream) {
  auto model = build_model(config);
  nets::initialise(*model, stream);
  return model;
}

}  // namespace ordo::lm
