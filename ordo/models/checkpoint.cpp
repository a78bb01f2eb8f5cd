#include "ordo/models/checkpoint.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/json.h"
#include "ordo/base/safetensors.h"

namespace ordo::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhole = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

void require_plain_name(const std::string& name, const std::string& source,
                        const std::string& pointer) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos) {
    throw InputError(
        {.source = source, .field = pointer},
        fmt::format("expected the name of a file in the same folder, found '{}'", name));
  }
}

}  // namespace

std::vector<std::string> ShardIndex::files() const {
  std::vector<std::string> files;
  std::unordered_set<std::string> seen;
  for (const auto& [tensor, file] : weights) {
    if (seen.insert(file).second) files.push_back(file);
  }
  std::ranges::sort(files);
  return files;
}

ShardIndex parse_shard_index(std::string_view text, const std::string& source) {
  const Json json = parse_json(text, source);
  const Json* const map = json.find("weight_map");
  if (map == nullptr || !map->is_object()) {
    throw InputError({.source = source, .field = "/weight_map"},
                     "expected an object that names each tensor's file");
  }
  ShardIndex index;
  for (const JsonMember& member : map->as_object()) {
    const std::string pointer = "/weight_map/" + member.key;
    if (!member.value.is_string()) {
      throw InputError({.source = source, .field = pointer},
                       fmt::format("expected a file's name, found {}", member.value.type_name()));
    }
    require_plain_name(member.value.as_string(), source, pointer);
    index.weights.emplace_back(member.key, member.value.as_string());
  }
  return index;
}

Checkpoint::Checkpoint(const fs::path& folder) {
  const fs::path whole = folder / kWhole, index_file = folder / kIndex;
  if (fs::exists(whole)) {
    source_ = whole.string();
    add_file(whole);
    return;
  }
  if (!fs::exists(index_file)) {
    throw IoError(fmt::format("'{}' holds no weights: expected {} or {}{}", folder.string(), kWhole,
                              kIndex,
                              fs::exists(folder / "pytorch_model.bin")
                                  ? "; pytorch_model.bin cannot be read, convert it to safetensors"
                                  : ""));
  }
  source_ = index_file.string();
  const ShardIndex index = parse_shard_index(read_file(index_file), source_);
  for (const std::string& file : index.files()) {
    if (!fs::exists(folder / file)) {
      throw IoError(
          fmt::format("{}: lists the file '{}', which is not in the folder; fetch the "
                      "missing part",
                      source_, file));
    }
    add_file(folder / file);
  }
  for (const auto& [tensor, file] : index.weights) {
    const auto found = entries_.find(tensor);
    if (found != entries_.end() && fs::path(files_[found->second.file]).filename() == file)
      continue;
    throw InputError({.source = source_, .field = "/weight_map/" + tensor},
                     fmt::format("the tensor is not in '{}'", file));
  }
}

void Checkpoint::add_file(const fs::path& file) {
  files_.push_back(file.string());
  for (auto& [name, array] : read_safetensors(file).tensors) {
    const auto [entry, is_new] = entries_.emplace(name, Entry{std::move(array), files_.size() - 1});
    if (!is_new) {
      throw InputError({.source = file.string(), .field = name},
                       fmt::format("the tensor is also in '{}'", files_[entry->second.file]));
    }
    names_.push_back(name);
  }
}

const Array* Checkpoint::find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second.array;
}

const std::string& Checkpoint::file_of(const std::string& name) const {
  return files_[entries_.at(name).file];
}

}  // namespace ordo::models
