#include "ordo/text/unicode.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/base/utf8.h"

namespace ordo::text {
namespace {

#include "ordo/text/unicode_points.inc"

constexpr char32_t kReplacement = 0xFFFD;

std::unordered_map<char32_t, std::u32string> make_lower_case() {
  std::unordered_map<char32_t, std::u32string> table;
  for (std::size_t at = 0; at < std::size(kLowerCase); at += 2 + kLowerCase[at + 1]) {
    std::u32string& letters = table[kLowerCase[at]];
    for (std::uint32_t i = 0; i < kLowerCase[at + 1]; ++i) letters += kLowerCase[at + 2 + i];
  }
  return table;
}

// Whether some bytes after these 1 to 3 would make one well-formed character.
bool begins_character(std::string_view bytes) {
  const auto byte = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned first = byte(0);
  if (first < 0xC2 || first > 0xF4) return false;
  if (bytes.size() >= (first < 0xE0 ? 2U : first < 0xF0 ? 3U : 4U)) return false;
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (bytes.size() > 1 && (byte(1) < low || byte(1) > high)) return false;
  return bytes.size() < 3 || (byte(2) & 0xC0) == 0x80;
}

}  // namespace

std::size_t previous_point(std::string_view text, std::size_t position) {
  do {
    --position;
  } while (position > 0 && (static_cast<unsigned char>(text[position]) & 0xC0) == 0x80);
  return position;
}

void append_utf8(std::string& text, char32_t point) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

std::string to_utf8(char32_t point) {
  std::string text;
  append_utf8(text, point);
  return text;
}

std::size_t count_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

void check_utf8(std::string_view text, const std::string& what) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text.substr(at, 4));
    if (length == 0) {
      throw InputError({.source = what},
                       fmt::format("expected UTF-8, found the byte 0x{:02X} at byte {}",
                                   static_cast<unsigned char>(text[at]), at));
    }
    at += length;
  }
}

std::string repair_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t length = utf8_length(bytes.substr(at));
    if (length > 0) {
      text += bytes.substr(at, length);
      at += length;
      continue;
    }
    append_utf8(text, kReplacement);
    std::size_t part = 1;
    while (part < 3 && at + part < bytes.size() && begins_character(bytes.substr(at, part + 1))) {
      ++part;
    }
    at += part;
  }
  return text;
}

PointKinds::PointKinds() : kinds_(kPointKinds) {
  std::unordered_map<std::string, std::uint32_t> known;
  std::string page;
  std::size_t number = 0;
  for (std::size_t at = 0; at < std::size(kPointRuns); at += 2) {
    for (std::uint32_t left = kPointRuns[at + 1]; left > 0;) {
      const auto piece = std::min<std::size_t>(left, 256 - page.size());
      page.append(piece, static_cast<char>(kPointRuns[at]));
      left -= static_cast<std::uint32_t>(piece);
      if (page.size() < 256) continue;
      const auto [place, is_new] =
          known.emplace(page, static_cast<std::uint32_t>(blocks_storage_.size()));
      if (is_new) blocks_storage_ += page;
      pages_[number++] = place->second;
      page.clear();
    }
  }
  blocks_ = reinterpret_cast<const unsigned char*>(blocks_storage_.data());
}

const PointKinds& point_kinds() {
  static const PointKinds table;
  return table;
}

std::u32string lower_case(char32_t point) {
  static const auto table = make_lower_case();
  if (point < 0x80) return {point >= U'A' && point <= U'Z' ? point + 32 : point};
  const auto found = table.find(point);
  return found == table.end() ? std::u32string{point} : found->second;
}

}  // namespace ordo::text
