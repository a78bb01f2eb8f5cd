#include "ordo/base/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/option_keys.h"

namespace ordo {
namespace {

std::string_view type_word(OptionType type) {
  switch (type) {
    case OptionType::boolean:
      return "true or false";
    case OptionType::integer:
      return "an integer";
    case OptionType::number:
      return "a number";
    case OptionType::text:
      return "a string";
    case OptionType::path:
      return "a path";
  }
  return "a value";
}

bool fits(OptionType type, const Json& value) {
  switch (type) {
    case OptionType::boolean:
      return value.is_bool();
    case OptionType::integer:
      return value.is_int() ||
             (value.is_number() && std::nearbyint(value.as_double()) == value.as_double() &&
              std::abs(value.as_double()) < 0x1p63);
    case OptionType::number:
      return value.is_number() ||
             (value.is_string() && (value.as_string() == "nan" || value.as_string() == "inf" ||
                                    value.as_string() == "-inf"));
    case OptionType::text:
    case OptionType::path:
      return value.is_string();
  }
  return false;
}

std::string range_words(double low, double high) {
  if (std::isinf(high)) return fmt::format("at least {}", low);
  if (std::isinf(low)) return fmt::format("at most {}", high);
  return fmt::format("from {} to {}", low, high);
}

// Levenshtein's distance with adjacent transpositions counted as one edit.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before, above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before = std::exchange(above, row);
  }
  return above[b.size()];
}

// A Markdown table, with `dashes` before the names of options that are not positional.
std::string table_of(const OptionSet& set, const std::string& dashes) {
  std::string text = "| option | type | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const Option& option : set.options()) {
    const std::string name = option.is_positional() ? option.name() : dashes + option.name();
    std::string type(type_word(option.type()));
    if (!option.allowed().empty()) type = fmt::format("{}", fmt::join(option.allowed(), ", "));
    if (option.is_list()) type += ", any number";
    const std::string standard = option.is_required() ? "required" : option.get().dump();
    text += fmt::format("| `{}` | {} | `{}` | {} |\n", name, type, standard, option.help());
  }
  return text;
}

}  // namespace

std::optional<std::string> nearest(const std::string& word,
                                   const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < std::max(word.size(), candidate.size())) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

Option& Option::range(double low, double high) {
  low_ = std::max(low_, low);
  high_ = std::min(high_, high);
  return *this;
}

Option& Option::choices(std::vector<std::string> allowed) {
  choices_ = std::move(allowed);
  return *this;
}

Option& Option::required() {
  is_required_ = true;
  return *this;
}

Option& Option::short_name(char letter) {
  letter_ = letter;
  return *this;
}

Option& Option::placeholder(std::string word) {
  placeholder_ = std::move(word);
  return *this;
}

void Option::check_one(const Json& value, const Location& where) const {
  if (!fits(type_, value)) {
    throw InputError(where,
                     fmt::format("expected {}, found {}{}", type_word(type_), value.type_name(),
                                 value.is_string() ? " " + value.dump() : ""));
  }
  if (type_ == OptionType::integer || type_ == OptionType::number) {
    const double number = value.as_double();
    if (!(number >= low_ && number <= high_)) {
      throw InputError(where, fmt::format("expected a number {}, found {}",
                                          range_words(low_, high_), value.dump()));
    }
  }
  if (!choices_.empty() &&
      std::find(choices_.begin(), choices_.end(), value.as_string()) == choices_.end()) {
    const auto near = nearest(value.as_string(), choices_);
    throw InputError(where, fmt::format("expected one of {}, found '{}'{}",
                                        fmt::join(choices_, ", "), value.as_string(),
                                        near ? fmt::format("; did you mean '{}'?", *near) : ""));
  }
}

void Option::set(const Json& value, const Location& where) const {
  if (is_list_) {
    if (!value.is_array()) {
      throw InputError(where, fmt::format("expected an array, found {}", value.type_name()));
    }
    std::size_t position = 0;
    for (const Json& item : value.as_array()) {
      Location place = where;
      place.field += fmt::format("[{}]", position++);
      check_one(item, place);
    }
  } else if (!(is_optional_ && value.is_null())) {
    check_one(value, where);
  }
  set_(value);
}

