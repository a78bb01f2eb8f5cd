// toml++ parses; we convert its tables, which are sorted by key, into ordered values by the places
// of their keys, and keep those places in a tree of the same shape. toml++ bounds how deep values
// nest but not how many parts a dotted key has (each is a table within a table, and tables are
// destroyed recursively), so a small scanner refuses endless keys first.
#include "ordo/base/toml.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <toml++/toml.h>

#include "ordo/base/file.h"

namespace ordo {
namespace {

constexpr int kMaxKeyParts = 32;
constexpr int kMaxDepth = 1000;  // as in JSON; dotted keys nest on top of nested values

// A value's place, and those of its members in the order of the converted JSON value.
struct Place {
  toml::source_position position;
  std::vector<Place> children;
};

// Byte columns out of toml++'s columns, which count code points.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text), starts_{0} {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\n') starts_.push_back(at + 1);
    }
  }

  toml::source_position in_bytes(toml::source_position place) const {
    if (place.line == 0 || place.line > starts_.size()) return place;
    const std::size_t start = starts_[place.line - 1];
    std::size_t at = start;
    for (toml::source_index passed = 1; passed < place.column && at < text_.size(); ++passed) {
      ++at;
      while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80) ++at;
    }
    place.column = static_cast<toml::source_index>(at - start + 1);
    return place;
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
};

[[noreturn]] void fail(const std::string& source, toml::source_position place,
                       std::string_view reason) {
  throw InputError({.source = source, .line = place.line, .column = place.column, .field = {}},
                   fmt::format("malformed TOML: {}", reason));
}

// The end of the string that opens at `at`, or the end of the text if it never closes.
std::size_t skip_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool is_long = text.substr(at, 3) == std::string(3, quote);
  const std::string end(is_long ? 3 : 1, quote);
  for (at += end.size(); at < text.size(); ++at) {
    if (text[at] == '\\' && quote == '"') {
      ++at;
    } else if (text.substr(at, end.size()) == end) {
      return at + end.size();
    } else if (text[at] == '\n' && !is_long) {
      return at;
    }
  }
  return text.size();
}

void refuse_endless_keys(std::string_view text, const std::string& source) {
  int dots = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = skip_string(text, at);
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '.') ++dots;
    if (c == '\n' || c == '=' || c == ',' || c == '[' || c == '{') dots = 0;
    if (dots >= kMaxKeyParts) {
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
      fail(source, {static_cast<toml::source_index>(line), 0},
           fmt::format("a key of more than {} parts", kMaxKeyParts));
    }
    ++at;
  }
}

class Converter {
 public:
  Converter(std::string_view text, const std::string& source) : lines_(text), source_(source) {}

  // Converts `node`; `place` receives the places of what is inside it.
  Json convert(const toml::node& node, Place& place, int depth) {
    if (depth > kMaxDepth) {
      fail(source_, lines_.in_bytes(node.source().begin),
           fmt::format("nested over {} levels deep", kMaxDepth));
    }
    switch (node.type()) {
      case toml::node_type::table:
        return convert_table(*node.as_table(), place, depth);
      case toml::node_type::array:
        return convert_array(*node.as_array(), place, depth);
      case toml::node_type::string:
        return node.as_string()->get();
      case toml::node_type::integer:
        return node.as_integer()->get();
      case toml::node_type::floating_point:
        return node.as_floating_point()->get();
      case toml::node_type::boolean:
        return node.as_boolean()->get();
      case toml::node_type::date:
        return written(node.as_date()->get());
      case toml::node_type::time:
        return written(node.as_time()->get());
      case toml::node_type::date_time:
        return written(node.as_date_time()->get());
      case toml::node_type::none:
        break;
    }
    return {};
  }

 private:
  template <class Moment>
  static std::string written(const Moment& moment) {
    std::ostringstream text;
    text << moment;
    return text.str();
  }

