#include "ordo/lm/checkpoint.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/safetensors.h"
#include "ordo/lm/default_model.h"
#include "ordo/lm/families.h"
#include "ordo/lm/weight_source.h"
#include "ordo/models/gguf_config.h"
#include "ordo/tensor/arrays.h"
#include "ordo/tensor/device.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;
using models::Config;
using torch::Tensor;

constexpr const char* kWhole = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

bool is_gguf(const fs::path& path) {
  return path.extension() == ".gguf" && !fs::is_directory(path);
}

struct Opened {
  Config config;
  std::string config_place;
  std::unique_ptr<WeightSource> weights;
};

Opened open(models::Gguf file) {
  Opened opened{.config = models::config_of(file), .config_place = file.source, .weights = {}};
  opened.weights = gguf_source(std::move(file), opened.config);
  return opened;
}

Opened open(const fs::path& path) {
  if (is_gguf(path)) return open(models::read_gguf(path));
  if (!fs::is_directory(path)) {
    throw IoError(fmt::format(
        "'{}' is no model: expected a folder with config.json and safetensors, or a .gguf file",
        path.string()));
  }
  Opened opened;
  opened.config = models::read_config(path);
  opened.config_place = (path / "config.json").string();
  opened.weights = folder_source(path, opened.config);
  return opened;
}

// "intermediate_size = 96": the fields of a configuration that are this extent.
std::string fields_of(const Config& config, std::int64_t extent) {
  std::vector<std::string> fields;
  for (const JsonMember& member : config.source) {
    if (member.value.is_int() && member.value.as_int() == extent) {
      fields.push_back(fmt::format("{} = {}", member.key, extent));
    }
  }
  return fmt::format("{}", fmt::join(fields, ", "));
}

void require_shape(const Opened& opened, const std::string& name, const Tensor& wanted,
                   const Tensor& found) {
  if (found.sizes() == wanted.sizes()) return;
  std::string fields;
  for (std::int64_t axis = 0; axis < wanted.dim(); ++axis) {
    if (axis < found.dim() && found.size(axis) == wanted.size(axis)) continue;
    const std::string one = fields_of(opened.config, wanted.size(axis));
    if (!one.empty() && fields.find(one) == fields.npos) fields += " (" + one + ")";
  }
  throw InputError({.source = opened.weights->place(name)},
                   fmt::format("the tensor has the shape [{}], but {} makes it [{}]{}",
                               fmt::join(found.sizes(), ", "), opened.config_place,
                               fmt::join(wanted.sizes(), ", "), fields));
}

Tensor required(const Opened& opened, const std::string& name, const Tensor& wanted) {
  const Tensor found = opened.weights->find(name);
  if (!found.defined()) {
    throw InputError({.source = opened.weights->place(name)},
                     fmt::format("this tensor, of shape [{}] by {}, is missing",
                                 fmt::join(wanted.sizes(), ", "), opened.config_place));
  }
  require_shape(opened, name, wanted, found);
  if (!found.is_floating_point()) {
    throw InputError({.source = opened.weights->place(name)},
                     fmt::format("holds {}, expected floating-point numbers",
                                 c10::toString(found.scalar_type())));
  }
  return found;
}

void require_nothing_left(const Opened& opened) {
  const std::vector<std::string> left = opened.weights->left_over();
  if (left.empty()) return;
  throw InputError(
      {.source = opened.config_place},
      fmt::format("the {} that it describes (num_hidden_layers = {}) has no place for {} tensor{} "
                  "of the file, the first is '{}'",
                  models::name_of(opened.config.family), opened.config.layers, left.size(),
                  left.size() == 1 ? "" : "s", left.front()));
}

torch::Dtype dtype_of(const Opened& opened, const Tensor& table, const LoadOptions& options) {
  if (options.dtype) return *options.dtype;
  if (!opened.config.dtype.empty()) return tensor::parse_dtype(opened.config.dtype);
  return table.scalar_type();
}

void fill(Model& model, const Opened& opened, const LoadOptions& options) {
  const auto parameters = model.named_parameters();
  const std::string first = parameters.front().key();
  const torch::Dtype dtype =
      dtype_of(opened, required(opened, first, parameters.front().value()), options);
  for (const auto& parameter : parameters) {
    const Tensor found = required(opened, parameter.key(), parameter.value());
    Tensor ready = found.to(torch::TensorOptions(dtype).device(options.device));
    if (options.memory == LoadOptions::Memory::owned) {
      ready =
          ready.is_same(found) ? found.clone(torch::MemoryFormat::Contiguous) : ready.contiguous();
    }
    parameter.value().set_data(ready);
  }
  require_nothing_left(opened);
}

