// Source text of the machines' languages: places, diagnostics with a caret, several errors a file.
//
//   SourceMap sources;
//   const SourceId file = sources.add("prog.fmc", text);      // throws on invalid UTF-8
//   Diagnostics problems(sources);
//   problems.error({file, 3, 4}, "expected a term, found ')'");
//   problems.throw_if_any();
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/error.h"
#include "ordo/base/json.h"

namespace ordo::machine {

using SourceId = std::uint32_t;

/// Bytes [begin, end) of a source.
struct Span {
  SourceId source = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  /// From the start of `first` to the end of `last`, which must be of one source.
  static Span join(Span first, Span last) { return {first.source, first.begin, last.end}; }
  friend bool operator==(const Span&, const Span&) = default;
};

/// The texts of one session. References to texts stay valid while the map lives.
class SourceMap {
 public:
  /// Throws InputError with line and column if `text` is not UTF-8 or is longer than 2^32 - 2
  /// bytes.
  SourceId add(std::string name, std::string text);
  /// Reads a file, or standard input if `path` is "-". Throws IoError, InputError.
  SourceId add_file(const std::filesystem::path& path);

  std::size_t size() const { return files_.size(); }
  const std::string& name(SourceId id) const { return files_[id].name; }
  std::string_view text(SourceId id) const { return files_[id].text; }
  std::string_view text(Span span) const {
    return text(span.source).substr(span.begin, span.end - span.begin);
  }
  /// Line and column (in bytes, from 1) of the span's begin. O(log lines).
  Location locate(Span span) const;
  /// The line that holds the span's begin, without its line break.
  std::string_view line_at(Span span) const;

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::uint32_t> line_starts;
  };
  std::size_t line_index(Span span) const;
  std::deque<File> files_;
};

/// One thing wrong with a source.
struct Diagnostic {
  Span span;
  std::string message;  ///< what was expected, what came
  std::string hint;     ///< what to do about it; may be empty
};

/// Collects what is wrong, in the order found; after `limit` errors the rest are only counted.
class Diagnostics {
 public:
  explicit Diagnostics(const SourceMap& sources, std::size_t limit = 20)
      : sources_(&sources), limit_(limit) {}

  void error(Span span, std::string message, std::string hint = {});
  bool empty() const { return count_ == 0; }
  /// Whether further errors are only counted; then no hint need be thought of.
  bool full() const { return items_.size() >= limit_; }
  std::size_t count() const { return count_; }
  const std::vector<Diagnostic>& all() const { return items_; }
  /// Each as "file:line:col: error: message", the line, a caret line and the hint.
  std::string to_text() const;
  /// An array of {file, line, column, end_column, message, hint}.
  Json to_json() const;
  /// Throws SourceError if there are errors.
  void throw_if_any() const;

 private:
  const SourceMap* sources_;
  std::size_t limit_;
  std::size_t count_ = 0;
  std::vector<Diagnostic> items_;
};

/// Everything that is wrong with the sources; what() is Diagnostics::to_text.
class SourceError : public InputError {
 public:
  SourceError(Location location, const std::string& text, Json details)
      : InputError({}, text), first_(std::move(location)), details_(std::move(details)) {}
  const Location& first() const { return first_; }
  const Json& details() const { return details_; }

 private:
  Location first_;
  Json details_;
};

/// The offset of the first byte that is not part of well-formed UTF-8 (no overlong forms, no
/// surrogates, at most U+10FFFF).
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// The code point at `offset` of well-formed UTF-8, and its length in bytes.
struct CodePoint {
  char32_t value;
  std::uint32_t length;
};
CodePoint decode_utf8(std::string_view text, std::size_t offset);

/// Text as a literal between double quotes: \n \t \" \\ and \u{hex} for control characters.
std::string quote(std::string_view text);

/// The file that `import "name"` in `importer` means: relative to the importer's folder, with
/// `extension` (".fmc") added where the name has none.
std::filesystem::path resolve_import(const std::filesystem::path& importer, std::string_view name,
                                     std::string_view extension);

}  // namespace ordo::machine
