#include "ordo/text/jinja_value.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ordo/text/unicode.h"

namespace ordo::text::jinja {
namespace {

// The fewest digits that read back, with an exponent from 1e16 on and below 1e-4.
std::string repr_of(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  const double size = std::fabs(number);
  if (size != 0 && (size >= 1e16 || size < 1e-4)) {
    std::string text = fmt::format("{:e}", number);
    const std::string shortest = fmt::format("{}", number);
    return shortest.find('e') != std::string::npos ? shortest : text;
  }
  std::string text = fmt::format("{}", number);
  if (text.find('e') != std::string::npos) text = fmt::format("{:.0f}", number);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::string quoted(std::string_view text) {
  const bool single =
      text.find('\'') == std::string_view::npos || text.find('"') != std::string_view::npos;
  const char quote = single ? '\'' : '"';
  std::string out(1, quote);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + quote;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

void write_json(const Value& value, int indent, int level, std::string& out) {
  const auto new_line = [&](int depth) {
    if (indent >= 0) out += "\n" + std::string(static_cast<std::size_t>(indent * depth), ' ');
  };
  const char* const comma = indent >= 0 ? "," : ", ";
  if (const List* const list = value.list()) {
    out += '[';
    for (std::size_t index = 0; index < list->size(); ++index) {
      if (index > 0) out += comma;
      new_line(level + 1);
      write_json((*list)[index], indent, level + 1, out);
    }
    if (!list->empty()) new_line(level);
    out += ']';
  } else if (const Dict* const dict = value.dict()) {
    out += '{';
    for (std::size_t index = 0; index < dict->members.size(); ++index) {
      if (index > 0) out += comma;
      new_line(level + 1);
      out += json_string(dict->members[index].first) + ": ";
      write_json(dict->members[index].second, indent, level + 1, out);
    }
    if (!dict->members.empty()) new_line(level);
    out += '}';
  } else if (const std::string* const text = value.text()) {
    out += json_string(*text);
  } else if (value.is_none()) {
    out += "null";
  } else if (value.flag() != nullptr) {
    out += *value.flag() ? "true" : "false";
  } else if (value.is_number()) {
    out += value.repr();
  } else {
    fail(value.type_name() + " cannot be written as JSON");
  }
}

}  // namespace

void fail(const std::string& message) { throw Failure{message}; }

const Value* Arguments::find(std::size_t place, std::string_view name) const {
  if (place < positional.size()) return &positional[place];
  for (const auto& [key, value] : named) {
    if (key == name) return &value;
  }
  return nullptr;
}

const Value* Dict::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return &value;
  }
  return nullptr;
}

void Dict::set(const std::string& key, Value value) {
  for (auto& [name, old] : members) {
    if (name == key) {
      old = std::move(value);
      return;
    }
  }
  members.emplace_back(key, std::move(value));
}

Value::Value(List list) : value_(std::make_shared<List>(std::move(list))) {}
Value::Value(Dict dict) : value_(std::make_shared<Dict>(std::move(dict))) {}
Value::Value(Function function) : value_(std::make_shared<Function>(std::move(function))) {}

Value Value::tuple(List list) {
  Value value(std::move(list));
  value.is_tuple_ = true;
  return value;
}

Value Value::of(const Json& json) {
  if (json.is_null()) return {};
  if (json.is_bool()) return json.as_bool();
  if (json.is_int()) return json.as_int();
  if (json.is_number()) return json.as_double();
  if (json.is_string()) return json.as_string();
  if (json.is_array()) {
    List list;
    for (const Json& item : json.as_array()) list.push_back(of(item));
    return list;
  }
  Dict dict;
  for (const JsonMember& member : json.as_object())
    dict.members.emplace_back(member.key, of(member.value));
  return dict;
}

bool Value::is_number() const { return flag() != nullptr || whole() != nullptr || is_real(); }

double Value::number() const {
  if (flag() != nullptr) return *flag() ? 1 : 0;
  if (whole() != nullptr) return static_cast<double>(*whole());
  if (is_real()) return std::get<double>(value_);
  fail("expected a number, found " + type_name());
}

std::int64_t Value::as_whole(std::string_view what) const {
  if (whole() != nullptr) return *whole();
  if (flag() != nullptr) return *flag() ? 1 : 0;
  fail(fmt::format("{} must be a whole number, not {}", what, type_name()));
}

const std::string& Value::as_text(std::string_view what) const {
  if (text() != nullptr) return *text();
  fail(fmt::format("{} must be a string, not {}", what, type_name()));
}

bool Value::truth() const {
  if (is_none() || is_undefined()) return false;
  if (is_number()) return number() != 0;
  if (text() != nullptr) return !text()->empty();
  if (list() != nullptr) return !list()->empty();
  if (const Dict* const members = dict()) return members->is_namespace || !members->members.empty();
  return true;
}

std::string Value::type_name() const {
  if (is_none()) return "none";
  if (is_undefined()) return fmt::format("undefined ('{}')", std::get<Undefined>(value_).name);
  if (flag() != nullptr) return "a boolean";
  if (is_number()) return "a number";
  if (text() != nullptr) return "a string";
  if (list() != nullptr) return "a list";
  return dict() != nullptr ? "a mapping" : "a function";
}

std::string Value::str() const {
  if (text() != nullptr) return *text();
  return is_undefined() ? std::string() : repr();
}

std::string Value::repr() const {
  if (is_none()) return "None";
  if (is_undefined()) return "Undefined";
  if (flag() != nullptr) return *flag() ? "True" : "False";
  if (whole() != nullptr) return fmt::format("{}", *whole());
  if (is_real()) return repr_of(number());
  if (text() != nullptr) return quoted(*text());
  std::string out;
  if (list() != nullptr) {
    for (const Value& item : *list()) out += (out.empty() ? "" : ", ") + item.repr();
    if (!is_tuple_) return "[" + out + "]";
    return "(" + out + (list()->size() == 1 ? ",)" : ")");
  }
  if (dict() == nullptr) fail("a function cannot be printed");
  for (const auto& [key, value] : dict()->members) {
    out += (out.empty() ? "" : ", ") + quoted(key) + ": " + value.repr();
  }
  return "{" + out + "}";
}

std::string Value::to_json(int indent) const {
  std::string out;
  write_json(*this, indent, 0, out);
  return out;
}

List Value::items() const {
  if (is_undefined()) return {};
  if (list() != nullptr) return *list();
  List all;
  if (const Dict* const members = dict()) {
    for (const auto& [key, value] : members->members) all.emplace_back(key);
    return all;
  }
  if (const std::string* const characters = text()) {
    for (std::size_t at = 0; at < characters->size();) {
      const std::size_t length = decode_point(*characters, at).length;
      all.emplace_back(characters->substr(at, length));
      at += length;
    }
    return all;
  }
  fail(type_name() + " has no items to go through");
}

bool operator==(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.number() == b.number();
  if (a.value_.index() != b.value_.index()) return false;
  if (a.is_none() || a.is_undefined()) return true;
  if (a.text() != nullptr) return *a.text() == *b.text();
  if (a.list() != nullptr) return *a.list() == *b.list();
  if (const Dict* const dict = a.dict()) {
    const Dict* const other = b.dict();
    return dict->members.size() == other->members.size() &&
           std::all_of(dict->members.begin(), dict->members.end(), [&](const auto& member) {
             const Value* const found = other->find(member.first);
             return found != nullptr && *found == member.second;
           });
  }
  return a.function() == b.function();
}

bool less(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.number() < b.number();
  if (a.text() != nullptr && b.text() != nullptr) return *a.text() < *b.text();
  if (a.list() != nullptr && b.list() != nullptr) {
    return std::lexicographical_compare(a.list()->begin(), a.list()->end(), b.list()->begin(),
                                        b.list()->end(), less);
  }
  fail(a.type_name() + " and " + b.type_name() + " have no order");
}

bool contains(const Value& container, const Value& item) {
  if (const std::string* const text = container.text()) {
    return text->find(item.as_text("what is looked for in a string")) != std::string::npos;
  }
  if (const Dict* const dict = container.dict()) {
    return item.text() != nullptr && dict->find(*item.text()) != nullptr;
  }
  const List items = container.items();
  return std::find(items.begin(), items.end(), item) != items.end();
}

}  // namespace ordo::text::jinja
