// Operators, items and slices, as Python has them.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "ordo/text/jinja_library.h"
#include "ordo/text/unicode.h"

namespace ordo::text::jinja {
namespace {

constexpr std::size_t kLongestText = std::size_t{1} << 26;

std::int64_t checked(bool overflow, std::int64_t number) {
  if (overflow) fail("a whole number left the range of 64 bits");
  return number;
}

// Quotients are rounded down, and remainders have the sign of the divisor.
std::int64_t floor_divide(std::int64_t left, std::int64_t right) {
  if (right == 0) fail("division by zero");
  if (right == -1)
    return checked(left == std::numeric_limits<std::int64_t>::min(), -(left + 1) + 1);
  const std::int64_t quotient = left / right;
  return quotient - ((left % right != 0 && (left < 0) != (right < 0)) ? 1 : 0);
}

Value power(const Value& left, const Value& right) {
  if (left.whole() == nullptr || right.whole() == nullptr || *right.whole() < 0) {
    return std::pow(left.number(), right.number());
  }
  std::int64_t result = 1;
  std::int64_t base = *left.whole();
  for (std::int64_t exponent = *right.whole(); exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) {
      const bool overflow = __builtin_mul_overflow(result, base, &result);
      checked(overflow, result);
    }
    if (exponent > 1) {
      const bool overflow = __builtin_mul_overflow(base, base, &base);
      checked(overflow, base);
    }
  }
  return result;
}

Value repeat(const Value& value, std::int64_t times) {
  times = std::max<std::int64_t>(times, 0);
  const std::size_t size = value.text() != nullptr ? value.text()->size() : value.list()->size();
  if (size > 0 && static_cast<std::size_t>(times) > kLongestText / size)
    fail("the result is too large");
  if (value.text() != nullptr) {
    std::string text;
    for (std::int64_t i = 0; i < times; ++i) text += *value.text();
    return text;
  }
  List list;
  for (std::int64_t i = 0; i < times; ++i)
    list.insert(list.end(), value.list()->begin(), value.list()->end());
  return list;
}

Value compute_whole(const std::string& symbol, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (symbol == "+") return checked(__builtin_add_overflow(a, b, &result), result);
  if (symbol == "-") return checked(__builtin_sub_overflow(a, b, &result), result);
  if (symbol == "*") return checked(__builtin_mul_overflow(a, b, &result), result);
  if (symbol == "//") return floor_divide(a, b);
  const std::int64_t quotient = floor_divide(a, b);  // %
  return a - quotient * b;
}

std::string character_at(const std::string& text, std::int64_t index) {
  const auto count = static_cast<std::int64_t>(count_points(text));
  if (index < 0) index += count;
  if (index < 0 || index >= count) return {};
  std::size_t at = 0;
  for (; index > 0; --index) at += decode_point(text, at).length;
  return text.substr(at, decode_point(text, at).length);
}

}  // namespace

Value compute(const std::string& symbol, const Value& left, const Value& right) {
  if (symbol == "~") return left.str() + right.str();
  const auto unsupported = [&]() {
    fail(fmt::format("'{}' between {} and {}", symbol, left.type_name(), right.type_name()));
  };
  if (symbol == "+" && left.text() != nullptr && right.text() != nullptr)
    return *left.text() + *right.text();
  if (symbol == "+" && left.list() != nullptr && right.list() != nullptr) {
    List both = *left.list();
    both.insert(both.end(), right.list()->begin(), right.list()->end());
    return both;
  }
  const auto is_sequence = [](const Value& value) {
    return value.text() != nullptr || value.list() != nullptr;
  };
  if (symbol == "*" && is_sequence(left) && right.whole() != nullptr)
    return repeat(left, *right.whole());
  if (symbol == "*" && is_sequence(right) && left.whole() != nullptr)
    return repeat(right, *left.whole());
  if (!left.is_number() || !right.is_number()) unsupported();
  if (symbol == "**") return power(left, right);
  const double a = left.number(), b = right.number();
  if (symbol == "/") {
    if (b == 0) fail("division by zero");
    return a / b;
  }
  if (!left.is_real() && !right.is_real()) {
    return compute_whole(symbol, left.as_whole("a number"), right.as_whole("a number"));
  }
  if (symbol == "+") return a + b;
  if (symbol == "-") return a - b;
  if (symbol == "*") return a * b;
  if (b == 0) fail("division by zero");
  if (symbol == "//") return std::floor(a / b);
  return a - b * std::floor(a / b);
}

Value item_of(const Value& value, const Value& key) {
  const std::string name = key.text() != nullptr ? *key.text() : key.str();
  if (const Dict* const dict = value.dict()) {
    const Value* const found = dict->find(name);
    return found != nullptr ? *found : Value(Undefined{name});
  }
  if (value.list() != nullptr && (key.whole() != nullptr || key.flag() != nullptr)) {
    const List& list = *value.list();
    std::int64_t index = key.as_whole("an index");
    if (index < 0) index += static_cast<std::int64_t>(list.size());
    if (index < 0 || index >= static_cast<std::int64_t>(list.size())) return Undefined{name};
    return list[static_cast<std::size_t>(index)];
  }
  if (value.text() != nullptr && key.whole() != nullptr) {
    const std::string character = character_at(*value.text(), *key.whole());
    return character.empty() ? Value(Undefined{name}) : Value(character);
  }
  if (value.is_undefined()) fail(fmt::format("{} has no '{}'", value.type_name(), name));
  return Undefined{name};
}

Value slice_of(const Value& value, const Value& begin, const Value& end, const Value& step) {
  if (value.is_undefined()) fail(value.type_name() + " cannot be cut");
  if (value.text() == nullptr && value.list() == nullptr)
    fail(value.type_name() + " cannot be cut");
  const List items = value.items();
  const auto size = static_cast<std::int64_t>(items.size());
  const std::int64_t by = step.is_none() ? 1 : step.as_whole("a step");
  if (by == 0) fail("a step is 0");
  const auto place = [&](const Value& wanted, std::int64_t otherwise) {
    if (wanted.is_none()) return otherwise;
    std::int64_t at = wanted.as_whole("an end of a slice");
    if (at < 0) at = std::max<std::int64_t>(at + size, by > 0 ? 0 : -1);
    return std::min(at, by > 0 ? size : size - 1);
  };
  const std::int64_t first = place(begin, by > 0 ? 0 : size - 1),
                     last = place(end, by > 0 ? size : -1);
  List cut;
  const std::int64_t stride = std::clamp(by, -size - 1, size + 1);
  for (std::int64_t at = first; by > 0 ? at < last : at > last; at += stride) {
    cut.push_back(items[static_cast<std::size_t>(at)]);
  }
  if (value.text() == nullptr) return cut;
  std::string text;
  for (const Value& character : cut) text += *character.text();
  return text;
}

Value attribute_path(const Value& value, const std::string& path) {
  Value at = value;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    std::int64_t index = 0;
    const auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool is_index =
        error == std::errc() && stop == part.data() + part.size() && !part.empty();
    at = item_of(at, is_index ? Value(index) : Value(part));
    begin = end + 1;
  }
  return at;
}

}  // namespace ordo::text::jinja
