#include "ordo/train/model_state.h"

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"

namespace ordo::train {
namespace {

namespace fs = std::filesystem;

void write_json(const fs::path& path, const Json& json) {
  write_file_atomic(path, json.dump(2) + "\n");
}

}  // namespace

void save_state(const fs::path& folder, const nets::Model& model, const ModelState& state) {
  write_folder_atomic(folder, [&](const fs::path& fresh) {
    nets::save_model(fresh, model);
    tensor::write_tensors(fresh / "optimizer.safetensors", state.optimizer);
    if (!state.split.is_null()) write_json(fresh / "split.json", state.split);
    if (!state.results.empty()) write_file_atomic(fresh / "results.csv", state.results);
    if (state.origin.defined()) {
      tensor::write_tensors(fresh / "origin.safetensors", {{"origin", state.origin}});
    }
    write_json(fresh / "state.json", Json::object({{"version", kStateVersion},
                                                   {"finished", state.finished},
                                                   {"recipe", state.recipe},
                                                   {"fit", state.fit},
                                                   {"distance", state.distance}}));
  });
}

ModelState load_state(const fs::path& folder) {
  const std::string file = (folder / "state.json").string();
  const Json json = read_json(file);
  const std::int64_t version = json.at("version", file).as_int(file + ": /version");
  if (version > kStateVersion) {
    throw InputError({.source = file, .field = "/version"},
                     fmt::format("written by a newer Ordo (format {}, known up to {}); update Ordo",
                                 version, kStateVersion));
  }
  ModelState state;
  state.finished = json.at("finished", file).as_bool(file + ": /finished");
  state.recipe = json.at("recipe", file);
  state.fit = json.at("fit", file);
  state.optimizer = tensor::read_tensors(folder / "optimizer.safetensors");
  if (const Json* const distance = json.find("distance")) state.distance = *distance;
  if (fs::exists(folder / "origin.safetensors")) {
    state.origin = tensor::read_tensors(folder / "origin.safetensors").front().second;
  }
  if (fs::exists(folder / "results.csv")) state.results = read_file(folder / "results.csv");
  if (fs::exists(folder / "split.json")) state.split = read_json((folder / "split.json").string());
  return state;
}

}  // namespace ordo::train