std::shared_ptr<Model> filled(const Opened& opened, const LoadOptions& options) {
  std::shared_ptr<Model> model = build_model(opened.config);
  if (model->config().is_encoder() && opened.weights->find(kPooler).defined()) add_pooler(*model);
  fill(*model, opened, options);
  return model;
}

// A file of a checkpoint: names and tensors as they are written.
using File = std::vector<std::pair<std::string, Tensor>>;

std::int64_t bytes_of(const Tensor& tensor) { return static_cast<std::int64_t>(tensor.nbytes()); }

std::vector<File> files_of(const Model& model, std::int64_t max_bytes) {
  std::vector<File> files(1);
  std::int64_t bytes = 0;
  for (const auto& parameter : model.named_parameters()) {
    const Tensor& value = parameter.value();
    if (!files.back().empty() && bytes + bytes_of(value) > max_bytes) {
      files.emplace_back();
      bytes = 0;
    }
    files.back().emplace_back(parameter.key(),
                              is_transposed(model.config(), parameter.key()) ? value.t() : value);
    bytes += bytes_of(value);
  }
  return files;
}

std::string shard_name(std::size_t shard, std::size_t count) {
  return count == 1 ? kWhole : fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, count);
}

Json index_of(const std::vector<File>& files) {
  JsonObject map;
  std::int64_t total = 0;
  for (std::size_t shard = 0; shard < files.size(); ++shard) {
    for (const auto& [name, value] : files[shard]) {
      map[name] = shard_name(shard, files.size());
      total += bytes_of(value);
    }
  }
  return Json::object(
      {{"metadata", Json::object({{"total_size", total}})}, {"weight_map", Json(std::move(map))}});
}

// Weights that a folder had before and that the new ones do not replace.
void remove_other_weights(const fs::path& folder, const std::vector<std::string>& written) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool is_weights = name == kIndex || name == kWhole ||
                            (name.starts_with("model-") && name.ends_with(".safetensors"));
    if (is_weights && std::ranges::find(written, name) == written.end()) fs::remove(entry.path());
  }
}

void write_files(const fs::path& folder, const Model& model, const SaveOptions& options) {
  const std::vector<File> files = files_of(model, options.max_file_bytes);
  std::vector<std::string> written;
  for (std::size_t shard = 0; shard < files.size(); ++shard) {
    // The package `transformers` insists on this entry.
    Safetensors contents{.tensors = {}, .metadata = {{"format", "pt"}}};
    for (const auto& [name, value] : files[shard]) {
      contents.tensors.emplace_back(name, tensor::to_array(value));
    }
    written.push_back(shard_name(shard, files.size()));
    write_safetensors(folder / written.back(), contents);
  }
  if (files.size() > 1) {
    written.push_back(kIndex);
    write_file_atomic(folder / kIndex, index_of(files).dump(2) + "\n");
  }
  Config config = model.config();
  config.dtype = tensor::name_of(model.dtype());
  write_file_atomic(folder / "config.json", models::to_json(config).dump(2) + "\n");
  remove_other_weights(folder, written);
}

}  // namespace

Config load_config(const fs::path& path) {
  return is_gguf(path) ? models::config_of(models::read_gguf(path)) : models::read_config(path);
}

std::shared_ptr<Model> load_model(const fs::path& path, const LoadOptions& options) {
  return filled(open(path), options);
}

std::shared_ptr<Model> load_model(models::Gguf file, const LoadOptions& options) {
  return filled(open(std::move(file)), options);
}

void save_model(const fs::path& folder, const Model& model, const SaveOptions& options) {
  if (fs::exists(folder)) {
    if (!fs::is_directory(folder)) {
      throw IoError(fmt::format("cannot save a model as '{}': that is no folder", folder.string()));
    }
    write_files(folder, model, options);
    return;
  }
  write_folder_atomic(folder, [&](const fs::path& fresh) { write_files(fresh, model, options); });
}

}  // namespace ordo::lm
