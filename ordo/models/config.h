// What a `config.json` of a language model says, in one form for all architectures. The file is
// Hugging Face's: fields that are absent have the defaults that the architecture has there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ordo/base/json.h"

namespace ordo::models {

/// The architectures that there are.
enum class Family { llama, mistral, qwen2, qwen3, gpt2, gpt_neox, bert };

/// "llama": the `model_type` of the file.
std::string name_of(Family family);

enum class Activation {
  silu,
  gelu,       ///< by the error function
  gelu_tanh,  ///< the approximation by tanh
  relu,
};

/// Rotary positions (Su et al. 2021) and how their frequencies are stretched.
struct Rope {
  enum class Scaling { none, linear, dynamic, llama3, yarn, longrope } scaling = Scaling::none;
  std::int64_t dimensions = 0;    ///< of each head that are turned; even
  double theta = 10000;           ///< the base of the frequencies
  double factor = 1;              ///< how many times longer the context became
  double original_positions = 0;  ///< the context before (all but linear)
  double low_frequency = 1;       ///< llama3: wavelengths above original / low are divided
  double high_frequency = 4;      ///< llama3: those below original / high stay
  double beta_fast = 32;          ///< yarn: turns within the original context that stay
  double beta_slow = 1;           ///< yarn: turns that are divided
  bool truncate = true;           ///< yarn: the ramp's ends are whole dimensions
  double attention_factor = 1;    ///< on cosine and sine
  /// longrope: what each frequency is divided by, in texts up to the original context and beyond.
  std::vector<double> short_factors, long_factors;
};

struct Config {
  Family family = Family::llama;
  std::int64_t vocabulary = 0;
  std::int64_t hidden = 0;  ///< width of the residual stream
  std::int64_t layers = 0;
  std::int64_t heads = 0;      ///< of queries
  std::int64_t key_heads = 0;  ///< of keys and values; divides `heads`
  std::int64_t head_size = 0;
  std::int64_t inner = 0;        ///< width of the feed-forward layers
  std::int64_t positions = 0;    ///< the longest context it was made for
  std::int64_t token_types = 0;  ///< bert
  double norm_epsilon = 1e-5;
  double initial_deviation = 0.02;  ///< of freshly drawn weights
  Activation activation = Activation::silu;
  bool attention_bias = false;        ///< on queries, keys and values
  bool output_bias = false;           ///< on attention's output
  bool inner_bias = false;            ///< on the feed-forward layers
  bool parallel_residual = false;     ///< attention and feed-forward read the same input (gpt_neox)
  bool tied = false;                  ///< the head's weight is the embedding's
  bool scores_by_layer = false;       ///< gpt2: scores are divided by the layer's number
  bool scaled_scores = true;          ///< scores are divided by sqrt(head_size)
  std::optional<Rope> rope;           ///< absent: learned positions
  std::vector<std::int64_t> windows;  ///< a layer's: how far back it sees, itself included; 0: all
  std::optional<std::int64_t> bos, pad;
  std::vector<std::int64_t> eos;  ///< any of them ends a text
  std::string dtype;              ///< "float32", "bfloat16", "float16", "float64"; empty: unsaid
  JsonObject source;              ///< the whole file, which `to_json` begins with

  bool is_encoder() const { return family == Family::bert; }
};

/// Every field is checked for its type and range, and against the others. Throws InputError with
/// `source` and the field's pointer; for an architecture that is not there, with the list.
Config parse_config(const Json& json, const std::string& source = "<config>");
/// Of FOLDER/config.json.
Config read_config(const std::filesystem::path& folder);

/// The file again, as it came, but for what always is written: `architectures`, `model_type` and
/// `dtype`.
Json to_json(const Config& config);

}  // namespace ordo::models
