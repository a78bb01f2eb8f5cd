#include "ordo/machine/rmc_arith.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/machine/integer.h"

namespace ordo::machine::rmc {
namespace {

std::string shown(std::string_view functor, const std::vector<ArithmeticArgument>& arguments) {
  std::string text(functor);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    text += (i == 0 ? "(" : ",") + arguments[i].value_or("_");
  }
  return arguments.empty() ? text : text + ")";
}

}  // namespace

std::optional<std::vector<std::string>> solve_arithmetic(
    std::string_view functor, const std::vector<ArithmeticArgument>& arguments) {
  const auto refuse = [&](std::string_view why) {
    throw InputError({}, fmt::format("arithmetic: {} in {}", why, shown(functor, arguments)));
  };
  const bool add = functor == "add" && arguments.size() == 3;
  if (!add && !(functor == "lt" && arguments.size() == 2)) {
    refuse("expected add(X,Y,Z) or lt(X,Y)");
  }
  std::vector<std::optional<Integer>> values;
  for (const ArithmeticArgument& argument : arguments) {
    values.push_back(argument ? Integer::parse(*argument) : std::nullopt);
    if (argument && !values.back()) refuse(fmt::format("'{}' is no integer", *argument));
  }
  const auto unknown = std::count(values.begin(), values.end(), std::nullopt);
  if (unknown > (add ? 1 : 0)) {
    refuse(add ? "two arguments must be known" : "both arguments must be known");
  }
  if (add) {
    if (!values[0]) values[0] = *values[2] - *values[1];
    if (!values[1]) values[1] = *values[2] - *values[0];
    if (!values[2]) values[2] = *values[0] + *values[1];
    if (*values[0] + *values[1] != *values[2]) return std::nullopt;
  } else if (!(*values[0] < *values[1])) {
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(value->to_string());
  return texts;
}

}  // namespace ordo::machine::rmc
