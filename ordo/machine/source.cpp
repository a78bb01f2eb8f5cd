#include "ordo/machine/source.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <limits>

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/base/utf8.h"

namespace ordo::machine {
namespace {

constexpr std::size_t kShownLine = 120;  // a longer line is cut around the place

// Columns on a terminal, roughly: one a code point.
std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The part of a line to show, so that [begin, end) is seen even in a line of a megabyte.
struct Excerpt {
  std::string text;
  std::size_t caret;
  std::size_t carets;
};

Excerpt excerpt(std::string_view line, std::size_t begin, std::size_t end) {
  begin = std::min(begin, line.size());
  end = std::clamp(end, begin, line.size());
  std::size_t from = begin > kShownLine / 2 ? begin - kShownLine / 2 : 0;
  if (line.size() <= kShownLine) from = 0;
  std::size_t to = std::min(line.size(), from + kShownLine);
  while (from > 0 && is_continuation(line[from])) --from;
  while (to < line.size() && is_continuation(line[to])) ++to;
  end = std::min(end, to);
  const std::string_view lead = from > 0 ? "..." : "";
  Excerpt shown{std::string(lead), 0, 0};
  shown.text += line.substr(from, to - from);
  if (to < line.size()) shown.text += "...";
  std::replace(shown.text.begin(), shown.text.end(), '\t', ' ');
  shown.caret = lead.size() + code_points(line.substr(from, begin - from));
  shown.carets = std::max<std::size_t>(1, code_points(line.substr(begin, end - begin)));
  return shown;
}

}  // namespace

SourceId SourceMap::add(std::string name, std::string text) {
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) {
    throw InputError({.source = name}, "the text is longer than 4 GiB; split it into files");
  }
  File file{std::move(name), std::move(text), {0}};
  for (std::size_t i = file.text.find('\n'); i != std::string::npos;
       i = file.text.find('\n', i + 1))
    file.line_starts.push_back(static_cast<std::uint32_t>(i + 1));
  files_.push_back(std::move(file));
  const auto id = static_cast<SourceId>(files_.size() - 1);
  if (const auto bad = find_invalid_utf8(files_[id].text)) {
    const auto at = static_cast<std::uint32_t>(*bad);
    const Location place = locate({id, at, at + 1});
    const auto byte = static_cast<unsigned char>(files_[id].text[*bad]);
    throw InputError(place, fmt::format("the byte 0x{:02X} is not valid UTF-8; save the text as "
                                        "UTF-8",
                                        byte));
  }
  return id;
}

SourceId SourceMap::add_file(const std::filesystem::path& path) {
  if (path == "-") {
    return add("<stdin>", std::string(std::istreambuf_iterator<char>(std::cin), {}));
  }
  return add(path.string(), read_file(path));
}

std::size_t SourceMap::line_index(Span span) const {
  const auto& starts = files_[span.source].line_starts;
  return static_cast<std::size_t>(std::upper_bound(starts.begin(), starts.end(), span.begin) -
                                  starts.begin()) -
         1;
}

Location SourceMap::locate(Span span) const {
  const File& file = files_[span.source];
  const std::size_t line = line_index(span);
  return {.source = file.name, .line = line + 1, .column = span.begin - file.line_starts[line] + 1};
}

std::string_view SourceMap::line_at(Span span) const {
  const File& file = files_[span.source];
  const std::size_t line = line_index(span);
  const std::size_t begin = file.line_starts[line];
  std::size_t end =
      line + 1 < file.line_starts.size() ? file.line_starts[line + 1] - 1 : file.text.size();
  if (end > begin && file.text[end - 1] == '\r') --end;
  return std::string_view(file.text).substr(begin, end - begin);
}

void Diagnostics::error(Span span, std::string message, std::string hint) {
  ++count_;
  if (items_.size() < limit_) items_.push_back({span, std::move(message), std::move(hint)});
}

std::string Diagnostics::to_text() const {
  std::string text;
  for (const Diagnostic& item : items_) {
    const Location place = sources_->locate(item.span);
    const std::string_view line = sources_->line_at(item.span);
    const std::size_t begin = place.column - 1;
    const Excerpt shown = excerpt(line, begin, begin + (item.span.end - item.span.begin));
    text += fmt::format("{}: error: {}\n", place.to_string(), item.message);
    text += fmt::format("{:>5} | {}\n", place.line, shown.text);
    text += fmt::format("      | {}{}\n", std::string(shown.caret, ' '),
                        std::string(shown.carets, '^'));
    if (!item.hint.empty()) text += fmt::format("      = {}\n", item.hint);
  }
  if (count_ > items_.size()) text += fmt::format("and {} more errors\n", count_ - items_.size());
  if (!text.empty()) text.pop_back();
  return text;
}

Json Diagnostics::to_json() const {
  Json list = Json::array();
  for (const Diagnostic& item : items_) {
    const Location place = sources_->locate(item.span);
    list.push_back(Json::object({{"file", place.source},
                                 {"line", place.line},
                                 {"column", place.column},
                                 {"length", item.span.end - item.span.begin},
                                 {"message", item.message},
                                 {"hint", item.hint}}));
  }
  return list;
}

void Diagnostics::throw_if_any() const {
  if (empty()) return;
  throw SourceError(sources_->locate(items_.front().span), to_text(), to_json());
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return std::nullopt;
}

CodePoint decode_utf8(std::string_view text, std::size_t offset) {
  const auto byte = [&](std::size_t k) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[offset + k]));
  };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xE0) return {((lead & 0x1F) << 6) | (byte(1) & 0x3F), 2};
  if (lead < 0xF0) {
    return {((lead & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F), 3};
  }
  return {
      ((lead & 0x07) << 18) | ((byte(1) & 0x3F) << 12) | ((byte(2) & 0x3F) << 6) | (byte(3) & 0x3F),
      4};
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte < 0x20 || byte == 0x7F)
      out += fmt::format("\\u{{{:x}}}", byte);
    else
      out += c;
  }
  return out += '"';
}

std::filesystem::path resolve_import(const std::filesystem::path& importer, std::string_view name,
                                     std::string_view extension) {
  std::filesystem::path path(name);
  if (!path.has_extension()) path += extension;
  if (path.is_absolute()) return path;
  return (importer.parent_path() / path).lexically_normal();
}

}  // namespace ordo::machine
