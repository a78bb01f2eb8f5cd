// NumPy's files: NPY (one array, versions 1 to 3) and NPZ (a zip of them).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ordo/base/array.h"

namespace ordo {

/// Parses the bytes of an NPY file. The array copies them. Big-endian elements are swapped and
/// Fortran order is transposed, so that every array is row-major in this machine's order. Throws
/// InputError for malformed headers, sizes that disagree, and types other than bool, numbers and
/// complex numbers (objects, strings, dates, records).
Array parse_npy(std::string_view bytes, const std::string& source = "<npy>");
/// Of a file, mapped: the array shares the mapping if it needs no conversion.
Array read_npy(const std::filesystem::path& path);
/// The bytes of an NPY file, version 1, or 2 for a long header. Throws UsageError for bfloat16,
/// which NumPy lacks.
std::string to_npy(const Array& array);
/// Replaces the file atomically.
void write_npy(const std::filesystem::path& path, const Array& array);

using NamedArrays = std::vector<std::pair<std::string, Array>>;

/// The arrays of an NPZ file in its order, names without ".npy". Throws InputError.
NamedArrays parse_npz(std::string_view bytes, const std::string& source = "<npz>");
NamedArrays read_npz(const std::filesystem::path& path);

enum class NpzCompression { none, deflate };

/// The bytes of an NPZ file.
std::string to_npz(const NamedArrays& arrays, NpzCompression compression = NpzCompression::none);
void write_npz(const std::filesystem::path& path, const NamedArrays& arrays,
               NpzCompression compression = NpzCompression::none);

}  // namespace ordo
