#include "ordo/lm/text_model.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/lm/default_model.h"
#include "ordo/tensor/device.h"

namespace ordo::lm {
namespace {

TextModel open_gguf(models::Gguf file, const LoadOptions& options) {
  text::Tokenizer tokenizer = text::Tokenizer::from_gguf(file.metadata, file.source);
  return {load_model(std::move(file), options), std::move(tokenizer)};
}

TextModel open(const std::filesystem::path& path, const LoadOptions& options) {
  if (path.empty()) return open_gguf(default_model(), options);
  if (path.extension() == ".gguf") return open_gguf(models::read_gguf(path), options);
  text::Tokenizer tokenizer = text::Tokenizer::load(path);
  return {load_model(path, options), std::move(tokenizer)};
}

}  // namespace

void ModelChoice::describe(OptionSet& set) {
  set.add("model", path,
          "Folder of a model (Hugging Face's format), or a .gguf file; without it, tiny-english, "
          "which is built in.")
      .short_name('m')
      .placeholder("PATH");
  describe_details(set);
}

void ModelChoice::describe_details(OptionSet& set) {
  set.add("dtype", dtype, "Type of the model's numbers; auto: as they are stored.")
      .choices({"auto", "float32", "float64", "bfloat16", "float16"});
  set.add("adapter", adapter, "Folder of LoRA adapters for the model, of 'ordo lm train' or peft.")
      .placeholder("DIR");
}

std::vector<std::int64_t> TextModel::prompt(std::string_view text) const {
  std::vector<std::int64_t> tokens = tokenizer.encode(text);
  const auto bos = tokenizer.roles().bos;
  const bool adds_bos = tokenizer.roles().add_bos.value_or(false);
  const bool needs_one = tokens.empty() || adds_bos;
  if (bos && needs_one && (tokens.empty() || tokens.front() != *bos)) {
    tokens.insert(tokens.begin(), *bos);
  }
  return tokens;
}

std::vector<std::int64_t> TextModel::end_tokens() const {
  std::vector<std::int64_t> ends = model->config().eos;
  const auto eos = tokenizer.roles().eos;
  if (eos && std::ranges::find(ends, *eos) == ends.end()) ends.push_back(*eos);
  return ends;
}

TextModel open_text_model(const ModelChoice& choice, const Context& context) {
  LoadOptions options{.device = tensor::parse_device(context.device)};
  if (choice.dtype != "auto") options.dtype = tensor::parse_dtype(choice.dtype);
  tensor::set_threads(context.threads);
  TextModel opened = open(choice.path, options);
  const std::int64_t vocabulary = opened.model->config().vocabulary;
  if (std::cmp_greater(opened.tokenizer.vocab_size(), vocabulary)) {
    throw InputError({.source = choice.path.string()},
                     fmt::format("the tokenizer knows {} tokens, the model {}: they do not belong "
                                 "together",
                                 opened.tokenizer.vocab_size(), vocabulary));
  }
  opened.model->eval();
  if (!choice.adapter.empty()) {
    opened.adapter = std::make_shared<Lora>(*opened.model, choice.adapter);
  }
  return opened;
}

}  // namespace ordo::lm
