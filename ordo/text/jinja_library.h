// What templates may call: filters, tests, methods of strings and mappings, and functions.
#pragma once

#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ordo/text/jinja_value.h"

namespace ordo::text::jinja {

/// Each fails with a list of names for a name that it does not know.
Value apply_filter(const std::string& name, const Value& value, const Arguments& arguments);
bool apply_test(const std::string& name, const Value& value, const Arguments& arguments);

/// The method of that name of a value; nothing if it has none.
std::optional<Value> method_of(const Value& value, const std::string& name);

/// The member of a mapping or the item of a list; undefined if it is not there. Fails for what has
/// neither.
Value item_of(const Value& value, const Value& key);
Value slice_of(const Value& value, const Value& begin, const Value& end, const Value& step);

/// +, -, *, /, //, %, ** and ~.
Value compute(const std::string& symbol, const Value& left, const Value& right);

/// raise_exception, strftime_now, namespace, range, dict, joiner.
Members global_functions(const std::function<std::tm()>& clock);

/// Filters that call others by name, or look at attributes: "a.b" of a value.
Value attribute_path(const Value& value, const std::string& path);

}  // namespace ordo::text::jinja
