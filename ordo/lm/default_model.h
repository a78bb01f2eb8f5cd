// The model that is built into the library, so that everything runs at once and anywhere: a GGUF
// file of Q8_0, english/tiny-english.gguf, which `ordo lm recipe tiny-english` makes.
#pragma once

#include <memory>
#include <string_view>

#include "ordo/lm/checkpoint.h"
#include "ordo/models/gguf.h"

namespace ordo::lm {

/// The file's bytes, which live as long as the program.
std::string_view default_model_bytes();

/// The file, opened. open_text_model({}, context) makes a model with its tokenizer of it.
models::Gguf default_model();

/// The model of a GGUF file that is open already, in memory or mapped, as load_model makes it.
std::shared_ptr<Model> load_model(models::Gguf file, const LoadOptions& options);

}  // namespace ordo::lm
