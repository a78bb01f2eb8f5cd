// GPT-2's alphabet: every byte as a visible character, so that bytes can be spelled in a vocabulary
// of text. Printable Latin-1 stays; the 68 others become U+0100 and on, in order.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ordo::text {

/// The character that stands for the byte.
char32_t letter_of_byte(unsigned char byte);
/// The byte for which the character stands, or -1.
int byte_of_letter(char32_t letter);

std::string to_byte_letters(std::string_view bytes);
/// Nothing if one of the characters stands for no byte.
std::optional<std::string> from_byte_letters(std::string_view letters);

}  // namespace ordo::text
