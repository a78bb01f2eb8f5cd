#include "ordo/text/byte_alphabet.h"

#include <array>

#include "ordo/text/unicode.h"

namespace ordo::text {
namespace {

struct Alphabet {
  std::array<char32_t, 256> letters{};
  std::array<int, 512> bytes{};

  Alphabet() {
    bytes.fill(-1);
    char32_t next = 256;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const bool visible =
          (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
      letters[byte] = visible ? byte : next++;
      bytes[letters[byte]] = static_cast<int>(byte);
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet all;
  return all;
}

}  // namespace

char32_t letter_of_byte(unsigned char byte) { return alphabet().letters[byte]; }

int byte_of_letter(char32_t letter) { return letter < 512 ? alphabet().bytes[letter] : -1; }

std::string to_byte_letters(std::string_view bytes) {
  std::string letters;
  letters.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    append_utf8(letters, letter_of_byte(static_cast<unsigned char>(byte)));
  }
  return letters;
}

std::optional<std::string> from_byte_letters(std::string_view letters) {
  std::string bytes;
  for (std::size_t at = 0; at < letters.size();) {
    const DecodedPoint letter = decode_point(letters, at);
    const int byte = byte_of_letter(letter.value);
    if (byte < 0) return std::nullopt;
    bytes += static_cast<char>(byte);
    at += letter.length;
  }
  return bytes;
}

}  // namespace ordo::text
