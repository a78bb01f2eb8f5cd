// The target of a request taken apart: "/api/series?run=3&name=a%20b". Strict, so that nothing
// means two things: a malformed escape, invalid UTF-8, a control character or a repeated name is an
// error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ordo::http {

/// Splits `text` at `&` and `=` and undoes percent escapes and `+`. Throws UsageError.
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view text);

  /// The value of that name, or nullptr.
  const std::string* find(std::string_view name) const;
  /// The value; throws UsageError saying that it is missing.
  const std::string& required(std::string_view name) const;
  /// The integer of that name in [low, high], or `otherwise` if there is none. Throws UsageError.
  std::int64_t integer(std::string_view name, std::int64_t low, std::int64_t high,
                       std::int64_t otherwise) const;
  /// The number of that name, not NaN, or `otherwise` if there is none. Throws UsageError.
  double number(std::string_view name, double otherwise) const;
  /// Throws UsageError for a name that is not among those known.
  void allow(std::initializer_list<std::string_view> known) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

struct Target {
  std::string path;  ///< unescaped, begins with '/'
  Query query;
};
/// Throws UsageError for what is no target of this kind ("*", "http://...", without '/').
Target parse_target(std::string_view target);

/// Undoes percent escapes; `+` stays. Throws UsageError for malformed escapes, control characters
/// and invalid UTF-8.
std::string unescape(std::string_view text);

}  // namespace ordo::http
