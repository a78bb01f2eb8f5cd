// What the package `peft` says of low-rank adapters in adapter_config.json: which layers have one,
// how large it is and by what its product is scaled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ordo/base/json.h"

namespace ordo::models {

/// Of the small matrices; more is a damaged file.
inline constexpr std::int64_t kMaxAdapterRank = 1 << 16;

/// Layers by their names in the model.
struct LayerNames {
  std::string pattern;             ///< a regular expression for whole names; "" if `names` say it
  std::vector<std::string> names;  ///< or ends of names after a dot
};

struct AdapterConfig {
  std::int64_t rank = 0;
  double alpha = 0;
  bool is_rooted = false;      ///< products are scaled by alpha / sqrt(rank), not by alpha / rank
  bool is_transposed = false;  ///< files hold the layers' weights as [in, out]
  bool is_all_linear = false;  ///< all layers but the head; else `targets`
  LayerNames targets, excluded;
  std::vector<std::int64_t> blocks;  ///< those of the targets; empty: all
  /// The first whose regular expression is the end of a layer's name speaks for it.
  std::vector<std::pair<std::string, std::int64_t>> ranks;
  std::vector<std::pair<std::string, double>> alphas;
  JsonObject json;  ///< the whole file
};

/// Throws InputError with the field for what is wrong, and for what adapters of other kinds
/// compute.
AdapterConfig parse_adapter_config(std::string_view text, const std::string& source);

}  // namespace ordo::models
