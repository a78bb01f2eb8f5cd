// Reading the files that data come in.
#pragma once

#include <filesystem>

#include "ordo/base/array.h"
#include "ordo/base/csv.h"

namespace ordo::data {

/// An array in IDX, the format of MNIST (bytes, integers and floats, big-endian); gzip is unpacked.
/// Throws InputError, IoError.
Array read_idx(const std::filesystem::path& path);

/// A user's table: CSV with a header (also gzipped; tabs for *.tsv), or an NPY array [rows] or
/// [rows, columns], whose columns are called c0, c1, ... Throws InputError, IoError.
CsvTable read_table(const std::filesystem::path& path);

}  // namespace ordo::data
