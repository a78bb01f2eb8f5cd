// What generation and beam search share: reading on, and seeing to it that there is room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ordo/lm/model.h"

namespace ordo::lm {

bool is_end(const std::vector<std::int64_t>& ends, std::int64_t token);

/// Scores of what follows each row's last token, [rows, vocabulary]. The input may be on the CPU.
torch::Tensor next_scores(Model& model, const Input& input, Cache& cache);
/// One new token for each row of the cache.
torch::Tensor next_scores(Model& model, const std::vector<std::int64_t>& tokens, Cache& cache);

/// Row i of the cache goes on as row rows[i] was.
void select_rows(Cache& cache, const std::vector<std::int64_t>& rows, const Model& model);

/// Throws LimitError if `what` has more tokens than the model's context.
void require_room(const Model& model, std::size_t tokens, const std::string& what);

}  // namespace ordo::lm
