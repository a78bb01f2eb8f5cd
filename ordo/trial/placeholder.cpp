#include "ordo/trial/placeholder.h"

#include <fmt/format.h>

namespace ordo::trial {
namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

// Length of "{name}" at the start of `text`, or 0.
std::size_t braced_name(std::string_view text) {
  if (text.size() < 3 || text[0] != '{' || !is_name_start(text[1])) return 0;
  std::size_t end = 2;
  while (end < text.size() && is_name(text[end])) ++end;
  return end < text.size() && text[end] == '}' ? end + 1 : 0;
}

// Calls literal(text) and name(text) for the parts of `text` in order.
template <class Literal, class Name>
void walk(std::string_view text, Literal literal, Name name) {
  while (!text.empty()) {
    if (text.starts_with("${")) {
      literal(text.substr(0, 2));
      text.remove_prefix(2);
      continue;
    }
    if (text.starts_with("{{")) {
      const std::size_t length = braced_name(text.substr(1));
      if (length > 0 && text.substr(1 + length).starts_with("}")) {
        literal(text.substr(1, length));
        text.remove_prefix(length + 2);
        continue;
      }
    }
    if (const std::size_t length = braced_name(text); length > 0) {
      name(text.substr(1, length - 2));
      text.remove_prefix(length);
      continue;
    }
    literal(text.substr(0, 1));
    text.remove_prefix(1);
  }
}

}  // namespace

std::vector<std::string> placeholders(std::string_view text) {
  std::vector<std::string> names;
  walk(text, [](std::string_view) {}, [&](std::string_view name) { names.emplace_back(name); });
  return names;
}

std::string fill(std::string_view text, const JsonObject& values, Quoting quoting) {
  std::string out;
  const auto put = [&](std::string_view name) {
    const Json* value = values.find(name);
    if (value == nullptr) throw UsageError(fmt::format("nothing stands for {{{}}}", name));
    out += quoting == Quoting::shell ? shell_quote(as_word(*value)) : as_word(*value);
  };
  walk(text, [&](std::string_view part) { out += part; }, put);
  return out;
}

std::string as_word(const Json& value) {
  return value.is_string() ? value.as_string() : value.dump();
}

std::string shell_quote(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::vector<std::string> split_words(std::string_view text, const Location& where) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool has_next = i + 1 < text.size();
    if (quote == '\'') {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (quote == '"') {
      if (c == quote)
        quote = 0;
      else if (c == '\\' && has_next && (text[i + 1] == '"' || text[i + 1] == '\\'))
        word += text[++i];
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c == '\\' && has_next ? text[++i] : c;
      in_word = true;
    }
  }
  if (quote != 0) {
    throw InputError(where, fmt::format("the quote {} is not closed", quote));
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace ordo::trial