  Json convert_table(const toml::table& table, Place& place, int depth) {
    std::vector<std::pair<const toml::key*, const toml::node*>> members;
    for (const auto& [key, node] : table) members.emplace_back(&key, &node);
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
      const auto &left = a.first->source().begin, &right = b.first->source().begin;
      return std::pair(left.line, left.column) < std::pair(right.line, right.column);
    });
    JsonObject object;
    for (const auto& [key, node] : members) {
      Place& child = place.children.emplace_back();
      child.position = lines_.in_bytes(key->source().begin);
      object[key->str()] = convert(*node, child, depth + 1);
    }
    return object;
  }

  Json convert_array(const toml::array& array, Place& place, int depth) {
    Json::Array items;
    for (const toml::node& node : array) {
      Place& child = place.children.emplace_back();
      child.position = lines_.in_bytes(node.source().begin);
      items.push_back(convert(node, child, depth + 1));
    }
    return items;
  }

  Lines lines_;
  const std::string& source_;
};

// The next reference token of a JSON pointer (RFC 6901), removed from its front.
std::string take_token(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::size_t end = std::min(pointer.find('/'), pointer.size());
  std::string token;
  for (std::size_t at = 0; at < end; ++at) {
    if (pointer[at] == '~' && at + 1 < end && (pointer[at + 1] == '0' || pointer[at + 1] == '1')) {
      token += pointer[++at] == '0' ? '~' : '/';
    } else {
      token += pointer[at];
    }
  }
  pointer.remove_prefix(end);
  return token;
}

// The position of the member or element that `token` names; the size of `value` if it has none.
std::size_t child_position(const Json& value, const std::string& token) {
  if (value.is_object()) {
    const JsonObject& object = value.as_object();
    const auto found = std::find_if(object.begin(), object.end(),
                                    [&](const JsonMember& member) { return member.key == token; });
    return static_cast<std::size_t>(found - object.begin());
  }
  if (token.empty() || token.size() > 9 ||
      token.find_first_not_of("0123456789") != std::string::npos) {
    return value.size();
  }
  return std::min<std::size_t>(std::stoul(token), value.size());
}

const Json& child_value(const Json& value, std::size_t position) {
  return value.is_object() ? value.as_object().begin()[position].value : value.as_array()[position];
}

}  // namespace

struct TomlDocument::Parsed {
  std::string source;
  Json root = JsonObject();
  Place place = {};
};

TomlDocument::TomlDocument() : parsed_(std::make_shared<Parsed>()) {}

const Json& TomlDocument::root() const { return parsed_->root; }

const std::string& TomlDocument::source() const { return parsed_->source; }

Location TomlDocument::locate(std::string_view pointer) const {
  const Json* value = &parsed_->root;
  const Place* place = &parsed_->place;
  std::string_view rest = pointer;
  while (!rest.empty() && rest.front() == '/') {
    const std::size_t position = child_position(*value, take_token(rest));
    if (position >= value->size()) break;
    value = &child_value(*value, position);
    place = &place->children[position];
  }
  std::string field(pointer.substr(std::min<std::size_t>(1, pointer.size())));
  std::replace(field.begin(), field.end(), '/', '.');
  return {.source = parsed_->source,
          .line = place->position.line,
          .column = place->position.column,
          .field = std::move(field)};
}

TomlDocument parse_toml(std::string_view text, const std::string& source) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  refuse_endless_keys(text, source);
  auto parsed = std::make_shared<TomlDocument::Parsed>();
  parsed->source = source;
  parsed->place.position = {1, 1};
  Converter converter(text, source);
  try {
    const toml::table table = toml::parse(text);
    parsed->root = converter.convert(table, parsed->place, 0);
  } catch (const toml::parse_error& error) {
    fail(source, Lines(text).in_bytes(error.source().begin), error.description());
  }
  return TomlDocument(std::move(parsed));
}

TomlDocument read_toml(const std::filesystem::path& path) {
  return parse_toml(read_file(path), path.string());
}

}  // namespace ordo
