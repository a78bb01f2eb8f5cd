// `ordo train convert`: a trained model with other batch norms, weights and statistics as they
// were.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "ordo/base/context.h"
#include "ordo/base/options.h"

namespace ordo::train {

struct ConvertOptions {
  std::filesystem::path model;
  std::int64_t ghost = 128;   ///< rows of a ghost; 0: plain batch norm
  std::filesystem::path out;  ///< folder for the converted model
  void describe(OptionSet& set);
};

struct Converted {
  std::int64_t norms = 0;              ///< batch norms that were changed
  std::int64_t before = 0, after = 0;  ///< ghost sizes
  std::filesystem::path out;
};
Json to_json(const Converted& converted);
std::string to_text(const Converted& converted);

/// Throws UsageError if the model has no batch norm, is not finished, or `out` exists.
Converted convert(const ConvertOptions& options, Context& context);

}  // namespace ordo::train
