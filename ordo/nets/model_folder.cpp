// The folder's two files are written each as a whole; `model.json` carries the SHA-256 of the
// weights it goes with, so that an interrupted replacement or a damaged file is found on loading.
// A folder that does not exist yet appears with both files at once.
#include "ordo/nets/model_folder.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/hash.h"
#include "ordo/base/options.h"
#include "ordo/nets/kind.h"
#include "ordo/nets/layers.h"
#include "ordo/tensor/arrays.h"

namespace ordo::nets {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDescription = "model.json";
constexpr const char* kWeights = "model.safetensors";

Location place(const fs::path& file, std::string field = {}) {
  return {.source = file.string(), .field = std::move(field)};
}

// Parameters and buffers by name, sharing memory with the network's.
tensor::NamedTensors state_of(const Net& net) {
  tensor::NamedTensors state;
  for (const auto& item : net.named_parameters()) {
    state.emplace_back(item.key(), item.value().detach());
  }
  for (const auto& item : net.named_buffers()) state.emplace_back(item.key(), item.value());
  return state;
}

void write_files(const fs::path& folder, const Model& model) {
  tensor::write_tensors(folder / kWeights, state_of(*model.net));
  const Json description = Json::object({{"version", kModelVersion},
                                         {"net", to_json(model.spec)},
                                         {"classes", Json::array_of(model.classes)},
                                         {"scaling", model.scaling},
                                         {"provenance", model.provenance},
                                         {"weights_sha256", sha256_file(folder / kWeights)}});
  write_file_atomic(folder / kDescription, description.dump(2) + "\n");
}

const Json& member(const Json& json, const fs::path& file, const std::string& key) {
  if (!json.is_object()) {
    throw InputError(place(file), fmt::format("expected an object, found {}", json.type_name()));
  }
  if (const Json* const found = json.find(key)) return *found;
  throw InputError(place(file, "/" + key), "is missing; this is no model that was saved whole");
}

Json member_or_null(const Json& json, const std::string& key) {
  const Json* const found = json.find(key);
  return found == nullptr ? Json() : *found;
}

void require_version(const Json& version, const fs::path& file) {
  if (!version.is_int() || version.as_int() < 1) {
    throw InputError(place(file, "/version"),
                     fmt::format("expected a version from 1 on, found {}", version.dump()));
  }
  if (version.as_int() > kModelVersion) {
    throw InputError(place(file, "/version"),
                     fmt::format("the model's format is version {}, the newest known here is {}; "
                                 "load it with a newer ordo",
                                 version.as_int(), kModelVersion));
  }
}

void require_digest(const Json& digest, const fs::path& folder) {
  if (digest.is_null()) return;
  const fs::path file = folder / kWeights;
  if (!digest.is_string() || digest.as_string() != sha256_file(file)) {
    throw InputError(place(file),
                     fmt::format("is not the file that {} was saved with: damaged, edited, or a "
                                 "save was interrupted; to load it all the same, remove "
                                 "'weights_sha256' from {}",
                                 kDescription, (folder / kDescription).string()));
  }
}

std::vector<std::string> class_names(const Json& classes, std::int64_t outputs,
                                     const fs::path& file) {
  std::vector<std::string> names;
  if (classes.is_null()) return names;
  const Location where = place(file, "/classes");
  if (!classes.is_array() || !std::ranges::all_of(classes.as_array(), &Json::is_string)) {
    throw InputError(where, "expected an array of names");
  }
  for (const Json& name : classes.as_array()) names.push_back(name.as_string());
  if (!names.empty() && std::cmp_not_equal(names.size(), outputs)) {
    throw InputError(where, fmt::format("{} names for {} outputs", names.size(), outputs));
  }
  return names;
}

const torch::Tensor* find(const tensor::NamedTensors& tensors, const std::string& name) {
  const auto found = std::ranges::find(tensors, name, [](const auto& one) { return one.first; });
  return found == tensors.end() ? nullptr : &found->second;
}

std::vector<std::string> names_of(const tensor::NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& one : tensors) names.push_back(one.first);
  return names;
}

// A name of the other side that was perhaps meant.
std::string hint(const std::string& name, const tensor::NamedTensors& others,
                 const std::string& who) {
  const auto near = nearest(name, names_of(others));
  return near ? fmt::format("; {} has '{}'", who, *near) : "";
}

void require_fit(const torch::Tensor& wanted, const torch::Tensor& found, const Location& where) {
  if (wanted.sizes() != found.sizes()) {
    throw InputError(where, fmt::format("has shape {} in the file, but {} in the network",
                                        c10::str(found.sizes()), c10::str(wanted.sizes())));
  }
  // LibTorch's Module::to(device, type) turns counts into floats, which are saved as such.
  const bool is_count = !wanted.is_floating_point() && torch::equal(found, torch::round(found));
  if (wanted.is_floating_point() != found.is_floating_point() && !is_count) {
    throw InputError(where, fmt::format("holds {}, but the network's holds {}",
                                        c10::toString(found.scalar_type()),
                                        c10::toString(wanted.scalar_type())));
  }
}

}  // namespace

void save_model(const fs::path& folder, const Model& model) {
  std::error_code error;
  if (fs::exists(folder, error)) {
    if (!fs::is_directory(folder, error)) {
      throw IoError(fmt::format("cannot save a model as '{}': that is no folder", folder.string()));
    }
    write_files(folder, model);
    return;
  }
  write_folder_atomic(folder, [&](const fs::path& fresh) { write_files(fresh, model); });
}

Model load_model(const fs::path& folder) {
  const fs::path file = folder / kDescription;
  const Json json = read_json(file.string());
  require_version(member(json, file, "version"), file);
  Model model;
  model.spec = spec_from_json(member(json, file, "net"), place(file, "/net"));
  model.classes = class_names(member_or_null(json, "classes"), model.spec.outputs, file);
  model.scaling = member_or_null(json, "scaling");
  model.provenance = member_or_null(json, "provenance");
  require_digest(member_or_null(json, "weights_sha256"), folder);
  try {
    model.net = build_net(model.spec);
  } catch (const UsageError& error) {
    throw InputError(place(file, "/net"), error.what());
  }
  set_dropout_streams(*model.net, Random(0));
  load_weights(*model.net, folder / kWeights);
  return model;
}

void load_weights(Net& net, const fs::path& file) {
  const tensor::NamedTensors found = tensor::read_tensors(file);
  tensor::NamedTensors state = state_of(net);
  for (const auto& [name, wanted] : state) {
    const torch::Tensor* const tensor = find(found, name);
    if (tensor == nullptr) {
      throw InputError(place(file, name),
                       fmt::format("this tensor of the network, of shape {}, is missing{}",
                                   c10::str(wanted.sizes()), hint(name, found, "the file")));
    }
    require_fit(wanted, *tensor, place(file, name));
  }
  for (const auto& [name, tensor] : found) {
    if (find(state, name) == nullptr) {
      throw InputError(place(file, name),
                       fmt::format("the network has no such tensor{}", hint(name, state, "it")));
    }
  }
  const torch::NoGradGuard no_grad;
  for (auto& [name, wanted] : state) wanted.copy_(*find(found, name));
}

}  // namespace ordo::nets
