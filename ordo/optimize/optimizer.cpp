#include "ordo/optimize/optimizer.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/error.h"
#include "ordo/optimize/methods.h"

namespace ordo::optimize {
namespace {

const std::vector<Method>& methods() {
  static const std::vector<Method> all = {sgd(), adam(), adamw(), rmsprop(), adagrad()};
  return all;
}

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const std::string& name, const JsonObject& options) {
  const auto method =
      std::ranges::find(methods(), name, [](const Method& one) { return one.kind.name; });
  if (method == methods().end()) {
    std::vector<std::string> names;
    for (const Method& known : methods()) names.push_back(known.kind.name);
    const auto near = nearest(name, names);
    throw UsageError(fmt::format("there is no optimizer '{}'; {}", name,
                                 near ? fmt::format("did you mean '{}'?", *near)
                                      : fmt::format("known are {}", fmt::join(names, ", "))));
  }
  try {
    return method->make(options);
  } catch (const InputError& error) {
    throw UsageError(error.what());
  }
}

std::vector<OptimizerKind> optimizer_kinds() {
  std::vector<OptimizerKind> kinds;
  for (const Method& method : methods()) kinds.push_back(method.kind);
  return kinds;
}

}  // namespace ordo::optimize
