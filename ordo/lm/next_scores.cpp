#include "ordo/lm/next_scores.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/lm/pooling.h"

namespace ordo::lm {

bool is_end(const std::vector<std::int64_t>& ends, std::int64_t token) {
  return std::ranges::find(ends, token) != ends.end();
}

torch::Tensor next_scores(Model& model, const Input& input, Cache& cache) {
  Input there = input;
  there.tokens = input.tokens.to(model.device());
  if (input.real.defined()) there.real = input.real.to(model.device());
  return model.head(last_token(model.hidden(there, &cache), there.real));
}

torch::Tensor next_scores(Model& model, const std::vector<std::int64_t>& tokens, Cache& cache) {
  return next_scores(model, {.tokens = torch::tensor(tokens, torch::kInt64).unsqueeze(1)}, cache);
}

void select_rows(Cache& cache, const std::vector<std::int64_t>& rows, const Model& model) {
  cache.select(torch::tensor(rows, torch::kInt64).to(model.device()));
}

void require_room(const Model& model, std::size_t tokens, const std::string& what) {
  if (std::cmp_greater(tokens, model.config().positions)) {
    throw LimitError(fmt::format(
        "{}: {} tokens, but the model was made for {}; shorten it, or let the context slide", what,
        tokens, model.config().positions));
  }
}

}  // namespace ordo::lm
