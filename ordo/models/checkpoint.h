// The weights in a Hugging Face folder: `model.safetensors`, or several files that
// `model.safetensors.index.json` lists. Files are mapped; a tensor is read when somebody looks at
// it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ordo/base/array.h"

namespace ordo::models {

/// {"metadata": {"total_size": n}, "weight_map": {tensor: file}}.
struct ShardIndex {
  std::vector<std::pair<std::string, std::string>> weights;  ///< tensor and file, in its order
  std::vector<std::string> files() const;                    ///< each once
};
/// Throws InputError; a file's name must be one in the same folder.
ShardIndex parse_shard_index(std::string_view text, const std::string& source = "<index>");

class Checkpoint {
 public:
  Checkpoint() = default;
  /// Throws IoError, InputError: a file that is missing, not what its header says, without a tensor
  /// that the index promises.
  explicit Checkpoint(const std::filesystem::path& folder);

  /// In the order of the files.
  const std::vector<std::string>& names() const { return names_; }
  /// nullptr if there is none.
  const Array* find(const std::string& name) const;
  /// The file that a tensor is in, for messages.
  const std::string& file_of(const std::string& name) const;
  /// What the weights are in: "model.safetensors" or the index, with its folder.
  const std::string& source() const { return source_; }

 private:
  void add_file(const std::filesystem::path& file);

  struct Entry {
    Array array;
    std::size_t file;
  };
  std::string source_;
  std::vector<std::string> files_, names_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace ordo::models
