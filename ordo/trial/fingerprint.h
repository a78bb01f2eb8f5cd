// What a cell's result depends on besides its parameters, as far as it can be seen: the command as
// it is written, the program file and the scripts that the command names. Data files, modules and
// libraries that a program loads by itself are not seen.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ordo/trial/spec.h"

namespace ordo::trial {

/// Fingerprints commands; each file is read once. Files above 64 MiB count by size and time of
/// change.
class Fingerprinter {
 public:
  /// `search_path`: folders in which a program without '/' is looked up.
  explicit Fingerprinter(std::vector<std::filesystem::path> search_path);

  /// Hex SHA-256 over the command's text, the file of `program` (its first word, filled in) and the
  /// scripts among its constant words. `folder` is its working folder. A program that is not there
  /// counts as its name.
  std::string of(const CommandText& command, const std::string& program,
                 const std::filesystem::path& folder);

  /// The file that `program` stands for; empty if there is none.
  std::filesystem::path resolve(const std::string& program,
                                const std::filesystem::path& folder) const;

 private:
  const std::string& file_hash(const std::filesystem::path& file);

  std::vector<std::filesystem::path> search_path_;
  std::map<std::filesystem::path, std::string> hashes_;
};

}  // namespace ordo::trial
