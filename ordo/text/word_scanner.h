// The regular expressions that most byte-level tokenizers cut text with, by hand: GPT-2's, and
// those of Llama-3 and Qwen, which differ in how many digits go together. They give the same pieces
// as the compiled regular expressions; encoding then takes less than half the time.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace ordo::text {

enum class WordPattern { gpt2, llama3, qwen };

/// The regular expressions themselves.
std::string_view regex_of(WordPattern pattern);
/// Which of them it is, if any.
std::optional<WordPattern> known_word_pattern(std::string_view regex);

/// Where the piece ends that begins at `begin` (before the end of `text`). Pieces follow each other
/// without gaps.
std::size_t word_end(std::string_view text, std::size_t begin, WordPattern pattern);

}  // namespace ordo::text
