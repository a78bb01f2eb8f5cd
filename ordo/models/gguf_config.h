// The configuration of a model in a GGUF file, from its metadata: the same as of the Hugging Face
// folder that it was made of, as far as the file says it.
#pragma once

#include "ordo/models/config.h"
#include "ordo/models/gguf.h"

namespace ordo::models {

/// Architectures llama (Mistral is stored as one), qwen2, qwen3, gpt2, gptneox and bert. The result
/// can be written as a `config.json`. Throws InputError with the metadata's key; for an architecture that cannot
/// be read, with the list.
Config config_of(const Gguf& file);

/// What each rotary frequency is divided by, where the file says so: Llama 3's stretched positions.
inline constexpr const char* kGgufFactors = "rope_freqs.weight";

}  // namespace ordo::models
