// Values of templates, which behave and print as Python's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ordo/base/json.h"

namespace ordo::text::jinja {

class Value;
using List = std::vector<Value>;
using Members = std::vector<std::pair<std::string, Value>>;

/// What went wrong in an expression; the runner adds where.
struct Failure {
  std::string message;
};
[[noreturn]] void fail(const std::string& message);

struct Undefined {
  std::string name;  ///< what was asked for
};
struct Arguments;
struct Dict;
using Function = std::function<Value(const Arguments&)>;

class Value {
 public:
  Value() = default;  ///< None
  Value(Undefined undefined) : value_(std::move(undefined)) {}
  Value(bool flag) : value_(flag) {}
  Value(std::int64_t number) : value_(number) {}
  Value(double number) : value_(number) {}
  Value(std::string text) : value_(std::move(text)) {}
  Value(const char* text) : value_(std::string(text)) {}
  Value(List list);
  Value(Dict dict);
  Value(Function function);
  static Value of(const Json& json);
  /// A list that prints as a tuple.
  static Value tuple(List list);

  bool is_undefined() const { return std::holds_alternative<Undefined>(value_); }
  bool is_none() const { return std::holds_alternative<std::monostate>(value_); }
  const bool* flag() const { return std::get_if<bool>(&value_); }
  const std::int64_t* whole() const { return std::get_if<std::int64_t>(&value_); }
  const std::string* text() const { return std::get_if<std::string>(&value_); }
  const List* list() const { return pointed<List>(); }
  Dict* dict() const { return pointed<Dict>(); }
  const Function* function() const { return pointed<Function>(); }
  /// Booleans count as 0 and 1.
  bool is_number() const;
  bool is_real() const { return std::holds_alternative<double>(value_); }
  double number() const;
  std::int64_t as_whole(std::string_view what) const;       ///< fails for anything else
  const std::string& as_text(std::string_view what) const;  ///< fails for anything else

  bool truth() const;
  std::string type_name() const;  ///< "a string", "undefined ('x')", ...
  std::string str() const;        ///< as Python's str
  std::string repr() const;       ///< as Python's repr
  /// As Python's json.dumps(ensure_ascii=False); `indent` < 0: in one line.
  std::string to_json(int indent = -1) const;
  /// Items of a list, keys of a dictionary, characters of a string.
  List items() const;

  friend bool operator==(const Value& a, const Value& b);
  /// Fails for values that have no order.
  friend bool less(const Value& a, const Value& b);

 private:
  template <class T>
  T* pointed() const {
    const auto* const pointer = std::get_if<std::shared_ptr<T>>(&value_);
    return pointer != nullptr ? pointer->get() : nullptr;
  }

  std::variant<std::monostate, Undefined, bool, std::int64_t, double, std::string,
               std::shared_ptr<List>, std::shared_ptr<Dict>, std::shared_ptr<Function>>
      value_;
  bool is_tuple_ = false;
};

/// The place of an argument that is only given by name.
inline constexpr std::size_t kOnlyNamed = static_cast<std::size_t>(-1);

struct Arguments {
  List positional;
  Members named;

  std::size_t size() const { return positional.size() + named.size(); }
  /// The argument at that place or of that name; nullptr if it is not given.
  const Value* find(std::size_t place, std::string_view name) const;
};

struct Dict {
  Members members;
  bool is_namespace = false;  ///< its members may be set

  const Value* find(std::string_view key) const;
  void set(const std::string& key, Value value);
};

/// Whether `item` is in a list, a key of a dictionary, or part of a string.
bool contains(const Value& container, const Value& item);

}  // namespace ordo::text::jinja
