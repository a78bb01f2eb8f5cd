#include "ordo/lm/run_export.h"

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/lm/gguf_names.h"
#include "ordo/lm/layers.h"
#include "ordo/models/gguf_config.h"
#include "ordo/models/gguf_metadata.h"
#include "ordo/models/gguf_write.h"
#include "ordo/text/gguf_tokenizer.h"

namespace ordo::lm {
namespace {

using models::GgufType;
using torch::Tensor;

// "general.file_type": the number that llama.cpp gives to files mostly of this type.
struct FileType {
  const char* name;
  GgufType type;
  int number;
};
constexpr std::array kFileTypes = {
    FileType{"q8_0", GgufType::q8_0, 7}, FileType{"f32", GgufType::f32, 0},
    FileType{"f16", GgufType::f16, 1}, FileType{"bf16", GgufType::bf16, 32}};
constexpr const char* kQuantizationVersion = "general.quantization_version";

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const FileType& one : kFileTypes) names.emplace_back(one.name);
  return names;
}

const FileType& file_type_of(const std::string& name) {
  const auto found = std::ranges::find(kFileTypes, name, &FileType::name);
  if (found == kFileTypes.end()) {
    throw UsageError(fmt::format("the type '{}' is not one of q8_0, f32, f16, bf16", name));
  }
  return *found;
}

GgufType type_of(const Tensor& value, const std::string& name, GgufType wanted) {
  if (value.dim() < 2 || name == "position_embd.weight") return GgufType::f32;
  const bool fits = wanted != GgufType::q8_0 || value.size(-1) % 32 == 0;
  return fits ? wanted : GgufType::f16;
}

// Adapters that the model computes with, by the names of the weights beside which they are.
std::unordered_map<std::string, std::shared_ptr<AdapterImpl>> adapters_of(const Model& model) {
  std::unordered_map<std::string, std::shared_ptr<AdapterImpl>> adapters;
  for (const auto& module : model.named_modules()) {
    const auto linear = std::dynamic_pointer_cast<LinearImpl>(module.value());
    if (linear && linear->adapter) adapters[module.key() + ".weight"] = linear->adapter;
  }
  return adapters;
}

// The numbers of the tensor of this name, in the order of the file.
std::vector<float> floats_of(const Tensor& value, const std::shared_ptr<AdapterImpl>& adapter,
                             const std::string& name, const models::Config& config) {
  const torch::NoGradGuard no_grad;
  Tensor rows = value.detach().to(torch::kCPU, torch::kFloat32);
  if (adapter) rows = rows + adapter->product().to(torch::kCPU, torch::kFloat32);
  if (const auto heads = turned_heads(name, config)) rows = neighbours_of_halves(rows, heads);
  if (const auto heads = joined_heads(name, config)) rows = heads_of_parts(rows, heads);
  rows = rows.contiguous();
  const float* const begin = rows.data_ptr<float>();
  return {begin, begin + rows.numel()};
}

// Of the tokens that end a text the tokenizer's comes first: it is the one that the file calls eos.
std::vector<std::int64_t> ends_of(const TextModel& opened) {
  std::vector<std::int64_t> ends = opened.end_tokens();
  if (const auto eos = opened.tokenizer.roles().eos) {
    const auto place = std::ranges::find(ends, *eos);
    std::rotate(ends.begin(), place, place + 1);
  }
  return ends;
}

JsonObject metadata_of(const TextModel& opened, const FileType& type) {
  models::Config config = opened.model->config();
  config.eos = ends_of(opened);
  JsonObject metadata = models::gguf_metadata(config);
  metadata["general.file_type"] = type.number;
  if (type.type == GgufType::q8_0) metadata[kQuantizationVersion] = 2;
  const auto vocabulary = static_cast<std::size_t>(config.vocabulary);
  for (const JsonMember& entry : text::to_gguf(opened.tokenizer, vocabulary)) {
    metadata[entry.key] = entry.value;
  }
  return metadata;
}

}  // namespace

void ExportOptions::describe(OptionSet& set) {
  model.describe(set);
  set.add("out", out, "The GGUF file.").required().placeholder("FILE").short_name('o');
  set.add("type", type, "Type of the numbers in matrices; all others stay float32.")
      .choices(type_names());
}

ExportResult export_gguf(const TextModel& opened, const std::string& type,
                         const std::filesystem::path& out) {
  const FileType& file_type = file_type_of(type);
  const models::Config& config = opened.model->config();
  models::GgufContents contents{.metadata = metadata_of(opened, file_type), .tensors = {}};
  ExportResult result{.out = out, .type = type};
  if (auto factors = models::gguf_factors(config); !factors.empty()) {
    contents.tensors.push_back({.name = models::kGgufFactors,
                                .shape = {static_cast<std::int64_t>(factors.size())},
                                .numbers = [factors] { return factors; }});
  }
  auto adapters = adapters_of(*opened.model);
  for (const auto& parameter : opened.model->named_parameters()) {
    const Tensor value = parameter.value();
    const std::string name = gguf_name(parameter.key());
    const auto found = adapters.extract(parameter.key());
    const std::shared_ptr<AdapterImpl> adapter = found.empty() ? nullptr : found.mapped();
    contents.tensors.push_back(
        {.name = name,
         .shape = value.sizes().vec(),
         .type = type_of(value, name, file_type.type),
         .numbers = [=, &config] { return floats_of(value, adapter, name, config); }});
    result.parameters += value.numel();
  }
  if (!adapters.empty()) {
    throw UsageError(
        fmt::format("the adapter beside '{}' cannot be added to weights that the head "
                    "shares with the table of tokens",
                    adapters.begin()->first));
  }
  models::write_gguf(out, contents);
  result.tensors = static_cast<std::int64_t>(contents.tensors.size());
  result.bytes = static_cast<std::int64_t>(std::filesystem::file_size(out));
  return result;
}

ExportResult export_model(const ExportOptions& options, Context& context) {
  return export_gguf(open_text_model(options.model, context), options.type, options.out);
}

Json to_json(const ExportResult& result) {
  return Json::object({{"out", result.out.string()},
                       {"type", result.type},
                       {"parameters", result.parameters},
                       {"tensors", result.tensors},
                       {"bytes", result.bytes}});
}

std::string to_text(const ExportResult& result) {
  return fmt::format("{}: {} parameters in {} tensors, {}, {} bytes\n", result.out.string(),
                     result.parameters, result.tensors, result.type, result.bytes);
}

}  // namespace ordo::lm
