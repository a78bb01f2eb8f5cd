// `ordo train landscape`: how the loss varies around a point. Weights at a distance d from the
// centre in directions drawn uniformly, mean and standard deviation of their losses for each d. If
// the deviation grows as d^s, the loss is like a random potential with exponent alpha = 2 s, in
// which weights diffuse as (log t)^(2 / alpha): for s = 1 as log t (Hoffer, Hubara and Soudry, NIPS
// 2017, section 4).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/data/catalogue.h"
#include "ordo/train/recipe.h"

namespace ordo::train {

struct LandscapeOptions {
  DataRecipe data;
  std::string model = "mlp";   ///< a fresh network is the centre ...
  std::filesystem::path from;  ///< ... or a trained one
  std::vector<double> radii = {0.1, 0.2, 0.5, 1, 2, 5, 10};
  std::int64_t samples = 1000;
  std::int64_t examples = 256;  ///< the first of the training part
  std::string device = "cpu";
  void describe(OptionSet& set);
};

struct Landscape {
  struct At {
    double radius = 0, mean = 0, deviation = 0;  ///< of the loss
  };
  double centre = 0;  ///< loss at the centre
  std::vector<At> radii;
  double slope = 0;  ///< of ln deviation over ln radius; alpha is twice that
  double r2 = 0;
  std::int64_t samples = 0, examples = 0, parameters = 0;
};
Json to_json(const Landscape& landscape);
std::string to_text(const Landscape& landscape);

/// Batch norms take the statistics of the examples, as in training; nothing of the model changes.
/// Throws NumericError for a radius at which a loss is not finite.
Landscape landscape(const LandscapeOptions& options, const data::Folders& folders,
                    Context& context);

}  // namespace ordo::train
