// Tokenizers as GGUF files' metadata. (Tokenizer::from_gguf reads them.)
#pragma once

#include <cstddef>

#include "ordo/base/json.h"
#include "ordo/text/tokenizer.h"

namespace ordo::text {

/// The entries "tokenizer.*" of a GGUF file for a model of `vocabulary` tokens, from which
/// Tokenizer::from_gguf makes this tokenizer again, and llama.cpp the same. Byte-level BPE only;
/// throws UsageError naming what such a file cannot express.
JsonObject to_gguf(const Tokenizer& tokenizer, std::size_t vocabulary);

}  // namespace ordo::text
