#include "ordo/lm/pass.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::lm {
namespace {

using models::Config;
using torch::Tensor;

std::string shape_of(const Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.sizes(), ", "));
}

// Each extent of `tensor` must be the one wanted, or 1 where `may_be_one`.
void require_shape(const char* name, const Tensor& tensor, std::vector<std::int64_t> wanted,
                   std::vector<bool> may_be_one) {
  bool fits = tensor.dim() == static_cast<std::int64_t>(wanted.size());
  for (std::size_t axis = 0; fits && axis < wanted.size(); ++axis) {
    const std::int64_t found = tensor.size(static_cast<std::int64_t>(axis));
    fits = found == wanted[axis] || (may_be_one[axis] && found == 1);
  }
  if (!fits) {
    throw UsageError(fmt::format("'{}' has the shape {}, expected [{}]", name, shape_of(tensor),
                                 fmt::join(wanted, ", ")));
  }
}

void require_type(const char* name, const Tensor& tensor, torch::Dtype wanted) {
  if (tensor.scalar_type() != wanted) {
    throw UsageError(fmt::format("'{}' holds {}, expected {}", name,
                                 c10::toString(tensor.scalar_type()), c10::toString(wanted)));
  }
}

// Every number in 0, ..., count - 1.
void require_below(const char* name, const Tensor& numbers, std::int64_t count, const char* of) {
  require_type(name, numbers, torch::kInt64);
  const auto [low, high] = torch::aminmax(numbers);
  const auto least = low.item<std::int64_t>(), most = high.item<std::int64_t>();
  if (least < 0 || most >= count) {
    throw UsageError(fmt::format("'{}' holds {}; {} has {}, from 0 to {}", name,
                                 least < 0 ? least : most, of, count, count - 1));
  }
}

void require_fit(const Config& config, const Input& input, const Pass& pass) {
  const std::int64_t rows = pass.rows, length = pass.length;
  if (rows == 0 || length == 0) throw UsageError("there is nothing to read: no tokens");
  if (input.embeddings.defined()) {
    if (input.tokens.defined()) {
      throw UsageError("expected either 'tokens' or 'embeddings', found both");
    }
    require_shape("embeddings", input.embeddings, {rows, length, config.hidden},
                  {false, false, false});
  } else {
    require_below("tokens", input.tokens, config.vocabulary, "the vocabulary");
  }
  if (input.real.defined()) {
    require_type("real", input.real, torch::kBool);
    require_shape("real", input.real, {rows, length}, {false, false});
  }
  if (input.token_types.defined()) {
    if (config.token_types == 0) throw UsageError("this model has no types of tokens");
    require_shape("token_types", input.token_types, {rows, length}, {false, false});
    require_below("token_types", input.token_types, config.token_types, "the model's token types");
  }
  if (pass.cache == nullptr) return;
  if (config.is_encoder()) throw UsageError("an encoder reads texts as a whole: it has no cache");
  if (pass.cache->length() > 0 && pass.cache->rows() != rows) {
    throw UsageError(fmt::format("the batch has {} rows, the cache {}", rows, pass.cache->rows()));
  }
}

// [rows, tokens] bool of the cache's tokens and the batch's; undefined if all are real.
Tensor real_of_all(const Input& input, const Pass& pass) {
  const std::int64_t past = pass.cache == nullptr ? 0 : pass.cache->length();
  if (past == 0) return input.real;
  const Tensor& before = pass.cache->real();
  if (!before.defined() && !input.real.defined()) return {};
  const auto options = (before.defined() ? before : input.real).options();
  const auto or_ones = [&](const Tensor& real, std::int64_t tokens) {
    return real.defined() ? real : torch::ones({pass.rows, tokens}, options);
  };
  return torch::cat({or_ones(before, past), or_ones(input.real, pass.length)}, 1);
}

// The number of real tokens before each, [rows or 1, tokens].
Tensor ordinals_of(const Tensor& real, std::int64_t tokens, torch::Device device) {
  if (real.defined()) return (real.cumsum(1) - 1).clamp_min(0);
  return torch::arange(tokens, torch::TensorOptions(torch::kInt64).device(device)).unsqueeze(0);
}

Tensor to_added(const Tensor& visible, torch::Dtype dtype) {
  return torch::zeros(visible.sizes(), visible.options().dtype(dtype))
      .masked_fill_(visible.logical_not(), -std::numeric_limits<double>::infinity());
}

Tensor own_mask(const Config& config, const Tensor& mask, const Pass& pass, std::int64_t keys,
                torch::Dtype dtype) {
  require_shape("mask", mask, {pass.rows, config.heads, pass.length, keys},
                {true, true, false, false});
  if (mask.scalar_type() == torch::kBool) return to_added(mask, dtype);
  if (mask.is_floating_point()) return mask.to(dtype);
  throw UsageError(
      fmt::format("'mask' holds {}, expected bool (what is seen) or floating-point "
                  "numbers (added to scores)",
                  c10::toString(mask.scalar_type())));
}

