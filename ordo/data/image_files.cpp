#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/data/readers.h"

namespace ordo::data {
namespace {

constexpr std::int64_t kDigitSide = 28;
constexpr std::size_t kCifarPixels = std::size_t{3} * 32 * 32;

// Reads {"data": [number, ...]} without building a tree of it.
class DigitsParser {
 public:
  DigitsParser(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  std::vector<std::uint8_t> parse() {
    expect('{');
    expect_word("\"data\"");
    expect(':');
    expect('[');
    std::vector<std::uint8_t> levels;
    levels.reserve(text_.size() / 3);
    if (!take(']')) {
      do {
        levels.push_back(level());
      } while (take(','));
      expect(']');
    }
    expect('}');
    if (peek() != '\0') fail("expected the end of the file");
    return levels;
  }

 private:
  char peek() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!take(wanted)) fail(fmt::format("expected '{}'", wanted));
  }

  void expect_word(std::string_view word) {
    peek();
    if (!text_.substr(at_).starts_with(word)) fail(fmt::format("expected {}", word));
    at_ += word.size();
  }

  std::uint8_t level() {
    peek();
    double value = 0;
    const char* const end = text_.data() + text_.size();
    const auto [rest, error] = std::from_chars(text_.data() + at_, end, value);
    // Three decimals are within 0.0005 of k / 255, and levels lie 0.0039 apart.
    const double nearest = std::round(255 * value);
    if (error != std::errc() || !(value >= 0 && value <= 1) ||
        std::abs(value - nearest / 255) > 0.000501) {
      fail("expected a grey level k / 255 to three decimals, from 0 to 1");
    }
    at_ = static_cast<std::size_t>(rest - text_.data());
    return static_cast<std::uint8_t>(nearest);
  }

  [[noreturn]] void fail(const std::string& reason) const {
    const std::string_view before = text_.substr(0, at_);
    const std::size_t newline = before.rfind('\n');
    const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    throw InputError({.source = source_, .line = line, .column = at_ - start + 1}, reason);
  }

  std::string_view text_;
  const std::string& source_;
  std::size_t at_ = 0;
};

}  // namespace

Array parse_digits_json(std::string_view text, const std::string& source) {
  std::vector<std::uint8_t> levels = DigitsParser(text, source).parse();
  const auto count = static_cast<std::int64_t>(levels.size());
  if (count % (kDigitSide * kDigitSide) != 0) {
    throw InputError({.source = source},
                     fmt::format("{} grey levels are no whole images of 28 x 28", count));
  }
  return Array::of(std::move(levels), {count / (kDigitSide * kDigitSide), kDigitSide, kDigitSide});
}

std::pair<Array, Array> parse_cifar(std::string_view bytes, const std::string& source, Cifar kind) {
  const auto labels_each = static_cast<std::size_t>(kind);
  const std::size_t record = labels_each + kCifarPixels;
  if (bytes.empty() || bytes.size() % record != 0) {
    throw InputError({.source = source},
                     fmt::format("{} bytes are no whole records of {}", bytes.size(), record));
  }
  const std::size_t count = bytes.size() / record;
  std::vector<std::uint8_t> pixels(count * kCifarPixels), labels(count);
  for (std::size_t image = 0; image < count; ++image) {
    const std::string_view own = bytes.substr(image * record, record);
    labels[image] = static_cast<std::uint8_t>(own[labels_each - 1]);
    std::memcpy(pixels.data() + image * kCifarPixels, own.data() + labels_each, kCifarPixels);
  }
  const auto n = static_cast<std::int64_t>(count);
  return {Array::of(std::move(pixels), {n, 3, 32, 32}), Array::of(std::move(labels), {n})};
}

Array concatenated(const Array& first, const Array& second, const std::string& source) {
  const Shape &a = first.shape(), &b = second.shape();
  const bool fit = first.dtype() == second.dtype() && !a.empty() && a.size() == b.size() &&
                   std::equal(a.begin() + 1, a.end(), b.begin() + 1);
  if (!fit) {
    throw InputError(
        {.source = source},
        fmt::format("{} of shape {} and {} of shape {} do not follow each other",
                    name_of(first.dtype()), to_string(a), name_of(second.dtype()), to_string(b)));
  }
  std::vector<std::byte> bytes;
  bytes.reserve(first.bytes().size() + second.bytes().size());
  bytes.insert(bytes.end(), first.bytes().begin(), first.bytes().end());
  bytes.insert(bytes.end(), second.bytes().begin(), second.bytes().end());
  Shape shape = a;
  shape[0] += b[0];
  const auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  return Array(first.dtype(), std::move(shape), *owner, owner);
}

}  // namespace ordo::data
