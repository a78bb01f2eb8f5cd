// `ordo train list`: the networks, optimizers and warm-start methods there are, with their options.
#pragma once

#include <string>

#include "ordo/base/context.h"
#include "ordo/base/options.h"

namespace ordo::train {

struct ListOptions {
  void describe(OptionSet&) {}
};

struct Listing {
  struct Kind {
    std::string name, what, options;
  };
  struct Group {
    std::string title;
    std::vector<Kind> kinds;
  };
  std::vector<Group> groups;
};
Json to_json(const Listing& listing);
std::string to_text(const Listing& listing);

Listing list(const ListOptions& options, Context& context);

}  // namespace ordo::train
