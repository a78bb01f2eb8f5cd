#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/text/tokenizer_spec.h"
#include "ordo/text/vocabulary.h"

namespace ordo::text {

struct MergeResolver::State {
  State(ModelSpec& of, std::string from) : model(of), source(std::move(from)), index(of.tokens) {}

  std::uint32_t find(std::string_view token, std::size_t number) const {
    const std::uint32_t id = index.find(token);
    if (id == TokenIndex::kNone) {
      throw InputError(
          {.source = source},
          fmt::format("merge {} needs the token '{}', which the vocabulary lacks", number, token));
    }
    return id;
  }

  ModelSpec& model;
  std::string source;
  TokenIndex index;
};

MergeResolver::MergeResolver(ModelSpec& model, std::string source)
    : state_(std::make_unique<State>(model, std::move(source))) {}
MergeResolver::~MergeResolver() = default;

void MergeResolver::add(std::string_view left, std::string_view right, std::size_t number) {
  ModelSpec& model = state_->model;
  const std::string_view prefix = model.continuing_prefix;
  std::string merged(left);
  merged += right.starts_with(prefix) ? right.substr(prefix.size()) : right;
  model.merges.push_back(
      {state_->find(left, number), state_->find(right, number), state_->find(merged, number)});
}

}  // namespace ordo::text
