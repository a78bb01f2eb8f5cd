#include "ordo/board/compare.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ordo/http/server.h"
#include "ordo/stats/student.h"
#include "ordo/trial/document.h"

namespace ordo::board {
namespace {

constexpr std::size_t kLeastPrefix = 6;

struct Side {
  std::string name, label;
  std::shared_ptr<const StudyData> data;
  trial::Results results;
};

Side read_side(Library& library, const std::string& text) {
  Side side;
  side.name = text;
  const std::size_t mark = std::min(text.find('@'), text.size());
  side.data = library.study(text.substr(0, mark));
  side.label = side.data->card.title;
  if (mark == text.size()) {
    side.results = side.data->results;
    return side;
  }
  const store::Store& store = library.store();
  const std::set<std::string> environments =
      find_environments(store, *side.data, text.substr(mark + 1));
  side.results = trial::read_results(store, side.data->card.summary.name, environments);
  const std::string& first = *environments.begin();
  side.label += ", " + environment_label(store.environment(first).value_or(JsonObject()), first);
  return side;
}

std::int64_t runs_of(const Side& side) {
  return std::count_if(side.results.cells.begin(), side.results.cells.end(),
                       [](const trial::CellResult& cell) { return !cell.values.empty(); });
}

Json side_json(const Side& side) {
  Json::Array variants;
  for (const trial::Variant& variant : side.results.variants) variants.push_back(variant.name);
  return Json::object({{"side", side.name},
                       {"study", to_json(side.data->card)},
                       {"label", side.label},
                       {"runs", runs_of(side)},
                       {"variants", std::move(variants)}});
}

// The values of one measure of one variant, by seed.
using BySeed = std::map<std::int64_t, double>;

BySeed values_of(const Side& side, const std::string& variant, const std::string& measure) {
  BySeed values;
  for (const trial::CellResult& cell : side.results.cells) {
    const auto value = cell.values.find(measure);
    if (cell.cell.variant == variant && value != cell.values.end()) {
      values[cell.cell.seed] = value->second;
    }
  }
  return values;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::vector<double> plain(const BySeed& values) {
  std::vector<double> list;
  for (const auto& [seed, value] : values) list.push_back(value);
  return list;
}

Json interval_json(const stats::Interval& interval) {
  return Json::array({interval.lower, interval.upper});
}

bool are_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

Json summary_json(const BySeed& by_seed) {
  if (by_seed.empty()) return {};
  const std::vector<double> values = plain(by_seed);
  const stats::Interval interval =
      are_finite(values) ? stats::student_interval(values) : stats::Interval();
  return Json::object(
      {{"mean", mean_of(values)}, {"interval", interval_json(interval)}, {"runs", values.size()}});
}

// right - left: by seed where both have the same seeds, else by Welch's method.
Json difference_json(const BySeed& left, const BySeed& right) {
  if (left.empty() || right.empty()) return {};
  std::vector<double> differences;
  for (const auto& [seed, value] : left) {
    if (const auto other = right.find(seed); other != right.end()) {
      differences.push_back(other->second - value);
    }
  }
  const bool is_paired = differences.size() == left.size() && left.size() == right.size();
  const std::vector<double> first = plain(left), second = plain(right);
  stats::Interval interval;
  if (are_finite(first) && are_finite(second)) {
    if (is_paired) interval = stats::student_interval(differences);
    if (!is_paired && first.size() > 1 && second.size() > 1) {
      interval = stats::welch_interval(second, first);
    }
  }
  const double difference = mean_of(second) - mean_of(first);
  return Json::object(
      {{"mean", difference},
       {"interval", interval_json(interval)},
       {"pairs", is_paired ? differences.size() : 0},
       {"relative", mean_of(first) == 0 ? Json() : Json(difference / std::abs(mean_of(first)))}});
}

template <class List, class Name>
void add_new(std::vector<std::string>& names, const List& list, Name name) {
  for (const auto& item : list) {
    if (std::find(names.begin(), names.end(), name(item)) == names.end()) {
      names.push_back(name(item));
    }
  }
}

Json rows_json(const Side& left, const Side& right) {
  std::vector<std::string> variants, measures;
  const auto name = [](const auto& item) { return item.name; };
  add_new(variants, left.results.variants, name);
  add_new(variants, right.results.variants, name);
  add_new(measures, left.results.spec.measures, name);
  add_new(measures, right.results.spec.measures, name);
  Json::Array rows;
  for (const std::string& variant : variants) {
    for (const std::string& measure : measures) {
      const BySeed before = values_of(left, variant, measure);
      const BySeed after = values_of(right, variant, measure);
      if (before.empty() && after.empty()) continue;
      rows.push_back(Json::object({{"variant", variant},
                                   {"measure", measure},
                                   {"left", summary_json(before)},
                                   {"right", summary_json(after)},
                                   {"difference", difference_json(before, after)}}));
    }
  }
  return rows;
}

// Members that differ or that one side lacks; objects one level deep are named "versions/ordo".
JsonObject flatten(const JsonObject& object) {
  JsonObject flat;
  for (const JsonMember& member : object) {
    if (!member.value.is_object()) {
      flat[member.key] = member.value;
      continue;
    }
    for (const JsonMember& below : member.value.as_object()) {
      flat[member.key + "/" + below.key] = below.value;
    }
  }
  return flat;
}

Json differences_json(const JsonObject& left, const JsonObject& right) {
  std::vector<std::string> keys;
  const auto key = [](const JsonMember& member) { return member.key; };
  add_new(keys, left, key);
  add_new(keys, right, key);
  Json::Array list;
  for (const std::string& name : keys) {
    const Json* before = left.find(name);
    const Json* after = right.find(name);
    if (before != nullptr && after != nullptr && *before == *after) continue;
    list.push_back(Json::object({{"name", name},
                                 {"left", before == nullptr ? Json() : *before},
                                 {"right", after == nullptr ? Json() : *after}}));
  }
  return list;
}

JsonObject first_environment(const store::Store& store, const Side& side) {
  for (const trial::CellResult& cell : side.results.cells) {
    if (!cell.run || cell.run->environment.empty()) continue;
    return flatten(store.environment(cell.run->environment).value_or(JsonObject()));
  }
  return {};
}

Json verdict_json(const Side& side, const std::string& claim) {
  for (const claims::Verdict& verdict : side.results.verdicts) {
    if (verdict.claim.name == claim) return to_string(verdict.outcome);
  }
  return {};
}

Json claims_json(const Side& left, const Side& right) {
  std::vector<trial::ClaimText> all = left.results.spec.claims;
  for (const trial::ClaimText& claim : right.results.spec.claims) {
    const bool is_known = std::any_of(all.begin(), all.end(), [&](const trial::ClaimText& one) {
      return one.name == claim.name;
    });
    if (!is_known) all.push_back(claim);
  }
  Json::Array list;
  for (const trial::ClaimText& claim : all) {
    list.push_back(Json::object({{"name", claim.name},
                                 {"text", claim.text},
                                 {"left", verdict_json(left, claim.name)},
                                 {"right", verdict_json(right, claim.name)}}));
  }
  return list;
}

Json metrics_json(const Side& left, const Side& right) {
  Json::Array list;
  for (const store::MetricSummary& metric : left.data->metrics) {
    for (const store::MetricSummary& other : right.data->metrics) {
      if (other.name == metric.name) list.push_back(metric.name);
    }
  }
  return list;
}

}  // namespace

std::set<std::string> find_environments(const store::Store& store, const StudyData& data,
                                        const std::string& text) {
  std::set<std::string> found;
  for (const store::EnvironmentUse& use : data.environments) {
    const JsonObject values = store.environment(use.hash).value_or(JsonObject());
    const Json* commit = values.find("commit");
    const bool is_commit =
        commit != nullptr && commit->is_string() && commit->as_string().starts_with(text);
    if (text.size() >= kLeastPrefix && (is_commit || use.hash.starts_with(text))) {
      found.insert(use.hash);
    }
  }
  if (found.empty()) {
    throw http::NotFound(fmt::format(
        "no finished run of '{}' was made in an environment or at a commit that begins with '{}' "
        "(at least {} digits)",
        data.card.summary.name, text, kLeastPrefix));
  }
  return found;
}

Json compare(Library& library, const std::string& left_text, const std::string& right_text) {
  const Side left = read_side(library, left_text), right = read_side(library, right_text);
  return Json::object(
      {{"revision", left.data->card.summary.revision + right.data->card.summary.revision},
       {"left", side_json(left)},
       {"right", side_json(right)},
       {"rows", rows_json(left, right)},
       {"parameters", differences_json(left.results.spec.fixed, right.results.spec.fixed)},
       {"environment", differences_json(first_environment(library.store(), left),
                                        first_environment(library.store(), right))},
       {"claims", claims_json(left, right)},
       {"metrics", metrics_json(left, right)},
       {"interval",
        "95 % Student intervals; of the difference by seed where both sides have the "
        "same seeds, else by Welch's method. Exploratory: not corrected for how many "
        "there are"}});
}

}  // namespace ordo::board
