// Integers of any size (boost::multiprecision inside). The machines keep small ones unboxed and
// come here only when 63 bits overflow, so these functions favour clarity.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ordo::machine {

class Integer {
 public:
  Integer() : Integer(0) {}
  Integer(std::int64_t value);
  Integer(const Integer& other);
  Integer(Integer&&) noexcept;
  Integer& operator=(Integer other) noexcept;
  ~Integer();

  /// Decimal digits with an optional sign '-'; nullopt for anything else.
  static std::optional<Integer> parse(std::string_view text);
  std::string to_string() const;
  /// The value where it fits 64 bits.
  std::optional<std::int64_t> small() const;
  bool is_zero() const;
  /// Bytes of its magnitude.
  std::size_t size() const;

  friend Integer operator+(const Integer& a, const Integer& b);
  friend Integer operator-(const Integer& a, const Integer& b);
  friend Integer operator*(const Integer& a, const Integer& b);
  /// Rounds to minus infinity; the divisor must not be zero.
  friend Integer floor_div(const Integer& a, const Integer& b);
  /// a - b * floor_div(a, b): has the divisor's sign.
  friend Integer floor_mod(const Integer& a, const Integer& b);
  friend bool operator==(const Integer& a, const Integer& b);
  friend std::strong_ordering operator<=>(const Integer& a, const Integer& b);

 private:
  struct Digits;
  explicit Integer(Digits digits);
  std::unique_ptr<Digits> digits_;
};

}  // namespace ordo::machine
