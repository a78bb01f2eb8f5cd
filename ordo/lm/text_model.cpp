#include "ordo/lm/text_model.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/models/gguf.h"
#include "ordo/tensor/device.h"

namespace ordo::lm {
namespace {

text::Tokenizer load_tokenizer(const std::filesystem::path& path) {
  if (path.extension() != ".gguf") return text::Tokenizer::load(path);
  const models::Gguf file = models::read_gguf(path);
  return text::Tokenizer::from_gguf(file.metadata, file.source);
}

}  // namespace

void ModelChoice::describe(OptionSet& set) {
  set.add("model", path, "Folder of a model (Hugging Face's format), or a .gguf file.")
      .required()
      .short_name('m')
      .placeholder("PATH");
  describe_dtype(set);
}

void ModelChoice::describe_dtype(OptionSet& set) {
  set.add("dtype", dtype, "Type of the model's numbers; auto: as they are stored.")
      .choices({"auto", "float32", "float64", "bfloat16", "float16"});
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
  text::Tokenizer tokenizer = load_tokenizer(choice.path);
  std::shared_ptr<Model> model = load_model(choice.path, options);
  if (std::cmp_greater(tokenizer.vocab_size(), model->config().vocabulary)) {
    throw InputError({.source = choice.path.string()},
                     fmt::format("the tokenizer knows {} tokens, the model {}: they do not belong "
                                 "together",
                                 tokenizer.vocab_size(), model->config().vocabulary));
  }
  model->eval();
  return {std::move(model), std::move(tokenizer)};
}

}  // namespace ordo::lm
