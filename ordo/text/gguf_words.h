// Names that GGUF has for parts of byte-level vocabularies, for who reads them and who writes them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ordo::text {

/// A way to cut words, "tokenizer.ggml.pre".
struct GgufWords {
  std::string_view name;
  std::string_view pattern;  ///< empty: GPT-2's
  bool individual_digits = false;
  bool nfc = false;
  bool ignore_merges = false;
};

/// All that are known. Several names may stand for the same.
const std::vector<GgufWords>& gguf_words();

/// "[PAD7]": how llama.cpp's files fill an id that no token has.
std::string gguf_filler(std::size_t id);

}  // namespace ordo::text