Json Option::word_to_json(const std::string& word) const {
  const char* const begin = word.data();
  const char* const end = begin + word.size();
  switch (type_) {
    case OptionType::text:
    case OptionType::path:
      return word;
    case OptionType::boolean:
      if (word == "true" || word == "1" || word == "yes") return true;
      if (word == "false" || word == "0" || word == "no") return false;
      break;
    case OptionType::integer: {
      std::int64_t value = 0;
      if (const auto [rest, error] = std::from_chars(begin, end, value);
          error == std::errc() && rest == end) {
        return value;
      }
      [[fallthrough]];  // 1e6 is an integer too
    }
    case OptionType::number: {
      double value = 0;
      if (const auto [rest, error] = std::from_chars(begin, end, value);
          error == std::errc() && rest == end) {
        return value;
      }
      break;
    }
  }
  return word;  // of the wrong type, so that `set` says what was expected
}

void Option::set_words(const std::vector<std::string>& words) const {
  const std::string shown = is_positional_ ? name_ : "--" + name_;
  try {
    if (is_list_) {
      Json::Array items;
      for (const std::string& word : words) items.push_back(word_to_json(word));
      set(Json(std::move(items)));
    } else {
      set(word_to_json(words.at(0)));
    }
  } catch (const InputError& error) {
    throw UsageError(fmt::format("{}: {}", shown, error.what()));
  }
}

Option& OptionSet::add_option(std::string name, std::string help) {
  Option& option = options_.emplace_back();
  option.name_ = std::move(name);
  option.help_ = std::move(help);
  return option;
}

const Option* OptionSet::find(const std::string& name) const {
  const auto found = std::find_if(options_.begin(), options_.end(),
                                  [&](const Option& option) { return option.name() == name; });
  return found == options_.end() ? nullptr : &*found;
}

void OptionSet::apply(const JsonObject& table, const Location& where,
                      const std::function<Location(const std::string&)>& locate) const {
  for (const JsonMember& member : table) {
    Location place = locate ? locate(member.key) : where;
    place.field = where.field.empty() ? member.key : where.field + "." + member.key;
    const Option* const option = find(member.key);
    if (option == nullptr) {
      std::vector<std::string> names;
      for (const Option& known : options_) names.push_back(known.name());
      const auto near = nearest(member.key, names);
      throw InputError(place,
                       near ? fmt::format("unknown key; did you mean '{}'?", *near)
                            : fmt::format("unknown key; known are {}", fmt::join(names, ", ")));
    }
    option->set(member.value, place);
  }
}

Json OptionSet::to_json() const {
  JsonObject object;
  for (const Option& option : options_) object[option.name()] = option.get();
  return object;
}

Json OptionSet::schema() const {
  static constexpr std::string_view kTypes[] = {"boolean", "integer", "number", "string", "string"};
  JsonObject properties;
  Json::Array needed;
  for (const Option& option : options_) {
    JsonObject one;
    one["type"] = kTypes[static_cast<std::size_t>(option.type())];
    if (option.type() == OptionType::integer || option.type() == OptionType::number) {
      if (std::abs(option.low()) < 0x1p31) one["minimum"] = option.low();
      if (std::abs(option.high()) < 0x1p31) one["maximum"] = option.high();
    }
    if (!option.allowed().empty()) one["enum"] = Json::array_of(option.allowed());
    JsonObject whole;
    if (option.is_list()) {
      whole["type"] = "array";
      whole["items"] = std::move(one);
    } else {
      whole = std::move(one);
    }
    whole["description"] = option.help();
    if (!option.is_required()) whole["default"] = option.get();
    properties[option.name()] = std::move(whole);
    if (option.is_required()) needed.push_back(option.name());
  }
  return Json::object({{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                       {"type", "object"},
                       {"properties", std::move(properties)},
                       {"required", std::move(needed)},
                       {"additionalProperties", false}});
}

std::string OptionSet::markdown() const { return table_of(*this, "--"); }

std::string markdown_of_keys(const OptionSet& set) { return table_of(set, ""); }

}  // namespace ordo
