// Filters (value | name) and tests (value is name).
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "ordo/text/jinja_library.h"
#include "ordo/text/jinja_strings.h"
#include "ordo/text/unicode.h"

namespace ordo::text::jinja {
namespace {

using Filter = std::function<Value(const Value&, const Arguments&)>;
using Test = std::function<bool(const Value&, const Arguments&)>;

std::int64_t length_of(const Value& value) {
  if (value.text() != nullptr) return static_cast<std::int64_t>(count_points(*value.text()));
  if (value.is_number() || value.is_none() || value.function() != nullptr)
    fail(value.type_name() + " has no length");
  return static_cast<std::int64_t>(value.items().size());
}

Value trim(const Value& value, const Arguments& arguments) {
  const Value* const characters = arguments.find(0, "chars");
  if (characters == nullptr || characters->is_none())
    return stripped(value.str(), Sides::both, std::nullopt);
  return stripped(value.str(), Sides::both, characters->as_text("chars"));
}

Value join(const Value& value, const Arguments& arguments) {
  const Value* const separator = arguments.find(0, "d");
  const Value* const attribute = arguments.find(1, "attribute");
  std::string joined;
  bool first = true;
  for (const Value& item : value.items()) {
    if (!first && separator != nullptr) joined += separator->str();
    first = false;
    joined += (attribute == nullptr ? item : attribute_path(item, attribute->str())).str();
  }
  return joined;
}

Value to_json(const Value& value, const Arguments& arguments) {
  const Value* const indent = arguments.find(3, "indent");
  if (indent == nullptr || indent->is_none()) return value.to_json();
  return value.to_json(
      static_cast<int>(std::clamp<std::int64_t>(indent->as_whole("indent"), 0, 100)));
}

Value otherwise(const Value& value, const Arguments& arguments) {
  const Value* const given = arguments.find(0, "default_value");
  const Value* const boolean = arguments.find(1, "boolean");
  const bool absent =
      value.is_undefined() || (boolean != nullptr && boolean->truth() && !value.truth());
  return absent ? (given != nullptr ? *given : Value("")) : value;
}

Value replace(const Value& value, const Arguments& arguments) {
  const Value *const old = arguments.find(0, "old"), *const by = arguments.find(1, "new");
  if (old == nullptr || by == nullptr) fail("replace takes what is replaced and by what");
  const Value* const count = arguments.find(2, "count");
  return replaced(value.str(), old->str(), by->str(),
                  count == nullptr ? -1 : count->as_whole("count"));
}

Value indent(const Value& value, const Arguments& arguments) {
  const Value* const width = arguments.find(0, "width");
  const Value *const first = arguments.find(1, "first"), *const blank = arguments.find(2, "blank");
  std::string by(4, ' ');
  if (width != nullptr) {
    by = width->text() != nullptr ? *width->text()
                                  : std::string(static_cast<std::size_t>(std::clamp<std::int64_t>(
                                                    width->as_whole("width"), 0, 1000)),
                                                ' ');
  }
  std::string out;
  bool is_first = true;
  for (const std::string& line : split(value.str(), "\n", -1)) {
    if (!is_first) out += '\n';
    const bool indented = is_first ? first != nullptr && first->truth()
                                   : !line.empty() || (blank != nullptr && blank->truth());
    out += (indented ? by : "") + line;
    is_first = false;
  }
  return out;
}

// What a filter of lists compares: the item, or an attribute of it; strings in lower case.
Value key_of(const Value& item, const Arguments& arguments, std::size_t place) {
  const Value* const attribute = arguments.find(place, "attribute");
  Value key =
      attribute == nullptr || attribute->is_none() ? item : attribute_path(item, attribute->str());
  const Value* const exact = arguments.find(1, "case_sensitive");
  const bool folds = exact == nullptr || !exact->truth();
  return folds && key.text() != nullptr ? Value(lower(*key.text())) : key;
}

Value sort(const Value& value, const Arguments& arguments) {
  List items = value.items();
  const Value* const backwards = arguments.find(0, "reverse");
  const bool descends = backwards != nullptr && backwards->truth();
  std::stable_sort(items.begin(), items.end(), [&](const Value& a, const Value& b) {
    const Value left = key_of(a, arguments, 2), right = key_of(b, arguments, 2);
    return descends ? less(right, left) : less(left, right);
  });
  return items;
}

Value sort_dict(const Value& value, const Arguments& arguments) {
  if (value.dict() == nullptr) fail("dictsort needs a mapping, not " + value.type_name());
  const Value *const by = arguments.find(1, "by"), *const backwards = arguments.find(2, "reverse");
  const bool by_value = by != nullptr && by->str() == "value";
  const Value* const exact = arguments.find(0, "case_sensitive");
  const bool folds = exact == nullptr || !exact->truth();
  const bool descends = backwards != nullptr && backwards->truth();
  List pairs;
  for (const auto& [key, member] : value.dict()->members)
    pairs.push_back(Value::tuple({Value(key), member}));
  const auto key = [&](const Value& pair) {
    const Value& part = (*pair.list())[by_value ? 1 : 0];
    return folds && part.text() != nullptr ? Value(lower(*part.text())) : part;
  };
  std::stable_sort(pairs.begin(), pairs.end(), [&](const Value& a, const Value& b) {
    return descends ? less(key(b), key(a)) : less(key(a), key(b));
  });
  return pairs;
}

Value unique(const Value& value, const Arguments& arguments) {
  List kept, keys;
  for (const Value& item : value.items()) {
    Value key = key_of(item, arguments, 1);
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    keys.push_back(std::move(key));
    kept.push_back(item);
  }
  return kept;
}

Arguments without_first(const Arguments& arguments, std::size_t count) {
  Arguments rest;
  if (arguments.positional.size() > count) {
    rest.positional.assign(arguments.positional.begin() + static_cast<std::ptrdiff_t>(count),
                           arguments.positional.end());
  }
  rest.named = arguments.named;
  return rest;
}

// select, reject, selectattr, rejectattr: items of which a test holds, or does not.
Value choose(const Value& value, const Arguments& arguments, bool by_attribute, bool wanted) {
  const std::size_t first = by_attribute ? 1 : 0;
  if (by_attribute && arguments.positional.empty()) fail("the attribute's name is missing");
  const bool has_test = arguments.positional.size() > first;
  const std::string test = has_test ? arguments.positional[first].as_text("a test's name") : "";
  const Arguments rest = without_first(arguments, first + 1);
  List kept;
  for (const Value& item : value.items()) {
    const Value looked_at =
        by_attribute ? attribute_path(item, arguments.positional[0].str()) : item;
    if ((has_test ? apply_test(test, looked_at, rest) : looked_at.truth()) == wanted)
      kept.push_back(item);
  }
  return kept;
}

Value map_items(const Value& value, const Arguments& arguments) {
  List mapped;
  if (const Value* const attribute = arguments.find(kOnlyNamed, "attribute")) {
    const Value* const absent = arguments.find(kOnlyNamed, "default");
    for (const Value& item : value.items()) {
      Value found = attribute_path(item, attribute->str());
      mapped.push_back(found.is_undefined() && absent != nullptr ? *absent : std::move(found));
    }
    return mapped;
  }
  if (arguments.positional.empty()) fail("map needs a filter's name or an attribute");
  const std::string filter = arguments.positional[0].as_text("a filter's name");
  const Arguments rest = without_first(arguments, 1);
  for (const Value& item : value.items()) mapped.push_back(apply_filter(filter, item, rest));
  return mapped;
}

Value reverse(const Value& value) {
  List items = value.items();
  std::reverse(items.begin(), items.end());
  if (value.text() == nullptr) return items;
  std::string text;
  for (const Value& character : items) text += *character.text();
  return text;
}

Value to_whole(const Value& value, const Arguments& arguments) {
  const Value* const given = arguments.find(0, "default");
  const Value otherwise_value = given != nullptr ? *given : Value(std::int64_t{0});
  try {
    if (value.text() != nullptr) {
      std::size_t used = 0;
      const std::string text = stripped(*value.text(), Sides::both, std::nullopt);
      const long long number = std::stoll(text, &used);
      if (used == text.size()) return static_cast<std::int64_t>(number);
      const double real = std::stod(text, &used);
      if (used == text.size() && std::fabs(real) < 9e18) return static_cast<std::int64_t>(real);
      return otherwise_value;
    }
  } catch (const std::logic_error&) {  // what std::stoll cannot read
    return otherwise_value;
  }
  if (!value.is_number() || !(std::fabs(value.number()) < 9e18)) return otherwise_value;
  return value.is_real() ? static_cast<std::int64_t>(value.number()) : value.as_whole("a number");
}

Value to_real(const Value& value, const Arguments& arguments) {
  const Value* const given = arguments.find(0, "default");
  const Value otherwise_value = given != nullptr ? *given : Value(0.0);
  if (value.is_number()) return value.number();
  if (value.text() == nullptr) return otherwise_value;
  try {
    std::size_t used = 0;
    const double number = std::stod(*value.text(), &used);
    return used == value.text()->size() ? Value(number) : otherwise_value;
  } catch (const std::logic_error&) {
    return otherwise_value;
  }
}

// Halves go to the even neighbour, as in Python.
Value round(const Value& value, const Arguments& arguments) {
  const Value* const digits = arguments.find(0, "precision");
  const Value* const method = arguments.find(1, "method");
  const std::string how = method != nullptr ? method->str() : "common";
  const double scale =
      std::pow(10.0, digits != nullptr ? static_cast<double>(digits->as_whole("precision")) : 0.0);
  const double number = value.number() * scale;
  if (how == "ceil") return std::ceil(number) / scale;
  if (how == "floor") return std::floor(number) / scale;
  return std::nearbyint(number) / scale;
}

Value extreme(const Value& value, const Arguments& arguments, bool greatest) {
  const List items = value.items();
  if (items.empty()) return Undefined{greatest ? "max" : "min"};
  const auto before = [&](const Value& a, const Value& b) {
    return less(key_of(a, arguments, 1), key_of(b, arguments, 1));
  };
  return greatest ? *std::max_element(items.begin(), items.end(), before)
                  : *std::min_element(items.begin(), items.end(), before);
}

Value sum(const Value& value, const Arguments& arguments) {
  const Value *const attribute = arguments.find(0, "attribute"), *const start =
                                                                     arguments.find(1, "start");
  Value total = start != nullptr ? *start : Value(std::int64_t{0});
  for (const Value& item : value.items()) {
    total =
        compute("+", total, attribute == nullptr ? item : attribute_path(item, attribute->str()));
  }
  return total;
}

Value pairs(const Value& value) {
  if (value.is_undefined()) return List{};
  if (value.dict() == nullptr) fail("items needs a mapping, not " + value.type_name());
  List all;
  for (const auto& [key, member] : value.dict()->members)
    all.push_back(Value::tuple({Value(key), member}));
  return all;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

Value first_or_last(const Value& value, bool first) {
  const List items = value.items();
  if (items.empty()) return Undefined{first ? "first" : "last"};
  return first ? items.front() : items.back();
}

const std::map<std::string, Filter>& filters() {
  using V = const Value&;
  using A = const Arguments&;
  static const std::map<std::string, Filter> known = {
      {"abs",
       [](V value, A) -> Value {
         if (value.is_real()) return std::fabs(value.number());
         const std::int64_t number = value.as_whole("a number");
         return number < 0 ? compute("-", std::int64_t{0}, number) : Value(number);
       }},
      {"capitalize", [](V value, A) -> Value { return capitalized(value.str()); }},
      {"count", [](V value, A) -> Value { return length_of(value); }},
      {"d", otherwise},
      {"default", otherwise},
      {"dictsort", sort_dict},
      {"e", [](V value, A) -> Value { return escaped(value.str()); }},
      {"escape", [](V value, A) -> Value { return escaped(value.str()); }},
      {"first", [](V value, A) { return first_or_last(value, true); }},
      {"float", to_real},
      {"indent", indent},
      {"int", to_whole},
      {"items", [](V value, A) { return pairs(value); }},
      {"join", join},
      {"last", [](V value, A) { return first_or_last(value, false); }},
      {"length", [](V value, A) -> Value { return length_of(value); }},
      {"list", [](V value, A) -> Value { return value.items(); }},
      {"lower", [](V value, A) -> Value { return lower(value.str()); }},
      {"map", map_items},
      {"max", [](V value, A arguments) { return extreme(value, arguments, true); }},
      {"min", [](V value, A arguments) { return extreme(value, arguments, false); }},
      {"reject", [](V value, A arguments) { return choose(value, arguments, false, false); }},
      {"rejectattr", [](V value, A arguments) { return choose(value, arguments, true, false); }},
      {"replace", replace},
      {"reverse", [](V value, A) { return reverse(value); }},
      {"round", round},
      {"safe", [](V value, A) { return value; }},
      {"select", [](V value, A arguments) { return choose(value, arguments, false, true); }},
      {"selectattr", [](V value, A arguments) { return choose(value, arguments, true, true); }},
      {"sort", sort},
      {"string", [](V value, A) -> Value { return value.str(); }},
      {"sum", sum},
      {"title", [](V value, A) -> Value { return title(value.str()); }},
      {"tojson", to_json},
      {"trim", trim},
      {"unique", unique},
      {"upper", [](V value, A) -> Value { return upper(value.str()); }}};
  return known;
}

bool is_iterable(const Value& value) {
  return value.text() != nullptr || value.list() != nullptr || value.dict() != nullptr ||
         value.is_undefined();
}

template <class Compare>
Test comparison(Compare compare) {
  return [compare](const Value& value, const Arguments& arguments) {
    if (arguments.positional.size() != 1) fail("the test takes one argument");
    return compare(value, arguments.positional[0]);
  };
}

Test remainder_is(std::int64_t wanted) {
  return [wanted](const Value& value, const Arguments&) {
    const std::int64_t rest = value.as_whole("a number") % 2;
    return (rest != 0) == (wanted != 0);
  };
}

const std::map<std::string, Test>& tests() {
  using V = const Value&;
  using A = const Arguments&;
  const Test equal = comparison([](V a, V b) { return a == b; });
  const Test unequal = comparison([](V a, V b) { return !(a == b); });
  const Test before = comparison([](V a, V b) { return less(a, b); });
  const Test after = comparison([](V a, V b) { return less(b, a); });
  const Test not_after = comparison([](V a, V b) { return !less(b, a); });
  const Test not_before = comparison([](V a, V b) { return !less(a, b); });
  static const std::map<std::string, Test> known = {
      {"boolean", [](V value, A) { return value.flag() != nullptr; }},
      {"callable", [](V value, A) { return value.function() != nullptr; }},
      {"defined", [](V value, A) { return !value.is_undefined(); }},
      {"divisibleby",
       comparison([](V a, V b) { return compute("%", a, b) == Value(std::int64_t{0}); })},
      {"eq", equal},
      {"equalto", equal},
      {"even", remainder_is(0)},
      {"false", [](V value, A) { return value.flag() != nullptr && !*value.flag(); }},
      {"float", [](V value, A) { return value.is_real(); }},
      {"ge", not_before},
      {"greaterthan", after},
      {"gt", after},
      {"in", comparison([](V a, V b) { return contains(b, a); })},
      {"integer", [](V value, A) { return value.whole() != nullptr; }},
      {"iterable", [](V value, A) { return is_iterable(value); }},
      {"le", not_after},
      {"lessthan", before},
      {"lower",
       [](V value, A) {
         return lower(value.str()) == value.str() && upper(value.str()) != value.str();
       }},
      {"lt", before},
      {"mapping",
       [](V value, A) { return value.dict() != nullptr && !value.dict()->is_namespace; }},
      {"ne", unequal},
      {"none", [](V value, A) { return value.is_none(); }},
      {"number", [](V value, A) { return value.is_number(); }},
      {"odd", remainder_is(1)},
      {"sameas", equal},
      {"sequence", [](V value, A) { return is_iterable(value) || value.is_undefined(); }},
      {"string", [](V value, A) { return value.text() != nullptr; }},
      {"true", [](V value, A) { return value.flag() != nullptr && *value.flag(); }},
      {"undefined", [](V value, A) { return value.is_undefined(); }},
      {"upper", [](V value, A) {
         return upper(value.str()) == value.str() && lower(value.str()) != value.str();
       }}};
  return known;
}

template <class Table>
[[noreturn]] void fail_unknown(const char* what, const std::string& name, const Table& table) {
  std::string known;
  for (const auto& entry : table) known += (known.empty() ? "" : ", ") + entry.first;
  fail(fmt::format("the {} '{}' is not known; known are {}", what, name, known));
}

}  // namespace

Value apply_filter(const std::string& name, const Value& value, const Arguments& arguments) {
  const auto found = filters().find(name);
  if (found == filters().end()) fail_unknown("filter", name, filters());
  return found->second(value, arguments);
}

bool apply_test(const std::string& name, const Value& value, const Arguments& arguments) {
  const auto found = tests().find(name);
  if (found == tests().end()) fail_unknown("test", name, tests());
  return found->second(value, arguments);
}

}  // namespace ordo::text::jinja
