#include "ordo/text/jinja_strings.h"

#include <algorithm>
#include <map>

#include "ordo/text/jinja_value.h"
#include "ordo/text/unicode.h"

namespace ordo::text::jinja {
namespace {

// Python's str.isspace takes four separators of files besides White_Space.
bool is_space(char32_t point) {
  return (point >= 0x1C && point <= 0x1F) || has(point, PointFlag::white_space);
}

// The one letter whose lower case is this, for those whose lower case is one letter.
char32_t upper_case(char32_t point) {
  static const std::map<char32_t, char32_t> uppers = [] {
    std::map<char32_t, char32_t> map;
    for (char32_t upper = 0x80; upper < 0x20000; ++upper) {
      const std::u32string letters = lower_case(upper);
      if (letters.size() == 1 && letters[0] != upper &&
          category_of(point_kinds()(upper)) == Category::lu) {
        map.emplace(letters[0], upper);
      }
    }
    return map;
  }();
  if (point >= U'a' && point <= U'z') return point - 32;
  if (point < 0x80) return point;
  const auto found = uppers.find(point);
  return found == uppers.end() ? point : found->second;
}

void append_upper(std::string& text, char32_t point) {
  if (point == U'ß') {
    text += "SS";
  } else {
    append_utf8(text, upper_case(point));
  }
}

void append_lower(std::string& text, char32_t point) {
  for (const char32_t letter : lower_case(point)) append_utf8(text, letter);
}

template <class Change>
std::string changed(const std::string& text, Change change) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedPoint point = decode_point(text, at);
    change(out, point.value, at);
    at += point.length;
  }
  return out;
}

std::vector<std::string> split_words(const std::string& text, std::int64_t most) {
  std::vector<std::string> words;
  bool in_word = false;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedPoint point = decode_point(text, at);
    const bool space = is_space(point.value);
    if (!space && !in_word) {
      if (most >= 0 && static_cast<std::int64_t>(words.size()) == most) {
        words.push_back(stripped(text.substr(at), Sides::right, std::nullopt));
        return words;
      }
      words.emplace_back();
    }
    if (!space) words.back() += text.substr(at, point.length);
    in_word = !space;
    at += point.length;
  }
  return words;
}

}  // namespace

std::string stripped(const std::string& text, Sides sides,
                     const std::optional<std::string>& characters) {
  const auto goes = [&](std::size_t at) {
    const DecodedPoint point = decode_point(text, at);
    if (!characters) return is_space(point.value);
    return characters->find(text.substr(at, point.length)) != std::string::npos;
  };
  std::size_t begin = 0, end = text.size();
  while (sides != Sides::right && begin < end && goes(begin))
    begin += decode_point(text, begin).length;
  while (sides != Sides::left && end > begin && goes(previous_point(text, end)))
    end = previous_point(text, end);
  return text.substr(begin, end - begin);
}

std::vector<std::string> split(const std::string& text, const std::optional<std::string>& separator,
                               std::int64_t most) {
  if (!separator) return split_words(text, most);
  if (separator->empty()) fail("an empty separator");
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (most < 0 || static_cast<std::int64_t>(parts.size()) < most) {
    const std::size_t at = text.find(*separator, begin);
    if (at == std::string::npos) break;
    parts.push_back(text.substr(begin, at - begin));
    begin = at + separator->size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\n\r", at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + (text.compare(end, 2, "\r\n") == 0 ? 2 : 1);
  }
  return lines;
}

std::string replaced(const std::string& text, const std::string& what, const std::string& by,
                     std::int64_t most) {
  if (what.empty()) fail("an empty string cannot be replaced");
  std::string out;
  std::size_t begin = 0;
  for (std::int64_t count = 0; most < 0 || count < most; ++count) {
    const std::size_t at = text.find(what, begin);
    if (at == std::string::npos) break;
    out += text.substr(begin, at - begin) + by;
    begin = at + what.size();
  }
  return out + text.substr(begin);
}

std::string lower(const std::string& text) {
  return changed(text,
                 [](std::string& out, char32_t point, std::size_t) { append_lower(out, point); });
}

std::string upper(const std::string& text) {
  return changed(text,
                 [](std::string& out, char32_t point, std::size_t) { append_upper(out, point); });
}

std::string capitalized(const std::string& text) {
  return changed(text, [](std::string& out, char32_t point, std::size_t at) {
    if (at == 0) {
      append_upper(out, point);
    } else {
      append_lower(out, point);
    }
  });
}

std::string title(const std::string& text) {
  bool in_word = false;
  return changed(text, [&](std::string& out, char32_t point, std::size_t) {
    if (in_word) {
      append_lower(out, point);
    } else {
      append_upper(out, point);
    }
    in_word = is_letter(point_kinds()(point));
  });
}

}  // namespace ordo::text::jinja
