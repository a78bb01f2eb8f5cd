// Methods of strings and mappings, and functions that are there from the beginning.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "ordo/text/jinja_library.h"
#include "ordo/text/jinja_strings.h"
#include "ordo/text/unicode.h"

namespace ordo::text::jinja {
namespace {

std::string text_argument(const Arguments& arguments, std::size_t place, std::string_view name) {
  const Value* const given = arguments.find(place, name);
  if (given == nullptr) fail(fmt::format("the argument '{}' is missing", name));
  return given->as_text(name);
}

std::optional<std::string> optional_text(const Arguments& arguments, std::size_t place,
                                         std::string_view name) {
  const Value* const given = arguments.find(place, name);
  if (given == nullptr || given->is_none()) return std::nullopt;
  return given->as_text(name);
}

// One string or any of several.
template <class Test>
bool any_affix(const Value* affix, Test test) {
  if (affix == nullptr) fail("the argument is missing");
  if (affix->list() == nullptr) return test(affix->as_text("the argument"));
  return std::any_of(affix->list()->begin(), affix->list()->end(),
                     [&](const Value& one) { return test(one.as_text("the argument")); });
}

using StringMethod = Value (*)(const std::string& text, const Arguments& arguments);

Value split_method(const std::string& text, const Arguments& arguments) {
  const Value* const most = arguments.find(1, "maxsplit");
  List parts;
  for (std::string& part : split(text, optional_text(arguments, 0, "sep"),
                                 most == nullptr ? -1 : most->as_whole("maxsplit"))) {
    parts.emplace_back(std::move(part));
  }
  return parts;
}

Value rsplit_method(const std::string& text, const Arguments& arguments) {
  const Value* const most = arguments.find(1, "maxsplit");
  const std::int64_t times = most == nullptr ? -1 : most->as_whole("maxsplit");
  const auto separator = optional_text(arguments, 0, "sep");
  if (!separator || times < 0) return split_method(text, arguments);
  if (separator->empty()) fail("an empty separator");
  List parts;
  std::size_t end = text.size();
  for (std::int64_t time = 0; time < times && end != std::string::npos; ++time) {
    const std::size_t at = end < separator->size()
                               ? std::string::npos
                               : text.rfind(*separator, end - separator->size());
    if (at == std::string::npos) break;
    parts.emplace_back(text.substr(at + separator->size(), end - at - separator->size()));
    end = at;
  }
  parts.emplace_back(text.substr(0, end));
  std::reverse(parts.begin(), parts.end());
  return parts;
}

Value join_method(const std::string& text, const Arguments& arguments) {
  const Value* const list = arguments.find(0, "iterable");
  if (list == nullptr) fail("the argument is missing");
  std::string joined;
  bool first = true;
  for (const Value& item : list->items()) {
    if (!first) joined += text;
    first = false;
    joined += item.as_text("an item that is joined");
  }
  return joined;
}

Value find_method(const std::string& text, const Arguments& arguments) {
  const std::size_t at = text.find(text_argument(arguments, 0, "sub"));
  if (at == std::string::npos) return std::int64_t{-1};
  return static_cast<std::int64_t>(count_points(std::string_view(text).substr(0, at)));
}

Value count_method(const std::string& text, const Arguments& arguments) {
  const std::string what = text_argument(arguments, 0, "sub");
  if (what.empty()) return static_cast<std::int64_t>(count_points(text) + 1);
  std::int64_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + what.size()))
    ++count;
  return count;
}

Value replace_method(const std::string& text, const Arguments& arguments) {
  const Value* const most = arguments.find(2, "count");
  return replaced(text, text_argument(arguments, 0, "old"), text_argument(arguments, 1, "new"),
                  most == nullptr ? -1 : most->as_whole("count"));
}

template <Sides sides>
Value strip_method(const std::string& text, const Arguments& arguments) {
  return stripped(text, sides, optional_text(arguments, 0, "chars"));
}

Value starts_method(const std::string& text, const Arguments& arguments) {
  return any_affix(arguments.find(0, "prefix"),
                   [&](const std::string& one) { return text.starts_with(one); });
}

Value ends_method(const std::string& text, const Arguments& arguments) {
  return any_affix(arguments.find(0, "suffix"),
                   [&](const std::string& one) { return text.ends_with(one); });
}

