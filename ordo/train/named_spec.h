// "NAME" or "NAME:key=value,key=value": how networks, optimizers and warm-start methods are written
// on a command line and in a recipe. A value is JSON where it reads as JSON, else a word:
// "mlp:hidden=[100,100],activation=tanh".
#pragma once

#include <string>

#include "ordo/base/json.h"

namespace ordo::train {

struct NamedSpec {
  std::string name;
  JsonObject options;
};

/// Throws UsageError showing the text and what was expected.
NamedSpec parse_named_spec(const std::string& text);
/// The shortest text that parses to this.
std::string to_string(const NamedSpec& spec);

}  // namespace ordo::train
