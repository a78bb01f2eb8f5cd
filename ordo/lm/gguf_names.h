// llama.cpp's names and layouts. It turns neighbouring numbers of a head where Hugging Face's files
// turn the two halves, so queries and keys of architecture "llama" are reordered when a file is
// written: rows [head, half, j] become [head, j, half]. GPT-NeoX has queries, keys and values of
// each head side by side, which become all queries, all keys, all values: rows [head, part, j]
// become [part, head, j]. Linear weights are [out, in] in all files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <torch/types.h>

#include "ordo/models/config.h"

namespace ordo::lm {

/// "model.layers.3.mlp.up_proj.weight" as "blk.3.ffn_up.weight".
std::string gguf_name(std::string_view parameter);

/// How many heads' rows are reordered in the tensor of this GGUF name; 0: they are not.
std::int64_t turned_heads(const std::string& name, const models::Config& config);
/// Rows as in Hugging Face's files, of those in a GGUF file; and back.
torch::Tensor halves_of_neighbours(const torch::Tensor& rows, std::int64_t heads);
torch::Tensor neighbours_of_halves(const torch::Tensor& rows, std::int64_t heads);

/// How many heads' queries, keys and values were side by side in the tensor of this GGUF name; 0:
/// they were not.
std::int64_t joined_heads(const std::string& name, const models::Config& config);
/// Rows as in Hugging Face's files, of those in a GGUF file; and back.
torch::Tensor parts_of_heads(const torch::Tensor& rows, std::int64_t heads);
torch::Tensor heads_of_parts(const torch::Tensor& rows, std::int64_t heads);

}  // namespace ordo::lm