// What tokens of a window see: real tokens not after them and inside the window, and in any case
// themselves, so that padding, which sees nothing else, has a finite result.
Mask usual_mask(const Config& config, std::int64_t window, const Tensor& real,
                const Tensor& ordinals, const Pass& pass, torch::Dtype dtype) {
  const std::int64_t keys = ordinals.size(1), past = keys - pass.length;
  if (config.is_encoder()) {
    if (!real.defined()) return {};
    return {.added = to_added(real.unsqueeze(1).unsqueeze(1), dtype)};
  }
  const bool sees_all = window == 0 || window >= keys;
  if (!real.defined() && sees_all) {
    if (pass.length == 1) return {};
    if (past == 0) return {.in_order = true};
  }
  const Tensor place = torch::arange(keys, ordinals.options());
  const Tensor own = place.narrow(0, past, pass.length).unsqueeze(1);  // [length, 1]
  Tensor visible = place.le(own).unsqueeze(0);                         // [1, length, keys]
  if (real.defined()) visible = visible.logical_and(real.unsqueeze(1));
  if (!sees_all) {
    const Tensor ordinal = ordinals.narrow(1, past, pass.length).unsqueeze(2);
    visible = visible.logical_and(ordinals.unsqueeze(1).gt(ordinal - window));
  }
  visible = visible.logical_or(place.eq(own));
  return {.added = to_added(visible.unsqueeze(1), dtype)};
}

void prepare_masks(const Config& config, const Input& input, const Tensor& real,
                   const Tensor& ordinals, Pass& pass, torch::Dtype dtype) {
  for (const std::int64_t window : config.windows) {
    if (pass.masks.contains(window)) continue;
    pass.masks[window] =
        input.mask.defined()
            ? Mask{.added = own_mask(config, input.mask, pass, ordinals.size(1), dtype)}
            : usual_mask(config, window, real, ordinals, pass, dtype);
  }
}

void prepare_rotations(const models::Rope& rope, Pass& pass, torch::Dtype dtype) {
  const Rotary rotary(rope);
  const bool has_past = pass.cache != nullptr && pass.cache->length() > 0;
  const Tensor all = has_past ? torch::cat({pass.cache->positions().expand({pass.rows, -1}),
                                            pass.positions.expand({pass.rows, -1})},
                                           1)
                              : pass.positions;
  const Tensor lengths = all.amax(1) + 1;
  pass.rotation = rotary.at(pass.positions, lengths, dtype);
}

}  // namespace

Input pad(const std::vector<std::vector<std::int64_t>>& sequences, Side side, std::int64_t filler) {
  std::size_t longest = 0;
  for (const auto& sequence : sequences) {
    if (sequence.empty()) throw UsageError("a sequence of a batch is empty");
    longest = std::max(longest, sequence.size());
  }
  if (sequences.empty()) throw UsageError("a batch needs at least one sequence");
  const auto rows = static_cast<std::int64_t>(sequences.size());
  const auto length = static_cast<std::int64_t>(longest);
  Input input;
  input.tokens = torch::full({rows, length}, filler, torch::kInt64);
  Tensor real = torch::zeros({rows, length}, torch::kBool);
  bool has_padding = false;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto& sequence = sequences[static_cast<std::size_t>(row)];
    const auto size = static_cast<std::int64_t>(sequence.size());
    const std::int64_t begin = side == Side::left ? length - size : 0;
    input.tokens[row].narrow(0, begin, size).copy_(torch::tensor(sequence, torch::kInt64));
    real[row].narrow(0, begin, size).fill_(true);
    has_padding = has_padding || size < length;
  }
  if (has_padding) input.real = real;
  return input;
}

Pass begin_pass(const Config& config, const Input& input, Cache* cache, torch::Dtype dtype) {
  Pass pass;
  pass.cache = cache;
  const Tensor& read = input.embeddings.defined() ? input.embeddings : input.tokens;
  if (!read.defined() || read.dim() != (input.embeddings.defined() ? 3 : 2)) {
    throw UsageError("expected 'tokens' of the shape [rows, length]");
  }
  pass.rows = read.size(0);
  pass.length = read.size(1);
  require_fit(config, input, pass);

  const std::int64_t past = cache == nullptr ? 0 : cache->length();
  const Tensor real = real_of_all(input, pass);
  const Tensor ordinals = ordinals_of(real, past + pass.length, read.device());
  if (input.positions.defined()) {
    require_type("positions", input.positions, torch::kInt64);
    require_shape("positions", input.positions, {pass.rows, pass.length}, {true, false});
    pass.positions = input.positions;
  } else {
    pass.positions = ordinals.narrow(1, past, pass.length);
  }
  if (!config.rope) {
    require_below("positions", pass.positions, config.positions, "the model's table of positions");
  }
  prepare_masks(config, input, real, ordinals, pass, dtype);
  if (config.rope) prepare_rotations(*config.rope, pass, dtype);
  return pass;
}

void end_pass(const Pass& pass, const Input& input) {
  if (pass.cache == nullptr) return;
  pass.cache->advance(pass.rows, pass.length, real_of_all(input, pass), pass.positions);
}

}  // namespace ordo::lm
