// What a GGUF file says of a model's configuration, for writing one: the other direction of
// gguf_config.
#pragma once

#include <vector>

#include "ordo/base/json.h"
#include "ordo/models/config.h"

namespace ordo::models {

/// The entries "general.architecture" and "<architecture>.*", and the tokens that begin and end
/// texts where the configuration has them. config_of makes the same model of them. Throws
/// UsageError naming what GGUF cannot express: an architecture, a scaling of positions, windows.
JsonObject gguf_metadata(const Config& config);

/// What each rotary frequency is divided by, where it is neither by 1 nor all by the same: for the
/// tensor kGgufFactors. Empty where there is no such tensor.
std::vector<float> gguf_factors(const Config& config);

}  // namespace ordo::models
