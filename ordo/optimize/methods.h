// The methods behind the registry of optimizer.h, a file each.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ordo/base/option_keys.h"
#include "ordo/optimize/optimizer.h"

namespace ordo::optimize {

struct Method {
  OptimizerKind kind;
  std::function<std::unique_ptr<Optimizer>(const JsonObject& options)> make;
};

Method sgd();
Method adam();
Method adamw();
Method rmsprop();
Method adagrad();

/// `Made` is made from a `typename Made::Options`, which describes itself.
template <class Made>
Method method_of(const std::string& name, const std::string& what, double default_rate) {
  using Options = typename Made::Options;
  Options defaults;
  return {{name, what, default_rate, markdown_of_keys(describe(defaults))},
          [name](const JsonObject& given) {
            Options options;
            describe(options).apply(given, Location{.field = name});
            return std::make_unique<Made>(options);
          }};
}

}  // namespace ordo::optimize
