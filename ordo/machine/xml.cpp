#include "ordo/machine/xml.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "ordo/machine/lexer.h"

namespace ordo::machine {
namespace {

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view local(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// Production [2] Char of XML 1.0, less what SourceMap has excluded.
bool allowed(std::uint32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c <= 0x10FFFF && (c < 0xD800 || c >= 0xE000) && c != 0xFFFE && c != 0xFFFF;
}

}  // namespace

XmlReader::XmlReader(const SourceMap& sources, SourceId file)
    : sources_(&sources), file_(file), text_(sources.text(file)) {
  if (at("\xEF\xBB\xBF")) at_ = 3;
}

Span XmlReader::span(std::size_t begin, std::size_t end) const {
  return {file_, static_cast<std::uint32_t>(begin),
          static_cast<std::uint32_t>(std::min(end, text_.size()))};
}

void XmlReader::fail(Span where, const std::string& message, const std::string& hint) const {
  Diagnostics problems(*sources_);
  problems.error(where, message, hint);
  problems.throw_if_any();
  std::abort();  // not reached: there is a problem
}

void XmlReader::skip_past(std::string_view close, std::string_view what) {
  const std::size_t end = text_.find(close, at_);
  if (end == std::string_view::npos)
    fail(span(at_, at_ + 2), fmt::format("this {} is not closed by '{}'", what, close));
  at_ = end + close.size();
}

void XmlReader::skip_blanks() {
  while (at_ < text_.size() && blank(text_[at_])) ++at_;
}

std::string_view XmlReader::read_name(std::string_view what) {
  const std::size_t begin = at_;
  while (at_ < text_.size()) {
    const auto c = static_cast<unsigned char>(text_[at_]);
    const bool later = std::isdigit(c) || c == '-' || c == '.';
    if (c >= 0x80)
      at_ += decode_utf8(text_, at_).length;
    else if (std::isalpha(c) || c == '_' || c == ':' || (later && at_ > begin))
      ++at_;
    else
      break;
  }
  if (at_ == begin) fail(span(at_, at_ + 1), fmt::format("expected {}", what));
  return text_.substr(begin, at_ - begin);
}

XmlEvent XmlReader::next() {
  if (pending_close_) {
    pending_close_ = false;
    const Span name = open_.back();
    open_.pop_back();
    return {XmlEvent::Kind::close, local(sources_->text(name)), {}, {}, name};
  }
  while (at_ < text_.size()) {
    if (open_.empty()) skip_blanks();
    if (at_ >= text_.size()) break;
    if (at("<!--")) {
      at_ += 4;
      skip_past("-->", "comment");
    } else if (at("<?")) {
      skip_past("?>", "processing instruction");
    } else if (at("<!DOCTYPE")) {
      fail(span(at_, at_ + 9), "document type declarations are not read", "leave it out");
    } else if (at("</")) {
      return read_close();
    } else if (at("<") && !at("<![CDATA[")) {
      return read_open();
    } else {
      return read_text();
    }
  }
  if (!open_.empty())
    fail(open_.back(), fmt::format("<{}> is not closed", sources_->text(open_.back())));
  if (!had_root_) fail(span(at_, at_), "expected an element");
  return {XmlEvent::Kind::end, {}, {}, {}, span(at_, at_)};
}

XmlEvent XmlReader::read_open() {
  const std::size_t begin = at_++;
  if (open_.empty() && had_root_) fail(span(begin, at_), "there is more than one root element");
  had_root_ = true;
  const std::string_view name = read_name("an element's name after '<'");
  open_.push_back(span(begin + 1, at_));
  XmlEvent event{XmlEvent::Kind::open, local(name), {}, {}, {}};
  while (true) {
    const std::size_t before = at_;
    skip_blanks();
    if (at("/>")) {
      pending_close_ = true;
      at_ += 2;
      break;
    }
    if (at(">")) {
      ++at_;
      break;
    }
    if (before == at_) fail(span(at_, at_ + 1), "expected a blank, '>' or '/>' in this tag");
    XmlAttribute attribute = read_attribute();
    if (event.find(attribute.name) != nullptr && attribute.name != "xmlns")
      fail(attribute.span, fmt::format("the attribute '{}' stands twice", attribute.name));
    event.attributes.push_back(std::move(attribute));
  }
  event.span = span(begin, at_);
  return event;
}

XmlAttribute XmlReader::read_attribute() {
  const std::size_t begin = at_;
  const std::string_view name = read_name("an attribute's name, '>' or '/>'");
  XmlAttribute attribute{local(name), {}, span(begin, at_)};
  if (name.starts_with("xmlns:")) attribute.name = "xmlns";
  skip_blanks();
  if (!at("=")) fail(span(at_, at_ + 1), fmt::format("expected '=' after '{}'", name));
  ++at_;
  skip_blanks();
  if (!at("\"") && !at("'")) fail(span(at_, at_ + 1), "expected a value between quotes");
  const char quote = text_[at_++];
  while (at_ < text_.size() && text_[at_] != quote) {
    if (text_[at_] == '<') fail(span(at_, at_ + 1), "'<' in a value is written '&lt;'");
    if (text_[at_] == '&')
      append_entity(attribute.value);
    else
      attribute.value += text_[at_++];
  }
  if (at_ >= text_.size()) fail(attribute.span, "this attribute's value is not closed");
  ++at_;
  return attribute;
}

XmlEvent XmlReader::read_close() {
  const std::size_t begin = at_;
  at_ += 2;
  const std::string_view name = read_name("an element's name after '</'");
  const Span whole = span(begin, at_);
  skip_blanks();
  if (!at(">")) fail(span(at_, at_ + 1), "expected '>'");
  ++at_;
  if (open_.empty()) fail(whole, fmt::format("</{}> closes nothing", name));
  const std::string_view expected = sources_->text(open_.back());
  if (name != expected) fail(whole, fmt::format("expected </{}>, found </{}>", expected, name));
  open_.pop_back();
  return {XmlEvent::Kind::close, local(name), {}, {}, whole};
}

XmlEvent XmlReader::read_text() {
  const std::size_t begin = at_;
  if (open_.empty()) fail(span(at_, at_ + 1), "expected an element, found text");
  std::string text;
  while (at_ < text_.size()) {
    if (at("<![CDATA[")) {
      at_ += 9;
      const std::size_t from = at_;
      skip_past("]]>", "section");
      text += text_.substr(from, at_ - 3 - from);
    } else if (at("<")) {
      break;
    } else if (at("&")) {
      append_entity(text);
    } else {
      text += text_[at_++];
    }
  }
  return {XmlEvent::Kind::text, {}, {}, std::move(text), span(begin, at_)};
}

void XmlReader::append_entity(std::string& text) {
  const std::size_t begin = at_;
  const std::size_t close = text_.find(';', at_);
  if (close == std::string_view::npos || close - at_ > 12)
    fail(span(begin, begin + 1), "'&' is written '&amp;'");
  const std::string_view name = text_.substr(at_ + 1, close - at_ - 1);
  at_ = close + 1;
  constexpr std::pair<std::string_view, char> kNamed[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [entity, character] : kNamed) {
    if (name == entity) {
      text += character;
      return;
    }
  }
  const bool hex = name.starts_with("#x");
  const std::string_view digits = name.substr(std::min<std::size_t>(hex ? 2 : 1, name.size()));
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (!name.starts_with('#') || error != std::errc{} || end != digits.data() + digits.size() ||
      !allowed(value)) {
    fail(span(begin, at_), fmt::format("unknown entity '&{};'", name),
         "known are &lt; &gt; &amp; &quot; &apos; and &#N; of a character");
  }
  append_utf8(text, value);
}

}  // namespace ordo::machine
