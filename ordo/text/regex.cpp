#include "ordo/text/regex.h"

#include <fmt/format.h>

#include <pcre2.h>

#include "ordo/base/error.h"
#include "ordo/text/unicode.h"

namespace ordo::text {
namespace {

// Enough for any text that a pattern goes through in order; a pattern that tries all ways ends
// here.
constexpr std::uint32_t kMatchLimit = 10'000'000;

std::string error_text(int code) {
  unsigned char text[256];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

pcre2_match_context* limits() {
  static pcre2_match_context* const context = [] {
    pcre2_match_context* const made = pcre2_match_context_create(nullptr);
    pcre2_set_match_limit(made, kMatchLimit);
    return made;
  }();
  return context;
}

pcre2_code* as_code(const std::shared_ptr<void>& code) {
  return static_cast<pcre2_code*>(code.get());
}

}  // namespace

Regex::Regex(std::string_view pattern, const std::string& where) : pattern_(pattern) {
  const std::string translated = to_pcre_syntax(pattern, where);
  int error = 0;
  PCRE2_SIZE place = 0;
  // Ruby's ^ and $ are at every line.
  pcre2_code* const code = pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
      PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NO_UTF_CHECK | PCRE2_NEVER_BACKSLASH_C,
      &error, &place, nullptr);
  if (code == nullptr) {
    throw InputError({.source = where}, fmt::format("the regular expression '{}' is malformed: {}",
                                                    pattern, error_text(error)));
  }
  code_ = std::shared_ptr<void>(code,
                                [](void* one) { pcre2_code_free(static_cast<pcre2_code*>(one)); });
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // without it, it is interpreted
}

Regex::Matches::Matches(const Regex& regex, std::string_view text)
    : regex_(regex), text_(text), data_(pcre2_match_data_create(1, nullptr), [](void* data) {
        pcre2_match_data_free(static_cast<pcre2_match_data*>(data));
      }) {}

std::optional<ByteSpan> Regex::Matches::next() {
  if (from_ > text_.size()) return std::nullopt;
  auto* const data = static_cast<pcre2_match_data*>(data_.get());
  const int found = pcre2_match(as_code(regex_.code_), reinterpret_cast<PCRE2_SPTR>(text_.data()),
                                text_.size(), from_, PCRE2_NO_UTF_CHECK, data, limits());
  if (found == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (found < 0) {
    throw LimitError(fmt::format("the regular expression '{}' gave up on a text of {} bytes: {}",
                                 regex_.pattern_, text_.size(), error_text(found)));
  }
  const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data);
  const ByteSpan match{ends[0], ends[1]};
  // After an empty match the next one begins a character later.
  from_ = match.end;
  if (match.begin == match.end) {
    from_ += from_ < text_.size() ? decode_point(text_, from_).length : 1;
  }
  return match;
}

}  // namespace ordo::text
