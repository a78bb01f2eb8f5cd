// IDX, the format of MNIST: arrays of bytes, integers and floats, big-endian.
#pragma once

#include <filesystem>
#include <string>

#include "ordo/base/array.h"

namespace ordo::data {

/// Parses the bytes of an IDX file and takes them over; gzip is unpacked. Throws InputError,
/// LimitError.
Array parse_idx(std::string bytes, const std::string& source = "<idx>");
/// Of a file. Throws IoError too.
Array read_idx(const std::filesystem::path& path);

}  // namespace ordo::data
