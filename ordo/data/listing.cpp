#include "ordo/data/listing.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/data/apportion.h"
#include "ordo/data/groups.h"

namespace ordo::data {
namespace {

// "1,797".
std::string grouped(std::int64_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t place = digits.size(); place > 3;) {
    place -= 3;
    digits.insert(place, ",");
  }
  return digits;
}

std::string line(std::string_view name, std::string_view value) {
  return fmt::format("  {:<11}{}\n", name, value);
}

std::string carrier_of(const DataSet& set) {
  const std::string_view name = name_of(set.carrier);
  if (set.carrier == Carrier::bundled) return std::string(name);
  return fmt::format("{} package {} ({:.1f} MB to download)", name, set.package,
                     static_cast<double>(set.download) / 1e6);
}

}  // namespace

Entry entry_of(const DataSet& set, const Folders& folders) {
  return {.set = set, .path = path_of(set, folders), .here = is_here(set, folders)};
}

Json to_json(const Entry& entry) {
  Json json = to_json(entry.set);
  json["path"] = entry.path.string();
  json["here"] = entry.here;
  return json;
}

std::string to_text(const Entry& entry) {
  const DataSet& set = entry.set;
  std::string text = fmt::format("{}: {}\n", set.name, set.what);
  text += line("holds", fmt::format("{} {}{}", grouped(set.count), set.unit,
                                    set.has_classes ? ", with classes" : ""));
  text += line("here", entry.here ? entry.path.string()
                                  : fmt::format("no; run 'ordo data get {}'", set.name));
  text += line("carried by", carrier_of(set));
  text += line("licence", set.licence);
  text += line("source", set.source);
  std::size_t width = 4;
  for (const DataFile& file : set.files) width = std::max(width, file.name.size());
  if (!set.files.empty()) {
    text += fmt::format("\n  {:<{}}  {:>12}  SHA-256\n", "file", width, "bytes");
  }
  for (const DataFile& file : set.files) {
    text +=
        fmt::format("  {:<{}}  {:>12}  {}\n", file.name, width, grouped(file.size), file.sha256);
  }
  if (set.tree) {
    text += line("files", fmt::format("{} of {} bytes together", grouped(set.tree->files),
                                      grouped(set.tree->size)));
    text += line("SHA-256", set.tree->sha256 + " (LC_ALL=C sha256sum * | sha256sum)");
  }
  return text;
}

Listing list_data_sets(const Folders& folders) {
  Listing listing;
  for (const DataSet& set : catalogue()) listing.entries.push_back(entry_of(set, folders));
  return listing;
}

Json to_json(const Listing& listing) {
  Json::Array sets;
  for (const Entry& entry : listing.entries) sets.push_back(to_json(entry));
  return Json::object({{"sets", std::move(sets)}});
}

std::string to_text(const Listing& listing) {
  std::string text;
  for (const Entry& entry : listing.entries) {
    text +=
        fmt::format("{:<18} {:>11} {:<10}  {:<6}  {}\n", entry.set.name, grouped(entry.set.count),
                    entry.set.unit, entry.here ? "here" : "to get", entry.set.what);
  }
  return text;
}

Summary summarize(const Labelled& data) {
  Summary summary{.source = data.source,
                  .examples = data.size(),
                  .own_training = data.own_training,
                  .example_shape = data.example_shape(),
                  .type = std::string(name_of(data.examples.dtype())),
                  .features = data.features,
                  .classes = data.classes,
                  .sha256 = hash_of(data)};
  Indices all(data.labels.size());
  std::iota(all.begin(), all.end(), std::int64_t{0});
  summary.counts = class_counts(data.labels, all, data.classes.size());
  if (!all.empty() && data.example_count() > 0) {
    const auto whole =
        group_statistics(data.examples, all, {.groups = 1, .size = data.example_count()});
    summary.low = whole[0].low;
    summary.high = whole[0].high;
  }
  return summary;
}

Json to_json(const Summary& summary) {
  return Json::object({{"source", summary.source},
                       {"examples", summary.examples},
                       {"own_training", summary.own_training},
                       {"example_shape", Json::array_of(summary.example_shape)},
                       {"type", summary.type},
                       {"low", summary.low},
                       {"high", summary.high},
                       {"features", Json::array_of(summary.features)},
                       {"classes", Json::array_of(summary.classes)},
                       {"counts", Json::array_of(summary.counts)},
                       {"sha256", summary.sha256}});
}

std::string to_text(const Summary& summary) {
  std::string text = fmt::format("{}\n", summary.source);
  text += line("examples", grouped(summary.examples));
  if (summary.own_training > 0) {
    text += line("", fmt::format("the source's own training set: {}, test set: {}",
                                 grouped(summary.own_training),
                                 grouped(summary.examples - summary.own_training)));
  }
  text +=
      line("shape", fmt::format("{} of {}, from {:.6g} to {:.6g}", to_string(summary.example_shape),
                                summary.type, summary.low, summary.high));
  if (!summary.features.empty()) {
    text += line("columns", fmt::format("{}", fmt::join(summary.features, ", ")));
  }
  text += line("SHA-256", summary.sha256);
  std::size_t width = 5;
  for (const std::string& name : summary.classes) width = std::max(width, name.size());
  text += fmt::format("\n  {:<{}}  {:>10}\n", "class", width, "examples");
  for (std::size_t place = 0; place < summary.classes.size(); ++place) {
    text += fmt::format("  {:<{}}  {:>10}\n", summary.classes[place], width,
                        grouped(summary.counts[place]));
  }
  return text;
}

}  // namespace ordo::data
