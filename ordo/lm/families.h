// The architectures, a file each.
#pragma once

#include <memory>

#include "ordo/lm/model.h"

namespace ordo::lm {

std::shared_ptr<Model> build_llama(const models::Config& config);  ///< and Mistral, Qwen2, Qwen3
std::shared_ptr<Model> build_gpt2(const models::Config& config);
std::shared_ptr<Model> build_gpt_neox(const models::Config& config);
std::shared_ptr<Model> build_bert(const models::Config& config);

}  // namespace ordo::lm