Value remove_prefix(const std::string& text, const Arguments& arguments) {
  const std::string prefix = text_argument(arguments, 0, "prefix");
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

Value remove_suffix(const std::string& text, const Arguments& arguments) {
  const std::string suffix = text_argument(arguments, 0, "suffix");
  return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

Value all_flagged(const std::string& text, bool (*test)(PointKind)) {
  for (std::size_t at = 0; at < text.size();) {
    const DecodedPoint point = decode_point(text, at);
    if (!test(point_kinds()(point.value))) return false;
    at += point.length;
  }
  return !text.empty();
}

const std::map<std::string, StringMethod>& string_methods() {
  using Text = const std::string&;
  using Args = const Arguments&;
  static const std::map<std::string, StringMethod> methods = {
      {"strip", strip_method<Sides::both>},
      {"lstrip", strip_method<Sides::left>},
      {"rstrip", strip_method<Sides::right>},
      {"split", split_method},
      {"rsplit", rsplit_method},
      {"join", join_method},
      {"find", find_method},
      {"count", count_method},
      {"replace", replace_method},
      {"startswith", starts_method},
      {"endswith", ends_method},
      {"removeprefix", remove_prefix},
      {"removesuffix", remove_suffix},
      {"upper", [](Text text, Args) -> Value { return upper(text); }},
      {"lower", [](Text text, Args) -> Value { return lower(text); }},
      {"title", [](Text text, Args) -> Value { return title(text); }},
      {"capitalize", [](Text text, Args) -> Value { return capitalized(text); }},
      {"isdigit", [](Text text, Args) { return all_flagged(text, is_number); }},
      {"isalpha", [](Text text, Args) { return all_flagged(text, is_letter); }},
      {"isspace",
       [](Text text, Args) {
         return all_flagged(text, [](PointKind kind) { return has(kind, PointFlag::white_space); });
       }},
      {"splitlines", [](Text text, Args) -> Value {
         List lines;
         for (std::string& line : split_lines(text)) lines.emplace_back(std::move(line));
         return lines;
       }}};
  return methods;
}

Value pairs_of(const Dict& dict) {
  List pairs;
  for (const auto& [key, value] : dict.members) pairs.push_back(Value::tuple({Value(key), value}));
  return pairs;
}

std::optional<Value> dict_method(const Value& value, const std::string& name) {
  if (name == "items")
    return Function([value](const Arguments&) { return pairs_of(*value.dict()); });
  if (name == "keys") return Function([value](const Arguments&) -> Value { return value.items(); });
  if (name == "values") {
    return Function([value](const Arguments&) -> Value {
      List all;
      for (const auto& member : value.dict()->members) all.push_back(member.second);
      return all;
    });
  }
  if (name == "get") {
    return Function([value](const Arguments& arguments) {
      const Value* const key = arguments.find(0, "key");
      if (key == nullptr) fail("the argument 'key' is missing");
      const Value* const found =
          key->text() != nullptr ? value.dict()->find(*key->text()) : nullptr;
      if (found != nullptr) return *found;
      const Value* const otherwise = arguments.find(1, "default");
      return otherwise != nullptr ? *otherwise : Value();
    });
  }
  return std::nullopt;
}

Value range(const Arguments& arguments) {
  const std::size_t given = arguments.positional.size();
  if (given < 1 || given > 3) fail("range takes one to three numbers");
  const auto number = [&](std::size_t place) {
    return arguments.positional[place].as_whole("a range's end");
  };
  const std::int64_t begin = given > 1 ? number(0) : 0, end = given > 1 ? number(1) : number(0);
  const std::int64_t step = given > 2 ? number(2) : 1;
  if (step == 0) fail("range's step is 0");
  constexpr std::int64_t kMost = 100'000;
  List numbers;
  std::int64_t at = begin;
  while (step > 0 ? at < end : at > end) {
    if (static_cast<std::int64_t>(numbers.size()) == kMost) {
      fail(fmt::format("a range of more than {} numbers", kMost));
    }
    numbers.emplace_back(at);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return numbers;
}

Value dict_of(const Arguments& arguments, bool is_namespace) {
  Dict dict;
  dict.is_namespace = is_namespace;
  for (const Value& value : arguments.positional) {
    if (value.dict() == nullptr) fail("expected a mapping, found " + value.type_name());
    for (const auto& [key, member] : value.dict()->members) dict.set(key, member);
  }
  for (const auto& [key, value] : arguments.named) dict.set(key, value);
  return dict;
}

Value joiner(const Arguments& arguments) {
  const Value* const given = arguments.find(0, "sep");
  const std::string separator = given != nullptr ? given->as_text("sep") : ", ";
  const auto used = std::make_shared<bool>(false);
  return Function([separator, used](const Arguments&) -> Value {
    return std::exchange(*used, true) ? separator : std::string();
  });
}

Value format_time(const Arguments& arguments, const std::function<std::tm()>& clock) {
  const std::string format = text_argument(arguments, 0, "format");
  if (format.empty()) return "";
  if (format.size() > 1000) fail("the format of the time is too long");
  const std::tm now = clock();
  std::string text(4096, '\0');
  text.resize(std::strftime(text.data(), text.size(), format.c_str(), &now));
  return text;
}

}  // namespace

std::optional<Value> method_of(const Value& value, const std::string& name) {
  if (value.text() != nullptr) {
    const auto found = string_methods().find(name);
    if (found == string_methods().end()) return std::nullopt;
    return Function([text = *value.text(), method = found->second](const Arguments& arguments) {
      return method(text, arguments);
    });
  }
  const Dict* const dict = value.dict();
  return dict != nullptr && !dict->is_namespace ? dict_method(value, name) : std::nullopt;
}

Members global_functions(const std::function<std::tm()>& clock) {
  return {
      {"range", Function(range)},
      {"dict", Function([](const Arguments& arguments) { return dict_of(arguments, false); })},
      {"namespace", Function([](const Arguments& arguments) { return dict_of(arguments, true); })},
      {"joiner", Function(joiner)},
      {"raise_exception", Function([](const Arguments& arguments) -> Value {
         fail(text_argument(arguments, 0, "message"));
       })},
      {"strftime_now",
       Function([clock](const Arguments& arguments) { return format_time(arguments, clock); })}};
}

}  // namespace ordo::text::jinja
