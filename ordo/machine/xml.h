// XML as a stream of events, strict about well-formedness: tags match, attributes are unique, one
// root element; the five named entities and character references. Document type declarations are
// refused (they may define entities of any size); processing instructions and comments are skipped.
//
//   XmlReader reader(sources, file);
//   for (XmlEvent e = reader.next(); e.kind != XmlEvent::Kind::end; e = reader.next()) ...
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ordo/machine/source.h"

namespace ordo::machine {

struct XmlAttribute {
  std::string_view name;  ///< without its prefix
  std::string value;
  Span span;
};

struct XmlEvent {
  enum class Kind { open, close, text, end };
  Kind kind = Kind::end;
  std::string_view name;  ///< of open and close, without its prefix
  std::vector<XmlAttribute> attributes;
  std::string text;  ///< entities replaced
  Span span;

  /// The attribute's value, or nullptr.
  const std::string* find(std::string_view attribute) const {
    for (const XmlAttribute& a : attributes)
      if (a.name == attribute) return &a.value;
    return nullptr;
  }
};

class XmlReader {
 public:
  XmlReader(const SourceMap& sources, SourceId file);

  /// The next event; `<a/>` gives open and close. Throws SourceError at the first problem.
  XmlEvent next();

 private:
  bool at(std::string_view text) const { return text_.substr(at_, text.size()) == text; }
  void skip_past(std::string_view close, std::string_view what);
  void skip_blanks();
  std::string_view read_name(std::string_view what);
  XmlEvent read_open();
  XmlEvent read_close();
  XmlEvent read_text();
  XmlAttribute read_attribute();
  void append_entity(std::string& text);
  Span span(std::size_t begin, std::size_t end) const;
  [[noreturn]] void fail(Span where, const std::string& message,
                         const std::string& hint = {}) const;

  const SourceMap* sources_;
  SourceId file_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Span> open_;  // names of the open elements, as written
  bool had_root_ = false;
  bool pending_close_ = false;  // the last open tag ended in `/>`
};

}  // namespace ordo::machine
