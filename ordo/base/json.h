// JSON values that keep the order of their keys, and errors that say where: parsing errors carry
// line and column, type errors the JSON pointer of the value.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ordo/base/error.h"

namespace ordo {

class Json;
struct JsonMember;

/// The members of a JSON object in the order they were set; look-up is O(1) on average.
class JsonObject {
 public:
  JsonObject();
  JsonObject(std::initializer_list<JsonMember> members);
  JsonObject(const JsonObject&);
  JsonObject(JsonObject&&) noexcept;
  JsonObject& operator=(const JsonObject&);
  JsonObject& operator=(JsonObject&&) noexcept;
  ~JsonObject();

  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// The member, made null at the end if it is not there.
  Json& operator[](std::string_view key);
  /// Removes a member; false if there was none. O(size).
  bool erase(std::string_view key);

  std::size_t size() const;
  bool empty() const { return size() == 0; }
  const JsonMember* begin() const;
  const JsonMember* end() const;

 private:
  std::size_t position(std::string_view key) const;
  void index_last();
  void rebuild_index();

  std::vector<JsonMember> members_;
  std::vector<std::uint32_t> index_;  // open addressing over positions + 1; empty while small
};

/// A JSON value. Integers that fit 64 signed bits stay integers; other numbers are doubles.
/// The non-finite doubles, which JSON lacks, are written as the strings "nan", "inf", "-inf", and
/// `as_double` reads those back.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = JsonObject;

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(unsigned value) : value_(std::int64_t{value}) {}
  Json(long value) : value_(std::int64_t{value}) {}
  Json(long long value) : value_(std::int64_t{value}) {}
  Json(unsigned long value);       ///< throws NumericError above 2^63 - 1
  Json(unsigned long long value);  ///< throws NumericError above 2^63 - 1
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(JsonObject value) : value_(std::move(value)) {}
  template <class T>
  Json(const T*) = delete;  // a pointer would silently become a boolean

  /// An object from members: Json::object({{"a", 1}, {"b", "two"}}).
  static Json object(std::initializer_list<JsonMember> members = {});
  static Json array(std::initializer_list<Json> items = {}) { return Json(Array(items)); }
  /// An array from any range of convertible values.
  template <class Range>
  static Json array_of(const Range& values) {
    return Json(Array(std::begin(values), std::end(values)));
  }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<JsonObject>(value_); }
  /// "null", "a boolean", "an integer", "a number", "a string", "an array" or "an object".
  std::string_view type_name() const;

  // Each throws InputError naming the expected and the found type; `where` is the value's place,
  // usually a JSON pointer such as "/claims/0/text".
  bool as_bool(std::string_view where = {}) const;
  std::int64_t as_int(std::string_view where = {}) const;  ///< also takes doubles without fraction
  double as_double(std::string_view where = {}) const;
  const std::string& as_string(std::string_view where = {}) const;
  const Array& as_array(std::string_view where = {}) const;
  Array& as_array(std::string_view where = {});
  const JsonObject& as_object(std::string_view where = {}) const;
  JsonObject& as_object(std::string_view where = {});

  /// The member, or nullptr if this is no object or lacks it.
  const Json* find(std::string_view key) const;
  /// The member; throws InputError naming the key if it is absent.
  const Json& at(std::string_view key, std::string_view where = {}) const;
  /// A member of an object, made if absent (null becomes an object first).
  Json& operator[](std::string_view key);
  /// Appends to an array (null becomes an array first).
  void push_back(Json value);
  /// Elements of an array or members of an object; 0 for anything else.
  std::size_t size() const;

  /// In one line if `indent` is 0, else indented by that many spaces a level. Doubles are written
  /// with the fewest digits that read back to the same double.
  std::string dump(int indent = 0) const;

  /// Objects are equal whatever the order of their members; 1 equals 1.0.
  friend bool operator==(const Json& a, const Json& b);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, JsonObject> value_;
};

struct JsonMember {
  std::string key;
  Json value;
};

/// Parses one JSON document (RFC 8259, UTF-8, at most 1,000 levels deep; a repeated key is an
/// error). `source` names the text in errors. Throws InputError with line and column.
Json parse_json(std::string_view text, const std::string& source = "<json>");

/// Reads and parses a file.
Json read_json(const std::string& path);

}  // namespace ordo
