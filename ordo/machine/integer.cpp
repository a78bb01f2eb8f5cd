#include "ordo/machine/integer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <boost/multiprecision/cpp_int.hpp>

namespace ordo::machine {

using boost::multiprecision::cpp_int;

struct Integer::Digits {
  cpp_int value;
};

Integer::Integer(std::int64_t value) : digits_(std::make_unique<Digits>(Digits{value})) {}
Integer::Integer(Digits digits) : digits_(std::make_unique<Digits>(std::move(digits))) {}
Integer::Integer(const Integer& other) : digits_(std::make_unique<Digits>(*other.digits_)) {}
Integer::Integer(Integer&&) noexcept = default;
Integer& Integer::operator=(Integer other) noexcept {
  digits_.swap(other.digits_);
  return *this;
}
Integer::~Integer() = default;

std::optional<Integer> Integer::parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  // A leading zero would make boost read octal.
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size() - 1));
  cpp_int value{std::string(text)};
  if (negative) value = -value;
  return Integer(Digits{std::move(value)});
}

std::string Integer::to_string() const { return digits_->value.str(); }

std::optional<std::int64_t> Integer::small() const {
  const cpp_int& value = digits_->value;
  if (value < std::numeric_limits<std::int64_t>::min() ||
      value > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

bool Integer::is_zero() const { return digits_->value.is_zero(); }

std::size_t Integer::size() const {
  return digits_->value.backend().size() * sizeof(boost::multiprecision::limb_type);
}

Integer operator+(const Integer& a, const Integer& b) {
  return Integer(Integer::Digits{a.digits_->value + b.digits_->value});
}
Integer operator-(const Integer& a, const Integer& b) {
  return Integer(Integer::Digits{a.digits_->value - b.digits_->value});
}
Integer operator*(const Integer& a, const Integer& b) {
  return Integer(Integer::Digits{a.digits_->value * b.digits_->value});
}

Integer floor_div(const Integer& a, const Integer& b) {
  cpp_int quotient, rest;
  boost::multiprecision::divide_qr(a.digits_->value, b.digits_->value, quotient, rest);
  if (!rest.is_zero() && (rest < 0) != (b.digits_->value < 0)) --quotient;
  return Integer(Integer::Digits{std::move(quotient)});
}

Integer floor_mod(const Integer& a, const Integer& b) { return a - b * floor_div(a, b); }

bool operator==(const Integer& a, const Integer& b) { return a.digits_->value == b.digits_->value; }

std::strong_ordering operator<=>(const Integer& a, const Integer& b) {
  return a.digits_->value.compare(b.digits_->value) <=> 0;
}

}  // namespace ordo::machine
