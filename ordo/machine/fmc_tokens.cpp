#include "ordo/machine/fmc_tokens.h"

#include <algorithm>

namespace ordo::machine::fmc {
namespace {

constexpr std::string_view kKeywords[] = {"run", "reduce", "typeof", "data", "import", "with"};

}  // namespace

const std::vector<Punctuation>& marks() {
  static const std::vector<Punctuation> table{
      {".", kDot},   {";", kSemicolon}, {"->", kArrow},  {"→", kArrow},   {"[", kOpen},
      {"]", kClose}, {"<", kLess},      {"⟨", kLess},    {">", kGreater}, {"⟩", kGreater},
      {"(", kLeft},  {")", kRight},     {"*", kStar},    {"⋆", kStar},    {"★", kStar},
      {"^", kCaret}, {":=", kAssign},   {"≔", kAssign},  {":", kColon},   {"=", kEquals},
      {"|", kBar},   {"=>", kImplies},  {"⇒", kImplies}, {"..", kFrame}};
  return table;
}

bool is_keyword(std::string_view name) {
  return std::find(std::begin(kKeywords), std::end(kKeywords), name) != std::end(kKeywords);
}

TokenStream::TokenStream(Terms& terms, const SourceMap& sources, SourceId file,
                         Diagnostics& problems)
    : TokenReader(sources, file, problems, marks(), kKeywords), terms_(terms) {}

Symbol TokenStream::take_name(std::string_view what) {
  if (!name()) expected(what);
  return terms_.intern(text(advance()));
}

Symbol TokenStream::take_jump() {
  const Token token = advance();
  if (token.kind == TokenKind::punctuation) return kSkip;
  if (token.kind == TokenKind::string)
    return terms_.intern(quote(unquote(text(token), token.span, problems())));
  if (token.kind == TokenKind::integer) {  // canonical: no leading zeros, no -0
    std::string_view digits = text(token);
    const bool negative = digits[0] == '-';
    digits.remove_prefix(negative ? 1 : 0);
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
    return terms_.intern((negative && digits != "0" ? "-" : "") + std::string(digits));
  }
  return terms_.intern(text(token));
}

}  // namespace ordo::machine::fmc
