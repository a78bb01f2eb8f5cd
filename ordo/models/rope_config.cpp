#include "ordo/models/rope_config.h"

#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ordo::models {
namespace {

Rope::Scaling scaling_of(const Fields& rope) {
  const bool has_new_name = rope.find("rope_type") != nullptr;
  const std::string key = has_new_name ? "rope_type" : "type";
  const std::string name = rope.text(key, "default");
  if (name == "default") return Rope::Scaling::none;
  if (name == "linear") return Rope::Scaling::linear;
  if (name == "dynamic") return Rope::Scaling::dynamic;
  if (name == "llama3") return Rope::Scaling::llama3;
  if (name == "yarn") return Rope::Scaling::yarn;
  if (name == "longrope") return Rope::Scaling::longrope;
  rope.fail(key, fmt::format("the scaling of positions '{}' is unknown; known are default, linear, "
                             "dynamic, llama3, yarn and longrope",
                             name));
}

double yarn_magnitude(double factor, double slope) {
  return factor <= 1 ? 1 : 0.1 * slope * std::log(factor) + 1;
}

// Peng et al. 2023, and DeepSeek's two slopes.
double yarn_attention_factor(const Fields& rope, double factor) {
  if (rope.find("attention_factor") != nullptr) return rope.positive("attention_factor");
  if (rope.find("mscale") != nullptr && rope.find("mscale_all_dim") != nullptr) {
    return yarn_magnitude(factor, rope.positive("mscale")) /
           yarn_magnitude(factor, rope.positive("mscale_all_dim"));
  }
  return yarn_magnitude(factor, 1);
}

// Ding et al. 2024.
void read_longrope(const Fields& rope, Rope& result) {
  const auto factors = [&](const std::string& key) {
    std::vector<double> numbers = rope.positives(key);
    if (std::cmp_not_equal(2 * numbers.size(), result.dimensions)) {
      rope.fail(key, fmt::format("expected a number for each of {} frequencies, found {}",
                                 result.dimensions / 2, numbers.size()));
    }
    return numbers;
  };
  result.short_factors = factors("short_factor");
  result.long_factors = factors("long_factor");
  result.attention_factor = rope.positive(
      "attention_factor",
      result.factor <= 1
          ? 1
          : std::sqrt(1 + std::log(result.factor) / std::log(result.original_positions)));
}

void read_scaling(const Fields& fields, const Fields& rope, const Config& config, Rope& result) {
  result.scaling = scaling_of(rope);
  if (result.scaling == Rope::Scaling::none) return;
  const auto positions = static_cast<double>(config.positions);
  result.original_positions = positions;
  if (result.scaling != Rope::Scaling::linear && result.scaling != Rope::Scaling::dynamic) {
    const bool is_outside = fields.find("original_max_position_embeddings") != nullptr;
    result.original_positions = static_cast<double>(
        (is_outside ? fields : rope).count("original_max_position_embeddings", config.positions));
  }
  const bool may_follow =
      result.scaling == Rope::Scaling::yarn || result.scaling == Rope::Scaling::longrope;
  result.factor = rope.positive(
      "factor", may_follow ? std::optional(positions / result.original_positions) : std::nullopt);
  if (result.scaling == Rope::Scaling::llama3) {
    result.low_frequency = rope.positive("low_freq_factor");
    result.high_frequency = rope.positive("high_freq_factor");
    if (result.high_frequency <= result.low_frequency) {
      rope.fail("high_freq_factor",
                fmt::format("expected more than low_freq_factor, found {} <= {}",
                            result.high_frequency, result.low_frequency));
    }
  }
  if (result.scaling == Rope::Scaling::yarn) {
    result.beta_fast = rope.positive("beta_fast", 32);
    result.beta_slow = rope.positive("beta_slow", 1);
    result.truncate = rope.flag("truncate", true);
    result.attention_factor = yarn_attention_factor(rope, result.factor);
  }
  if (result.scaling == Rope::Scaling::longrope) read_longrope(rope, result);
}

}  // namespace

Rope read_rope(const Fields& fields, const Config& config) {
  static const JsonObject kNone;
  const std::string key =
      fields.find("rope_parameters") != nullptr ? "rope_parameters" : "rope_scaling";
  const JsonObject* const object = fields.object(key);
  const Fields rope(object == nullptr ? kNone : *object, fields.source(), fields.pointer(key));

  Rope result;
  const bool is_neox = config.family == Family::gpt_neox;
  result.theta = rope.positive("rope_theta",
                               fields.positive(is_neox ? "rotary_emb_base" : "rope_theta", 10000));
  const double part =
      rope.positive("partial_rotary_factor", is_neox ? fields.positive("rotary_pct", 0.25) : 1.0);
  if (part > 1 || (!is_neox && part != 1)) {
    rope.fail("partial_rotary_factor",
              fmt::format("expected {}, found {}", is_neox ? "at most 1" : "1", part));
  }
  result.dimensions = static_cast<std::int64_t>(static_cast<double>(config.head_size) * part);
  if (result.dimensions < 2 || result.dimensions % 2 != 0) {
    rope.fail("partial_rotary_factor",
              fmt::format("{} of a head's {} dimensions would be turned; expected an even number",
                          result.dimensions, config.head_size));
  }
  read_scaling(fields, rope, config, result);
  if (result.scaling == Rope::Scaling::dynamic && result.dimensions == 2) {
    rope.fail("rope_type", "dynamic scaling needs more than two turned dimensions");
  }
  return result;
}

}  // namespace ordo::models
