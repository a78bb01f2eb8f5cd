// New classes: the last layer gets an output for each, drawn as in a fresh network; the others keep
// their weights.
#pragma once

#include <string>
#include <vector>

#include "ordo/base/random.h"
#include "ordo/nets/model_folder.h"

namespace ordo::train {

/// `classes` are all classes there will be. Those of the model keep their weights wherever they now
/// stand. Throws UsageError if one of the model's is missing.
nets::Model grow_head(nets::Model model, const std::vector<std::string>& classes,
                      const Random& stream);

}  // namespace ordo::train
