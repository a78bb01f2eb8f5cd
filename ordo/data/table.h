// A user's table from the files that tables come in.
#pragma once

#include <filesystem>

#include "ordo/base/csv.h"

namespace ordo::data {

/// A user's table: CSV with a header (also gzipped; tabs for *.tsv), or an NPY array [rows] or
/// [rows, columns], whose columns are called c0, c1, ... Throws InputError, IoError.
CsvTable read_table(const std::filesystem::path& path);

}  // namespace ordo::data
