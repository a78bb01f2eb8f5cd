// A language model with its tokenizer, as verbs open it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/options.h"
#include "ordo/lm/checkpoint.h"
#include "ordo/lm/lora.h"
#include "ordo/text/tokenizer.h"

namespace ordo::lm {

/// Which model, and how its numbers are held.
struct ModelChoice {
  std::filesystem::path path;          ///< a Hugging Face folder or a GGUF file
  std::string dtype = "auto";          ///< auto: as stored
  std::filesystem::path adapter = {};  ///< a folder of LoRA's matrices, or none
  void describe(OptionSet& set);
  void describe_details(OptionSet& set);  ///< all but --model, which may mean more to a verb
};

struct TextModel {
  std::shared_ptr<Model> model;
  text::Tokenizer tokenizer;
  std::shared_ptr<Lora> adapter = nullptr;  ///< that the model computes with

  /// The text's tokens, after the token that begins a text if the model has one and the tokenizer
  /// does not add it by itself. Throws InputError for what is no UTF-8.
  std::vector<std::int64_t> prompt(std::string_view text) const;
  /// Tokens that end a text: the configuration's and the tokenizer's.
  std::vector<std::int64_t> end_tokens() const;
};

/// Throws what loading throws, and InputError for a tokenizer that knows more tokens than the
/// model.
TextModel open_text_model(const ModelChoice& choice, const Context& context);

}  // namespace ordo::lm
