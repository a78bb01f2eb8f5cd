// The data sets that Ordo knows by name: what they are, whose they are, and how to get them. Small
// ones come with Ordo; others are carried by packages of Debian and npm, fetched by those programs
// and checked file by file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/json.h"

namespace ordo::data {

/// Who carries a data set.
enum class Carrier { bundled, debian, npm };

struct DataFile {
  std::string name;         ///< within the data set's folder
  std::int64_t size = 0;    ///< bytes
  std::string sha256 = {};  ///< 64 hexadecimal digits
};

struct DataSet {
  std::string name;
  std::string what;  ///< one sentence
  std::int64_t rows = 0;
  std::string licence;
  std::string source;                  ///< whose data, and where they are described
  Carrier carrier = Carrier::bundled;  ///< who carries it
  std::string package = {};            ///< name (Debian) or name@version (npm)
  std::string inside = {};             ///< the files' folder inside the unpacked package
  std::vector<DataFile> files;
};

/// All known data sets, by name.
const std::vector<DataSet>& catalogue();
/// Throws UsageError naming the nearest if there is none of that name.
const DataSet& find_data_set(const std::string& name);

/// Where data sets lie on this machine.
struct Folders {
  std::filesystem::path bundled;  ///< what comes with Ordo
  std::filesystem::path cache;    ///< what was fetched, a folder a data set
};

/// The data set's file if it has one, else its folder; whether or not it is there.
std::filesystem::path path_of(const DataSet& set, const Folders& folders);
/// Whether all its files are there with their sizes.
bool is_here(const DataSet& set, const Folders& folders);
/// Throws InputError naming the first file whose bytes are not those of the catalogue.
void verify(const DataSet& set, const std::filesystem::path& folder);

/// Fetches a data set into the cache unless it is there: its package is downloaded by the package
/// program (apt-get, npm) into a temporary folder beside the cache, unpacked, verified and renamed
/// into place. Throws IoError with the program's last words and the command to run by hand.
std::filesystem::path get(const DataSet& set, const Folders& folders, Context& context);

Json to_json(const DataSet& set);

}  // namespace ordo::data
