#include "ordo/http/target.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/error.h"
#include "ordo/base/utf8.h"

namespace ordo::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void check_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == 0x7f) {
      throw UsageError(
          fmt::format("the address holds the control character 0x{:02x} where text belongs", byte));
    }
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      throw UsageError(fmt::format(
          "the address holds the byte 0x{:02x}, which is no UTF-8; escape UTF-8 bytes", byte));
    }
    at += length;
  }
}

}  // namespace

std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
    if (low < 0) {
      throw UsageError("the address holds a '%' that no two hexadecimal digits follow");
    }
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  check_text(out);
  return out;
}

Query::Query(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    std::string part(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    std::replace(part.begin(), part.end(), '+', ' ');
    const std::size_t equals = std::min(part.find('='), part.size());
    std::string name = unescape(std::string_view(part).substr(0, equals));
    std::string value = unescape(std::string_view(part).substr(std::min(equals + 1, part.size())));
    if (find(name) != nullptr) {
      throw UsageError(fmt::format("the parameter '{}' is given twice", name));
    }
    values_.emplace_back(std::move(name), std::move(value));
  }
}

const std::string* Query::find(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return &value;
  }
  return nullptr;
}

const std::string& Query::required(std::string_view name) const {
  if (const std::string* value = find(name)) return *value;
  throw UsageError(fmt::format("the parameter '{}' is missing", name));
}

std::int64_t Query::integer(std::string_view name, std::int64_t low, std::int64_t high,
                            std::int64_t otherwise) const {
  const std::string* text = find(name);
  if (text == nullptr) return otherwise;
  std::int64_t value = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || rest != end || value < low || value > high) {
    throw UsageError(
        fmt::format("the parameter '{}' must be a whole number from {} to {}, not '{}'", name, low,
                    high, *text));
  }
  return value;
}

double Query::number(std::string_view name, double otherwise) const {
  const std::string* text = find(name);
  if (text == nullptr) return otherwise;
  double value = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || rest != end || std::isnan(value)) {
    throw UsageError(fmt::format("the parameter '{}' must be a number, not '{}'", name, *text));
  }
  return value;
}

void Query::allow(std::initializer_list<std::string_view> known) const {
  for (const auto& [name, value] : values_) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw UsageError(
          fmt::format("there is no parameter '{}' here; known: {}", name, fmt::join(known, ", ")));
    }
  }
}

Target parse_target(std::string_view target) {
  if (!target.starts_with('/')) {
    throw UsageError("expected an address that begins with '/'");
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  Target parsed;
  parsed.path = unescape(target.substr(0, mark));
  parsed.query = Query(target.substr(std::min(mark + 1, target.size())));
  return parsed;
}

}  // namespace ordo::http
