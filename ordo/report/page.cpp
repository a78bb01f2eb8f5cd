#include "ordo/report/page.h"

#include <cstddef>

namespace ordo::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// Length of the valid sequence at `at` (Unicode 15, table 3-7), 0 if there is none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return 1;
  if (!continues(text, at + 1)) return 0;
  const auto second = static_cast<unsigned char>(text[at + 1]);
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (!continues(text, at + 2)) return 0;
  if (first == 0xE0) return second >= 0xA0 ? 3 : 0;  // shorter forms exist
  if (first == 0xED) return second <= 0x9F ? 3 : 0;  // surrogates
  if (first >= 0xE1 && first <= 0xEF) return 3;
  if (!continues(text, at + 3)) return 0;
  if (first == 0xF0) return second >= 0x90 ? 4 : 0;
  if (first == 0xF4) return second <= 0x8F ? 4 : 0;
  return first >= 0xF1 && first <= 0xF3 ? 4 : 0;
}

// Copies `text`, repaired; `special(sequence, out)` writes a sequence and says so, or declines.
template <class Special>
std::string rewrite(std::string_view text, Special special) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) {
      out += kReplacement;
      ++at;
      continue;
    }
    const std::string_view sequence = text.substr(at, length);
    if (!special(sequence, out)) out += sequence;
    at += length;
  }
  return out;
}

}  // namespace

std::string repair_utf8(std::string_view text) {
  return rewrite(text, [](std::string_view, std::string&) { return false; });
}

std::string escape_html(std::string_view text) {
  return rewrite(text, [](std::string_view sequence, std::string& out) {
    switch (sequence.front()) {
      case '&':
        out += "&amp;";
        return true;
      case '<':
        out += "&lt;";
        return true;
      case '>':
        out += "&gt;";
        return true;
      case '"':
        out += "&quot;";
        return true;
      case '\'':
        out += "&#39;";
        return true;
      case '\0':  // HTML has no way to write it
        out += kReplacement;
        return true;
      default:
        return false;
    }
  });
}

std::string escape_script_json(std::string_view json) {
  return rewrite(json, [](std::string_view sequence, std::string& out) {
    if (sequence == "<") {
      out += "\\u003c";
    } else if (sequence == ">") {
      out += "\\u003e";
    } else if (sequence == "&") {
      out += "\\u0026";
    } else if (sequence == "\xE2\x80\xA8") {
      out += "\\u2028";
    } else if (sequence == "\xE2\x80\xA9") {
      out += "\\u2029";
    } else {
      return false;
    }
    return true;
  });
}

}  // namespace ordo::report
