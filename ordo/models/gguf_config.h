// The configuration of a model in a GGUF file, from its metadata: the same as of the Hugging Face
// folder that it was made of, as far as the file says it.
#pragma once

#include <array>

#include "ordo/models/config.h"
#include "ordo/models/gguf.h"

namespace ordo::models {

/// Architectures llama (Mistral is stored as one), qwen2, qwen3, gpt2, gptneox and bert. The result
/// can be written as a `config.json`. Throws InputError with the metadata's key; for an
/// architecture that cannot be read, with the list.
Config config_of(const Gguf& file);

/// What each rotary frequency is divided by, where the file says so: Llama 3's stretched positions.
inline constexpr const char* kGgufFactors = "rope_freqs.weight";
/// Tokens that end a text, a turn or a message: any of them ends what a model writes.
inline constexpr std::array kGgufEnds = {
    "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"};

}  // namespace ordo::models
