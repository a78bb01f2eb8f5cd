// GGUF files, written: metadata, then tensors packed one by one, so that a model of gigabytes needs
// no second copy in memory.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ordo/base/array.h"
#include "ordo/base/json.h"
#include "ordo/models/gguf_blocks.h"

namespace ordo::models {

/// A tensor that is asked for its numbers when its turn has come.
struct GgufOutput {
  std::string name;
  Shape shape;  ///< outermost first
  GgufType type = GgufType::f32;
  std::function<std::vector<float>()> numbers;
};

/// What a file is made of. Metadata take the types in which llama.cpp looks for them: whole numbers
/// are u32 (i64 where they do not fit), other numbers float32, arrays of whole numbers i32; arrays
/// hold strings, numbers or booleans, all of a kind. The same contents give the same bytes.
struct GgufContents {
  JsonObject metadata;
  std::vector<GgufOutput> tensors;
};

/// Replaces `path` as a whole: on failure, a full disk for one, the old file stays. Throws IoError,
/// UsageError naming the entry or tensor that cannot be written, NumericError naming the tensor and
/// what pack() says.
void write_gguf(const std::filesystem::path& path, const GgufContents& contents);
/// The bytes of the file.
std::string to_gguf(const GgufContents& contents);

}  // namespace ordo::models
