// The architectures, a file each.
#pragma once

#include <memory>

#include "ordo/lm/model.h"

namespace ordo::lm {

std::shared_ptr<Model> build_llama(const models::Config& config);  ///< and Mistral, Qwen2, Qwen3
std::shared_ptr<Model> build_gpt2(const models::Config& config);
std::shared_ptr<Model> build_gpt_neox(const models::Config& config);
std::shared_ptr<Model> build_bert(const models::Config& config);

/// Of an encoder's file, the layer over the first token that classifiers begin with
/// ("pooler.dense"). Nothing here computes with it: it is kept for whoever loads the folder that is
/// written again.
inline constexpr const char* kPooler = "pooler.dense.weight";
void add_pooler(Model& encoder);

}  // namespace ordo::lm
