// A trained model is a folder: model.json (format version, registry name, options, input shape and
// scaling, provenance) and model.safetensors (parameters and buffers by name).
#pragma once

#include <filesystem>
#include <memory>

#include "ordo/nets/net.h"

namespace ordo::nets {

inline constexpr int kModelVersion = 1;

struct Model {
  Spec spec;
  std::shared_ptr<Net> net;
  std::vector<std::string> classes = {};  ///< names of the outputs; may be empty
  Json scaling = {};                      ///< the input scaling it was trained with; null if none
  Json provenance = {};  ///< where it comes from: rounds, data, operations; may be null
};

/// Writes the folder: files beside and renamed. Throws IoError.
void save_model(const std::filesystem::path& folder, const Model& model);
/// Throws InputError naming file and field, versions newer than known, tensors missing or of
/// another shape than the architecture's (with both shapes). Dropout begins with Random(0); see
/// set_dropout_streams.
Model load_model(const std::filesystem::path& folder);
/// Copies weights and buffers from a file of tensors into the network. Throws InputError as above.
void load_weights(Net& net, const std::filesystem::path& file);

}  // namespace ordo::nets
