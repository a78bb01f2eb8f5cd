// A template's source in tokens: text, and what stands inside {{ }} and {% %}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ordo::text::jinja {

enum class TokenKind {
  text,         ///< to be written as it is
  print_begin,  ///< {{
  print_end,
  block_begin,  ///< {%
  block_end,
  name,
  string,  ///< without quotes, escapes resolved
  whole,
  real,
  symbol,  ///< an operator or bracket
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  std::size_t line = 0, column = 0;
};

/// With trim_blocks and lstrip_blocks: the newline after a block and the white space before one
/// that begins a line are left out, as is a newline at the very end. Comments are gone, raw blocks
/// are text. Throws InputError naming `name`, line and column.
std::vector<Token> tokenize(std::string_view source, const std::string& name);

}  // namespace ordo::text::jinja
