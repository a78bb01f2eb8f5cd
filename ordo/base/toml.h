// TOML 1.0 as JSON values that remember where in the file they stood, so that whoever checks the
// values can say "study.toml:12:1" about a fault that is not one of syntax.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "ordo/base/error.h"
#include "ordo/base/json.h"

namespace ordo {

/// A parsed TOML file. Copies share the parsed values.
class TomlDocument {
 public:
  /// An empty table from nowhere.
  TomlDocument();
  /// The top table. Keys stand in the file's order; dates and times are strings in RFC 3339's form.
  const Json& root() const;
  /// What the text was called.
  const std::string& source() const;
  /// The place of a value by its JSON pointer, such as "/claim/0/text": where its key begins, or
  /// the value itself inside an array ("[[claim]]" for an array of tables). A pointer to nothing
  /// gives the place of the nearest table around it. The result's field is the pointer with dots:
  /// "claim.0.text".
  Location locate(std::string_view pointer) const;

 private:
  friend TomlDocument parse_toml(std::string_view text, const std::string& source);
  struct Parsed;
  explicit TomlDocument(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  std::shared_ptr<const Parsed> parsed_;
};

/// Parses a TOML document (UTF-8; keys of at most 32 parts, values nested at most 256 deep).
/// `source` names the text in errors. Throws InputError with line and column.
TomlDocument parse_toml(std::string_view text, const std::string& source = "<toml>");

/// Reads and parses a file. Throws IoError, InputError.
TomlDocument read_toml(const std::filesystem::path& path);

}  // namespace ordo
