#include "ordo/report/page.h"

#include <cstddef>

#include "ordo/base/utf8.h"

namespace ordo::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Copies `text`, repaired; `special(sequence, out)` writes a sequence and says so, or declines.
template <class Special>
std::string rewrite(std::string_view text, Special special) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
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
