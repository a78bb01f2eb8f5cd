// The rotary part of a `config.json`: `rope_parameters` of newer files, `rope_theta` and
// `rope_scaling` of older ones, `rotary_pct` and `rotary_emb_base` of GPT-NeoX.
#pragma once

#include "ordo/models/config.h"
#include "ordo/models/fields.h"

namespace ordo::models {

/// `config` already has its family, head size and positions.
Rope read_rope(const Fields& fields, const Config& config);

}  // namespace ordo::models
