// Options described once. A struct of options has one function that names its fields; from that
// description come the command line, TOML tables, the JSON schema and the documentation.
//
//   struct TrainOptions {
//     std::string model = "mlp";
//     double rate = 0.1;
//     std::vector<std::string> data;
//     void describe(ordo::OptionSet& set) {
//       set.add("model", model, "Network, by its registry name.").choices({"mlp", "cnn"});
//       set.add("rate", rate, "Learning rate.").range(0, 10);
//       set.positional("data", data, "Files to train on.").required();
//     }
//   };
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "ordo/base/json.h"

namespace ordo {

enum class OptionType { boolean, integer, number, text, path };

/// One described field. `set` checks type, range and choices, and writes the field.
class Option {
 public:
  /// Both ends belong to the range.
  Option& range(double low, double high = std::numeric_limits<double>::infinity());
  Option& choices(std::vector<std::string> allowed);
  Option& required();
  /// One letter that stands for it on the command line.
  Option& short_name(char letter);
  /// What stands for the value in help texts: "DIR", "SECONDS".
  Option& placeholder(std::string word);

  const std::string& name() const { return name_; }
  const std::string& help() const { return help_; }
  OptionType type() const { return type_; }
  bool is_list() const { return is_list_; }
  bool is_optional() const { return is_optional_; }
  bool is_positional() const { return is_positional_; }
  bool is_required() const { return is_required_; }
  char letter() const { return letter_; }
  const std::string& placeholder() const { return placeholder_; }
  const std::vector<std::string>& allowed() const { return choices_; }
  double low() const { return low_; }
  double high() const { return high_; }

  /// The field's value; null for an optional that is empty.
  Json get() const { return get_(); }
  /// Writes the field. Throws InputError with `where` as its place if type, range or choice is off;
  /// the message names what was expected.
  void set(const Json& value, const Location& where = {}) const;
  /// Writes the field from a command line's words: one for a single value, any number for a list.
  /// Throws UsageError.
  void set_words(const std::vector<std::string>& words) const;

 private:
  friend class OptionSet;
  void check_one(const Json& value, const Location& where) const;
  Json word_to_json(const std::string& word) const;

  std::string name_, help_, placeholder_;
  OptionType type_ = OptionType::text;
  bool is_list_ = false, is_optional_ = false, is_positional_ = false, is_required_ = false;
  char letter_ = 0;
  std::vector<std::string> choices_;
  double low_ = -std::numeric_limits<double>::infinity();
  double high_ = std::numeric_limits<double>::infinity();
  std::function<Json()> get_;
  std::function<void(const Json&)> set_;
};

/// The description of one struct of options, bound to an instance of it.
class OptionSet {
 public:
  /// Fields may be bool, any integer, double, std::string, std::filesystem::path, a std::optional
  /// of these or a std::vector of these. Names are words joined by '-'.
  template <class T>
  Option& add(std::string name, T& field, std::string help);
  /// As `add`, without dashes on the command line; a vector takes all the words that are left.
  template <class T>
  Option& positional(std::string name, T& field, std::string help);

  const std::vector<Option>& options() const { return options_; }
  const Option* find(const std::string& name) const;

  /// Writes the fields that `table` names. Throws InputError for an unknown key (with the nearest
  /// known one) and for what Option::set refuses; `where` is the table's place, and its field is
  /// prefixed to each key's. `locate(key)` may give a better place, such as a line of a TOML file.
  void apply(const JsonObject& table, const Location& where,
             const std::function<Location(const std::string& key)>& locate = {}) const;
  Json to_json() const;
  /// JSON Schema (draft 2020-12) of an object with these fields.
  Json schema() const;
  /// A Markdown table: option, type, default, meaning.
  std::string markdown() const;

 private:
  Option& add_option(std::string name, std::string help);
  std::vector<Option> options_;
};

/// The option set of any struct with a `describe(OptionSet&)`.
template <class Options>
OptionSet describe(Options& options) {
  OptionSet set;
  options.describe(set);
  return set;
}

/// The candidate nearest to `word` by edit distance, or nothing if none is near. For "did you
/// mean".
std::optional<std::string> nearest(const std::string& word,
                                   const std::vector<std::string>& candidates);

// ---- how a field of each type is bound ----

namespace option_detail {

template <class T>
struct Unwrap {
  using type = T;
  static constexpr bool list = false, optional = false;
};
template <class T>
struct Unwrap<std::vector<T>> {
  using type = T;
  static constexpr bool list = true, optional = false;
};
template <class T>
struct Unwrap<std::optional<T>> {
  using type = T;
  static constexpr bool list = false, optional = true;
};

template <class T>
constexpr OptionType type_of() {
  if constexpr (std::is_same_v<T, bool>)
    return OptionType::boolean;
  else if constexpr (std::is_integral_v<T>)
    return OptionType::integer;
  else if constexpr (std::is_floating_point_v<T>)
    return OptionType::number;
  else if constexpr (std::is_same_v<T, std::filesystem::path>)
    return OptionType::path;
  else {
    static_assert(std::is_same_v<T, std::string>, "an option's field has an unsupported type");
    return OptionType::text;
  }
}

template <class T>
Json to_json(const T& value) {
  if constexpr (std::is_same_v<T, std::filesystem::path>)
    return Json(value.string());
  else
    return Json(value);
}

template <class T>
T from_json(const Json& value) {
  if constexpr (std::is_same_v<T, bool>)
    return value.as_bool();
  else if constexpr (std::is_integral_v<T>)
    return static_cast<T>(value.as_int());
  else if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(value.as_double());
  else
    return T(value.as_string());
}

template <class T>
constexpr std::pair<double, double> natural_range() {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    return {static_cast<double>(std::numeric_limits<T>::lowest()),
            static_cast<double>(std::numeric_limits<T>::max())};
  } else {
    return {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  }
}

}  // namespace option_detail

template <class T>
Option& OptionSet::add(std::string name, T& field, std::string help) {
  using Kind = option_detail::Unwrap<T>;
  using Value = typename Kind::type;
  Option& option = add_option(std::move(name), std::move(help));
  option.type_ = option_detail::type_of<Value>();
  option.is_list_ = Kind::list;
  option.is_optional_ = Kind::optional;
  std::tie(option.low_, option.high_) = option_detail::natural_range<Value>();
  option.get_ = [&field]() -> Json {
    if constexpr (Kind::list) {
      Json::Array items;
      for (auto&& item : field) items.push_back(option_detail::to_json<Value>(item));
      return Json(std::move(items));
    } else if constexpr (Kind::optional) {
      return field ? option_detail::to_json<Value>(*field) : Json();
    } else {
      return option_detail::to_json<Value>(field);
    }
  };
  option.set_ = [&field](const Json& value) {
    if constexpr (Kind::list) {
      field.clear();
      for (const Json& item : value.as_array()) {
        field.push_back(option_detail::from_json<Value>(item));
      }
    } else if constexpr (Kind::optional) {
      if (value.is_null())
        field.reset();
      else
        field = option_detail::from_json<Value>(value);
    } else {
      field = option_detail::from_json<Value>(value);
    }
  };
  return option;
}

template <class T>
Option& OptionSet::positional(std::string name, T& field, std::string help) {
  Option& option = add(std::move(name), field, std::move(help));
  option.is_positional_ = true;
  return option;
}

}  // namespace ordo
