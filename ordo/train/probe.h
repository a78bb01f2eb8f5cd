// `ordo train probe`: how ready a trained model is to learn what is new. It looks at the gradients
// of old and new examples at several shrinkings, and says which shrinking would balance them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/data/catalogue.h"
#include "ordo/train/run.h"

namespace ordo::train {

struct ProbeOptions {
  std::filesystem::path model;
  DataRecipe data;
  std::int64_t old_size = 0;  ///< training examples the model knows; 0: as its record says
  double perturb = 0;         ///< share of a fresh network that is added at each shrinking
  double balance = 2;         ///< wanted ratio of gradient norms
  std::filesystem::path report;
  std::string device = "cpu";
  void describe(OptionSet& set);
};

struct ProbeResult {
  struct At {
    double shrink = 0;
    double old_norm = 0, new_norm = 0;
    double ratio() const { return new_norm / old_norm; }
  };
  std::vector<At> balance;  ///< from shrink 1 down to 0
  double advised = 1;       ///< shrinking that reaches the wanted balance
  double wanted = 2;
  double weight_norm = 0;  ///< |theta|
  double fresh_norm = 0;   ///< |phi| of a fresh network
  std::int64_t old_size = 0, new_size = 0;
  std::filesystem::path report;
};
Json to_json(const ProbeResult& result);
std::string to_text(const ProbeResult& result);

ProbeResult probe(const ProbeOptions& options, const data::Folders& folders, Context& context);

}  // namespace ordo::train
