#include "ordo/http/range.h"

#include <algorithm>
#include <charconv>

namespace ordo::http {
namespace {

// The whole number that `text` is; nullopt if it is none (too large ones count as the largest).
std::optional<std::int64_t> parse_number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? value : std::int64_t{INT64_MAX};
}

}  // namespace

RangeAnswer parse_range(std::string_view text, std::int64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!text.starts_with(kUnit)) return {};
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view before = text.substr(0, dash), after = text.substr(dash + 1);
  const auto first = parse_number(before), last = parse_number(after);
  if (before.empty()) {
    if (!last) return {};
    if (*last == 0 || size == 0) return {.kind = RangeKind::unsatisfiable};
    const std::int64_t count = std::min(*last, size);
    return {RangeKind::part, {size - count, count}};
  }
  if (!first || (!after.empty() && !last) || (last && *last < *first)) return {};
  if (*first >= size) return {.kind = RangeKind::unsatisfiable};
  const std::int64_t end = last ? std::min(*last, size - 1) : size - 1;
  return {RangeKind::part, {*first, end - *first + 1}};
}

}  // namespace ordo::http
