#include "ordo/train/named_spec.h"

#include <string_view>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::train {
namespace {

// Where the item that begins at `begin` ends: the next comma outside brackets and quotes.
std::size_t end_of_item(std::string_view text, std::size_t begin) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = begin; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (c == ',' && depth == 0) return at;
  }
  return text.size();
}

Json value_of(const std::string& text) {
  try {
    return parse_json(text);
  } catch (const InputError&) {
    return Json(text);
  }
}

}  // namespace

NamedSpec parse_named_spec(const std::string& text) {
  const std::size_t colon = text.find(':');
  NamedSpec spec{.name = text.substr(0, colon), .options = {}};
  if (spec.name.empty()) {
    throw UsageError(fmt::format("'{}': expected NAME or NAME:key=value,...", text));
  }
  if (colon == std::string::npos) return spec;
  for (std::size_t at = colon + 1; at <= text.size();) {
    const std::size_t end = end_of_item(text, at);
    const std::string item = text.substr(at, end - at);
    const std::size_t equals = item.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw UsageError(
          fmt::format("'{}': expected key=value after the colon, found '{}'", text, item));
    }
    spec.options[item.substr(0, equals)] = value_of(item.substr(equals + 1));
    at = end + 1;
  }
  return spec;
}

std::string to_string(const NamedSpec& spec) {
  std::string text = spec.name;
  char separator = ':';
  for (const JsonMember& member : spec.options) {
    const bool is_word = member.value.is_string() && value_of(member.value.as_string()).is_string();
    text += fmt::format("{}{}={}", separator, member.key,
                        is_word ? member.value.as_string() : member.value.dump());
    separator = ',';
  }
  return text;
}

}  // namespace ordo::train
