// The language server protocol (3.17) over injected streams: framing, documents, positions. What a
// text means comes from a language; the server knows diagnostics, hover and go to definition.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "ordo/base/json.h"
#include "ordo/machine/source.h"

namespace ordo::machine {

/// What a language knows about one version of a text.
class LspAnalysis {
 public:
  virtual ~LspAnalysis() = default;
  /// All texts that it looked at, the document's own among them.
  virtual const SourceMap& sources() const = 0;
  virtual SourceId document() const = 0;
  virtual const std::vector<Diagnostic>& problems() const = 0;
  struct Hover {
    Span span;
    std::string text;
  };
  virtual std::optional<Hover> hover(std::uint32_t offset) = 0;
  /// Where the name at the offset is made.
  virtual std::optional<Span> definition(std::uint32_t offset) = 0;
};

struct LspLanguage {
  std::string name;  ///< "ordo fmc"
  std::string id;    ///< how code is marked in what a person reads: "fmc"
  std::function<std::unique_ptr<LspAnalysis>(const std::string& path, std::string text)> analyse;
};

/// Serves until `exit` or the end of `in`. Returns what the process should: 0 after `shutdown`,
/// else 1. Throws InputError where the framing is broken, since nothing behind it can be trusted.
int serve_lsp(const LspLanguage& language, std::istream& in, std::ostream& out);

/// Columns of the protocol count UTF-16 units, or bytes where both sides know UTF-8.
enum class PositionUnit { utf16, utf8 };
/// The byte offset of a line and column (both from 0); beyond the end of a line, its end.
std::uint32_t offset_of(std::string_view text, std::uint64_t line, std::uint64_t column,
                        PositionUnit unit);
/// {"line": ..., "character": ...}
Json position_of(std::string_view text, std::uint32_t offset, PositionUnit unit);

/// The path of a `file:` URI, percent signs resolved; any other URI as it is.
std::string path_of_uri(std::string_view uri);
std::string uri_of_path(std::string_view path);

}  // namespace ordo::machine
