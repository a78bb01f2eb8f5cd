// TOML files as JSON values that remember where in the file they stand.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "ordo/base/error.h"
#include "ordo/base/json.h"

namespace ordo {

/// A parsed TOML 1.0 document. Dates and times are strings as in RFC 3339; tables keep the order of
/// the file.
class TomlDocument {
 public:
  const Json& root() const { return root_; }
  const std::string& source() const { return source_; }
  /// Where the value at a JSON pointer ("/claim/0/text") begins; for a pointer that the file does
  /// not have, its nearest ancestor's place. The field is the pointer with dots: "claim.0.text".
  Location locate(std::string_view pointer) const;

 private:
  friend TomlDocument parse_toml(std::string_view text, const std::string& source);
  struct Place {
    std::size_t line = 0, column = 0;
  };
  Json root_;
  std::string source_;
  std::unordered_map<std::string, Place> places_;
};

/// Parses a document; `source` names it in errors. Throws InputError with line and column.
TomlDocument parse_toml(std::string_view text, const std::string& source = "<toml>");

/// Reads and parses a file.
TomlDocument read_toml(const std::string& path);

}  // namespace ordo
