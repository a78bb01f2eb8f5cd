// Parsing is toml++'s (which bounds nesting at 256 levels, so the walk below may recurse). It keeps
// tables sorted by key; we put the keys back into the file's order by their places.
#include "ordo/base/toml.h"

#include <algorithm>
#include <sstream>
#include <tuple>

#define TOML_EXCEPTIONS 1
#include <fmt/format.h>

#include <toml++/toml.h>

#include "ordo/base/file.h"

namespace ordo {
namespace {

// Escapes a key for use in a JSON pointer (RFC 6901).
std::string pointer_token(std::string_view key) {
  std::string token;
  for (const char c : key) {
    if (c == '~')
      token += "~0";
    else if (c == '/')
      token += "~1";
    else
      token += c;
  }
  return token;
}

template <class Value>
std::string printed(const Value& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

class Converter {
 public:
  using Visit = void (*)(void*, const std::string&, std::size_t, std::size_t);
  Converter(Visit visit, void* target) : visit_(visit), target_(target) {}

  Json convert(const toml::node& node, const std::string& pointer) {
    if (const auto* table = node.as_table()) return convert_table(*table, pointer);
    if (const auto* array = node.as_array()) return convert_array(*array, pointer);
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* integer = node.as_integer()) return integer->get();
    if (const auto* number = node.as_floating_point()) return number->get();
    if (const auto* flag = node.as_boolean()) return flag->get();
    if (const auto* date = node.as_date()) return printed(date->get());
    if (const auto* time = node.as_time()) return printed(time->get());
    return printed(node.as_date_time()->get());
  }

 private:
  Json convert_table(const toml::table& table, const std::string& pointer) {
    std::vector<std::tuple<std::size_t, std::size_t, std::string>> order;
    for (auto&& [key, value] : table) {
      const auto& begin = key.source().begin;
      order.emplace_back(begin.line, begin.column, std::string(key.str()));
      visit_(target_, pointer + "/" + pointer_token(key.str()), begin.line, begin.column);
    }
    std::sort(order.begin(), order.end());
    JsonObject object;
    for (const auto& [line, column, key] : order) {
      object[key] = convert(*table.get(key), pointer + "/" + pointer_token(key));
    }
    return object;
  }

  Json convert_array(const toml::array& array, const std::string& pointer) {
    Json::Array items;
    for (const toml::node& node : array) {
      const std::string place = fmt::format("{}/{}", pointer, items.size());
      visit_(target_, place, node.source().begin.line, node.source().begin.column);
      items.push_back(convert(node, place));
    }
    return items;
  }

  Visit visit_;
  void* target_;
};

}  // namespace

Location TomlDocument::locate(std::string_view pointer) const {
  Location where{.source = source_};
  where.field = std::string(pointer.substr(std::min<std::size_t>(1, pointer.size())));
  std::replace(where.field.begin(), where.field.end(), '/', '.');
  while (!pointer.empty()) {
    const auto found = places_.find(std::string(pointer));
    if (found != places_.end() && found->second.line > 0) {
      where.line = found->second.line;
      where.column = found->second.column;
      break;
    }
    pointer = pointer.substr(0, pointer.rfind('/'));
  }
  return where;
}

TomlDocument parse_toml(std::string_view text, const std::string& source) {
  TomlDocument document;
  document.source_ = source;
  toml::table table;
  try {
    table = toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    throw InputError({.source = source, .line = begin.line, .column = begin.column},
                     fmt::format("malformed TOML: {}", error.description()));
  }
  Converter converter(
      [](void* target, const std::string& pointer, std::size_t line, std::size_t column) {
        static_cast<TomlDocument*>(target)->places_[pointer] = {line, column};
      },
      &document);
  document.root_ = converter.convert(table, "");
  return document;
}

TomlDocument read_toml(const std::string& path) { return parse_toml(read_file(path), path); }

}  // namespace ordo
