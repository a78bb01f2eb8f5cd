// safetensors: named tensors and text metadata in one file that can be mapped.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ordo/base/array.h"

namespace ordo {

/// The contents of a safetensors file.
struct Safetensors {
  std::vector<std::pair<std::string, Array>> tensors;              ///< in the order of their data
  std::vector<std::pair<std::string, std::string>> metadata = {};  ///< "__metadata__"

  const Array* find(std::string_view name) const;
  /// Throws InputError naming the tensor if it is missing.
  const Array& at(std::string_view name) const;
};

/// Reads a file, mapped: tensors share the mapping, except those whose data are not aligned for
/// their type, which are copied. Everything is validated: the header's size (at most 100 MB), names
/// once each, known types, shape times type against offsets, data without gaps or overlaps that
/// fill the file. Throws IoError, InputError.
Safetensors read_safetensors(const std::filesystem::path& path);
/// Of bytes that `owner` keeps alive; null: they are copied.
Safetensors parse_safetensors(std::string_view bytes, const std::string& source = "<safetensors>",
                              std::shared_ptr<const void> owner = nullptr);
/// The bytes of a file: header padded so that data begin at a multiple of 8, tensors sorted by
/// element size (largest first, then by name) so that each is aligned. Throws UsageError for
/// repeated names and complex128, which the format lacks.
std::string to_safetensors(const Safetensors& contents);
/// Replaces the file atomically.
void write_safetensors(const std::filesystem::path& path, const Safetensors& contents);

}  // namespace ordo
