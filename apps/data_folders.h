// Where this program finds data sets.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "ordo/data/catalogue.h"

namespace ordo::apps {

inline data::Folders data_folders() {
  std::error_code unknown;
  return data::standard_folders(std::filesystem::read_symlink("/proc/self/exe", unknown),
                                std::getenv("XDG_CACHE_HOME"), std::getenv("HOME"));
}

}  // namespace ordo::apps
