#include "ordo/train/listing.h"

#include "ordo/nets/net.h"
#include "ordo/optimize/optimizer.h"
#include "ordo/train/regime.h"
#include "ordo/train/round_start.h"

namespace ordo::train {
namespace {

template <class Kinds>
Listing::Group group_of(std::string title, const Kinds& kinds) {
  Listing::Group group{.title = std::move(title), .kinds = {}};
  for (const auto& kind : kinds) group.kinds.push_back({kind.name, kind.what, kind.options});
  return group;
}

}  // namespace

Listing list(const ListOptions&, Context&) {
  Listing::Group regimes{.title = "Regimes (--regime)", .kinds = {}};
  for (const NamedRegime& regime : named_regimes()) {
    regimes.kinds.push_back({regime.name, regime.what, "```json\n" + regime.json + "\n```\n"});
  }
  return {{group_of("Networks (--model)", nets::net_kinds()),
           group_of("Optimizers (--optimizer)", optimize::optimizer_kinds()),
           group_of("Warm-start methods (--init, --methods)", round_start_kinds()),
           std::move(regimes)}};
}

Json to_json(const Listing& listing) {
  Json::Array groups;
  for (const Listing::Group& group : listing.groups) {
    Json::Array kinds;
    for (const Listing::Kind& kind : group.kinds) {
      kinds.push_back(
          Json::object({{"name", kind.name}, {"what", kind.what}, {"options", kind.options}}));
    }
    groups.push_back(Json::object({{"title", group.title}, {"kinds", std::move(kinds)}}));
  }
  return Json::object({{"groups", std::move(groups)}});
}

std::string to_text(const Listing& listing) {
  std::string text;
  for (const Listing::Group& group : listing.groups) {
    text += "# " + group.title + "\n\n";
    for (const Listing::Kind& kind : group.kinds) {
      text += "## " + kind.name + "\n" + kind.what + "\n\n" + kind.options + "\n";
    }
  }
  return text;
}

}  // namespace ordo::train
