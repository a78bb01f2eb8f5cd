// The parser is nlohmann's event parser, which keeps its own stack, so depth costs heap and not
// native stack; our handler builds ordered values and refuses what RFC 8259 leaves open
// (repeated keys, endless nesting).
#include "ordo/base/json.h"

#include <charconv>
#include <cmath>
#include <functional>
#include <limits>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ordo/base/file.h"

namespace ordo {
namespace {

constexpr std::size_t kIndexFrom = 16;  // members from which a hash index pays
constexpr std::size_t kMaxDepth = 1000;
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

[[noreturn]] void throw_type(std::string_view expected, const Json& found, std::string_view where) {
  throw InputError({.source = {}, .line = 0, .column = 0, .field = std::string(where)},
                   fmt::format("expected {}, found {}", expected, found.type_name()));
}

std::int64_t checked_signed(unsigned long long value) {
  if (value > static_cast<unsigned long long>(std::numeric_limits<std::int64_t>::max())) {
    throw NumericError(fmt::format("{} does not fit a 64-bit signed JSON integer", value));
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

JsonObject::JsonObject() = default;
JsonObject::JsonObject(std::initializer_list<JsonMember> members) {
  for (const JsonMember& member : members) (*this)[member.key] = member.value;
}
JsonObject::JsonObject(const JsonObject&) = default;
JsonObject::JsonObject(JsonObject&&) noexcept = default;
JsonObject& JsonObject::operator=(const JsonObject&) = default;
JsonObject& JsonObject::operator=(JsonObject&&) noexcept = default;
JsonObject::~JsonObject() = default;

std::size_t JsonObject::size() const { return members_.size(); }
const JsonMember* JsonObject::begin() const { return members_.data(); }
const JsonMember* JsonObject::end() const { return members_.data() + members_.size(); }

std::size_t JsonObject::position(std::string_view key) const {
  if (index_.empty()) {
    for (std::size_t place = 0; place < members_.size(); ++place) {
      if (members_[place].key == key) return place;
    }
    return kNone;
  }
  const std::size_t mask = index_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(key)&mask;
  while (index_[slot] != 0) {
    if (members_[index_[slot] - 1].key == key) return index_[slot] - 1;
    slot = (slot + 1) & mask;
  }
  return kNone;
}

void JsonObject::rebuild_index() {
  index_.clear();
  if (members_.size() < kIndexFrom) return;
  std::size_t slots = 4 * kIndexFrom;
  while (slots < 4 * members_.size()) slots *= 2;
  index_.resize(slots, 0);
  for (std::size_t place = 0; place < members_.size(); ++place) {
    std::size_t slot = std::hash<std::string_view>{}(members_[place].key) & (slots - 1);
    while (index_[slot] != 0) slot = (slot + 1) & (slots - 1);
    index_[slot] = static_cast<std::uint32_t>(place + 1);
  }
}

void JsonObject::index_last() {
  if (members_.size() < kIndexFrom) return;
  if (2 * members_.size() > index_.size()) {
    rebuild_index();
    return;
  }
  const std::size_t mask = index_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(members_.back().key) & mask;
  while (index_[slot] != 0) slot = (slot + 1) & mask;
  index_[slot] = static_cast<std::uint32_t>(members_.size());
}

const Json* JsonObject::find(std::string_view key) const {
  const std::size_t place = position(key);
  return place == kNone ? nullptr : &members_[place].value;
}

Json* JsonObject::find(std::string_view key) {
  const std::size_t place = position(key);
  return place == kNone ? nullptr : &members_[place].value;
}

Json& JsonObject::operator[](std::string_view key) {
  const std::size_t place = position(key);
  if (place != kNone) return members_[place].value;
  members_.push_back({std::string(key), Json()});
  index_last();
  return members_.back().value;
}

bool JsonObject::erase(std::string_view key) {
  const std::size_t place = position(key);
  if (place == kNone) return false;
  members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(place));
  rebuild_index();
  return true;
}

Json::Json(unsigned long value) : value_(checked_signed(value)) {}
Json::Json(unsigned long long value) : value_(checked_signed(value)) {}

Json Json::object(std::initializer_list<JsonMember> members) { return JsonObject(members); }

std::string_view Json::type_name() const {
  static constexpr std::string_view kNames[] = {"null",     "a boolean", "an integer", "a number",
                                                "a string", "an array",  "an object"};
  return kNames[value_.index()];
}

bool Json::as_bool(std::string_view where) const {
  if (const bool* value = std::get_if<bool>(&value_)) return *value;
  throw_type("a boolean", *this, where);
}

std::int64_t Json::as_int(std::string_view where) const {
  if (const std::int64_t* value = std::get_if<std::int64_t>(&value_)) return *value;
  if (const double* value = std::get_if<double>(&value_)) {
    if (std::nearbyint(*value) == *value && std::abs(*value) < 9.2e18) {
      return static_cast<std::int64_t>(*value);
    }
  }
  throw_type("an integer", *this, where);
}

double Json::as_double(std::string_view where) const {
  if (const double* value = std::get_if<double>(&value_)) return *value;
  if (const std::int64_t* value = std::get_if<std::int64_t>(&value_)) {
    return static_cast<double>(*value);
  }
  if (const std::string* value = std::get_if<std::string>(&value_)) {
    if (*value == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (*value == "inf") return std::numeric_limits<double>::infinity();
    if (*value == "-inf") return -std::numeric_limits<double>::infinity();
  }
  throw_type("a number", *this, where);
}

const std::string& Json::as_string(std::string_view where) const {
  if (const std::string* value = std::get_if<std::string>(&value_)) return *value;
  throw_type("a string", *this, where);
}

const Json::Array& Json::as_array(std::string_view where) const {
  if (const Array* value = std::get_if<Array>(&value_)) return *value;
  throw_type("an array", *this, where);
}

Json::Array& Json::as_array(std::string_view where) {
  if (Array* value = std::get_if<Array>(&value_)) return *value;
  throw_type("an array", *this, where);
}

const JsonObject& Json::as_object(std::string_view where) const {
  if (const JsonObject* value = std::get_if<JsonObject>(&value_)) return *value;
  throw_type("an object", *this, where);
}

JsonObject& Json::as_object(std::string_view where) {
  if (JsonObject* value = std::get_if<JsonObject>(&value_)) return *value;
  throw_type("an object", *this, where);
}

const Json* Json::find(std::string_view key) const {
  const JsonObject* object = std::get_if<JsonObject>(&value_);
  return object == nullptr ? nullptr : object->find(key);
}

const Json& Json::at(std::string_view key, std::string_view where) const {
  if (const Json* member = as_object(where).find(key)) return *member;
  throw InputError({.source = {}, .line = 0, .column = 0, .field = std::string(where)},
                   fmt::format("the member '{}' is missing", key));
}

Json& Json::operator[](std::string_view key) {
  if (is_null()) value_ = JsonObject();
  return as_object()[key];
}

void Json::push_back(Json value) {
  if (is_null()) value_ = Array();
  as_array().push_back(std::move(value));
}

std::size_t Json::size() const {
  if (const Array* array = std::get_if<Array>(&value_)) return array->size();
  if (const JsonObject* object = std::get_if<JsonObject>(&value_)) return object->size();
  return 0;
}

bool operator==(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_int() && b.is_int()) return a.as_int() == b.as_int();
    return a.as_double() == b.as_double();
  }
  if (a.value_.index() != b.value_.index()) return false;
  if (!a.is_object()) {
    if (a.is_null()) return true;
    if (a.is_bool()) return a.as_bool() == b.as_bool();
    if (a.is_string()) return a.as_string() == b.as_string();
    return a.as_array() == b.as_array();
  }
  if (a.size() != b.size()) return false;
  for (const JsonMember& member : a.as_object()) {
    const Json* other = b.find(member.key);
    if (other == nullptr || !(member.value == *other)) return false;
  }
  return true;
}

namespace {

void write_string(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
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
      default:
        if (byte < 0x20 || byte == 0x7f) {
          out += "\\u00";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void write_double(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += std::isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"";
    return;
  }
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  const std::string_view digits(buffer, static_cast<std::size_t>(end - buffer));
  out += digits;
  if (digits.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void new_line(int indent, int level, std::string& out) {
  if (indent == 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent * level), ' ');
}

// Recursion is bounded: values come from the parser, which limits depth, or from our own code.
void write_value(const Json& value, int indent, int level, std::string& out) {
  if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.as_bool() ? "true" : "false";
  } else if (value.is_int()) {
    out += std::to_string(value.as_int());
  } else if (value.is_number()) {
    write_double(value.as_double(), out);
  } else if (value.is_string()) {
    write_string(value.as_string(), out);
  } else if (value.is_array()) {
    out += '[';
    bool first = true;
    for (const Json& item : value.as_array()) {
      if (!first) out += indent == 0 ? "," : ",";
      first = false;
      new_line(indent, level + 1, out);
      write_value(item, indent, level + 1, out);
    }
    if (!first) new_line(indent, level, out);
    out += ']';
  } else {
    out += '{';
    bool first = true;
    for (const JsonMember& member : value.as_object()) {
      if (!first) out += ',';
      first = false;
      new_line(indent, level + 1, out);
      write_string(member.key, out);
      out += indent == 0 ? ":" : ": ";
      write_value(member.value, indent, level + 1, out);
    }
    if (!first) new_line(indent, level, out);
    out += '}';
  }
}

// Builds a value from the parser's events. `stack_` holds the open containers.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      return add(static_cast<double>(value));
    }
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(JsonObject()); }
  bool start_array(std::size_t) override { return open(Json::Array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (stack_.back().as_object().contains(name)) {
      fail(0, fmt::format("the key \"{}\" is repeated in one object", name));
    }
    keys_.back() = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const std::string_view what = error.what();
    const std::size_t reason = what.find(": ");
    fail(position, reason == std::string_view::npos ? std::string(what)
                                                    : std::string(what.substr(reason + 2)));
  }

 private:
  bool add(Json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
    } else if (stack_.back().is_array()) {
      stack_.back().push_back(std::move(value));
    } else {
      stack_.back()[keys_.back()] = std::move(value);
    }
    return true;
  }

  bool open(Json container) {
    if (stack_.size() >= kMaxDepth) fail(0, fmt::format("nested over {} levels deep", kMaxDepth));
    stack_.push_back(std::move(container));
    keys_.emplace_back();
    return true;
  }

  bool close() {
    Json value = std::move(stack_.back());
    stack_.pop_back();
    keys_.pop_back();
    return add(std::move(value));
  }

  [[noreturn]] void fail(std::size_t position, const std::string& reason) const {
    Location where{.source = source_, .line = 0, .column = 0, .field = {}};
    if (position > 0) {
      const std::string_view before = text_.substr(0, std::min(position - 1, text_.size()));
      where.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
      const std::size_t newline = before.rfind('\n');
      where.column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
    }
    throw InputError(where, "malformed JSON: " + reason);
  }

  std::string_view text_;
  const std::string& source_;
  Json root_;
  std::vector<Json> stack_;
  std::vector<std::string> keys_;
};

}  // namespace

std::string Json::dump(int indent) const {
  std::string out;
  write_value(*this, indent, 0, out);
  return out;
}

Json parse_json(std::string_view text, const std::string& source) {
  Builder builder(text, source);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

Json read_json(const std::string& path) { return parse_json(read_file(path), path); }

}  // namespace ordo
