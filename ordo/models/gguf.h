// GGUF, the file of llama.cpp: metadata, a table of tensors, and their data in blocks of few bits.
//
//   "GGUF", u32 version, u64 tensors, u64 entries
//   entries: string key, u32 type, value        string: u64 length, bytes
//   tensors: string name, u32 n, n times u64 extent (innermost first), u32 type, u64 offset
//   padding to the alignment, then the data, to which the offsets are relative
//
// Versions 2 and 3, little-endian. (Version 1 counted with 32 bits and has died out.)
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ordo/base/array.h"
#include "ordo/base/json.h"
#include "ordo/models/gguf_blocks.h"

namespace ordo::models {

struct GgufTensor {
  std::string name;
  Shape shape;  ///< outermost first, as everywhere here
  GgufType type = GgufType::f32;
  std::span<const std::byte> bytes;  ///< inside the file
};

struct Gguf {
  std::uint32_t version = 3;
  JsonObject metadata;                ///< in the file's order
  std::vector<GgufTensor> tensors;    ///< in the file's order
  std::shared_ptr<const void> owner;  ///< what keeps the bytes alive
  std::string source;                 ///< the file's name, for messages

  const GgufTensor* find(std::string_view name) const;
};

/// Reads a file, mapped. Everything is validated: counts and lengths against the file's size,
/// types, shapes against blocks, places of data. Throws IoError, InputError.
Gguf read_gguf(const std::filesystem::path& path);
/// Of bytes that `owner` keeps alive (or the caller).
Gguf parse_gguf(std::string_view bytes, const std::string& source = "<gguf>",
                std::shared_ptr<const void> owner = nullptr);

/// The tensor's numbers in float32.
std::vector<float> to_floats(const GgufTensor& tensor);

}  // namespace ordo::models
