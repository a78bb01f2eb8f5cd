// Base64 (RFC 4648), in which tiktoken spells tokens and tokenizer.json its character maps.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ordo::text {

/// Nothing if `text` is no Base64 with its padding.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace ordo::text
