#include "ordo/models/config.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/error.h"
#include "ordo/base/options.h"
#include "ordo/models/fields.h"
#include "ordo/models/rope_config.h"

namespace ordo::models {
namespace {

struct Known {
  Family family;
  const char* type;          // model_type
  const char* architecture;  // the class that is written
};
constexpr std::array kKnown = {
    Known{Family::llama, "llama", "LlamaForCausalLM"},
    Known{Family::mistral, "mistral", "MistralForCausalLM"},
    Known{Family::qwen2, "qwen2", "Qwen2ForCausalLM"},
    Known{Family::qwen3, "qwen3", "Qwen3ForCausalLM"},
    Known{Family::gpt2, "gpt2", "GPT2LMHeadModel"},
    Known{Family::gpt_neox, "gpt_neox", "GPTNeoXForCausalLM"},
    Known{Family::bert, "bert", "BertModel"},
};

const Known& known(Family family) { return *std::ranges::find(kKnown, family, &Known::family); }

std::vector<std::string> known_types() {
  std::vector<std::string> names;
  for (const Known& one : kKnown) names.emplace_back(one.type);
  return names;
}

Family family_of(const Fields& fields) {
  const std::string type = fields.text("model_type");
  if (type.empty()) {
    fields.fail("model_type",
                fmt::format("is missing; expected one of {}", fmt::join(known_types(), ", ")));
  }
  const auto found = std::ranges::find(kKnown, type, &Known::type);
  if (found != kKnown.end()) return found->family;
  fields.fail("model_type", fmt::format("the architecture '{}' is not one of those there are: {}",
                                        type, fmt::join(known_types(), ", ")));
}

Activation activation_of(const Fields& fields, const std::string& key, const std::string& usual) {
  const std::string name = fields.text(key, usual);
  if (name == "silu" || name == "swish") return Activation::silu;
  if (name == "gelu") return Activation::gelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") {
    return Activation::gelu_tanh;
  }
  if (name == "relu") return Activation::relu;
  fields.fail(key, fmt::format("the activation '{}' is unknown; known are silu, gelu, gelu_new, "
                               "gelu_pytorch_tanh and relu",
                               name));
}

void require_absent(const Fields& fields, const std::string& key, const std::string& why) {
  if (fields.flag(key, false)) fields.fail(key, why);
}

// Heads and their size, from the keys that an architecture has for them.
void read_heads(const Fields& fields, Config& config, const std::string& hidden,
                const std::string& heads) {
  config.hidden = fields.count(hidden);
  config.heads = fields.count(heads);
  const bool has_size = fields.find("head_dim") != nullptr;
  if (!has_size && config.hidden % config.heads != 0) {
    fields.fail(heads,
                fmt::format("{} heads do not divide {} = {}", config.heads, hidden, config.hidden));
  }
  config.head_size = config.hidden / config.heads;
  config.key_heads = config.heads;
}

void read_tokens(const Fields& fields, Config& config) {
  config.bos = fields.index("bos_token_id");
  const Json* const pad = fields.find("pad_token_id");
  if (pad == nullptr || *pad != Json(-1)) config.pad = fields.index("pad_token_id");
  const Json* const eos = fields.find("eos_token_id");
  if (eos != nullptr && eos->is_array()) {
    for (const Json& one : eos->as_array()) {
      if (!one.is_int() || one.as_int() < 0) {
        fields.fail("eos_token_id", fmt::format("expected tokens' numbers, found {}", one.dump()));
      }
      config.eos.push_back(one.as_int());
    }
  } else if (const auto one = fields.index("eos_token_id")) {
    config.eos.push_back(*one);
  }
}

// Checked before memory is taken for each.
std::int64_t count_layers(const Fields& fields, const char* key) {
  const std::int64_t layers = fields.count(key);
  if (layers > 10000) fields.fail(key, fmt::format("expected at most 10000, found {}", layers));
  return layers;
}

// Qwen's files name layers one by one, or say from which on the window holds.
void read_windows(const Fields& fields, Config& config) {
  config.windows.assign(static_cast<std::size_t>(config.layers), 0);
  const bool is_mistral = config.family == Family::mistral;
  if (!is_mistral && !fields.flag("use_sliding_window", false)) return;
  // A file that says null has no window; one that says nothing has the usual one.
  const bool says_null = config.source.contains("sliding_window") && !fields.find("sliding_window");
  if (says_null) return;
  const std::int64_t window = fields.count("sliding_window", 4096);
  const std::int64_t first = is_mistral ? 0 : fields.index("max_window_layers").value_or(28);
  for (std::int64_t layer = first; layer < config.layers; ++layer) {
    config.windows[static_cast<std::size_t>(layer)] = window;
  }
  const Json* const types = fields.find("layer_types");
  if (is_mistral || types == nullptr) return;
  if (!types->is_array() || std::cmp_not_equal(types->size(), config.layers)) {
    fields.fail("layer_types", fmt::format("expected an array of {} names", config.layers));
  }
  for (std::size_t layer = 0; layer < config.windows.size(); ++layer) {
    const Json& type = types->as_array()[layer];
    if (type != Json("sliding_attention") && type != Json("full_attention")) {
      fields.fail("layer_types", fmt::format("expected 'full_attention' or 'sliding_attention', "
                                             "found {}",
                                             type.dump()));
    }
    config.windows[layer] = type == Json("sliding_attention") ? window : 0;
  }
}

// Llama, Mistral, Qwen2 and Qwen3: RMS norms, gated feed-forward layers, rotary positions.
void read_llama_like(const Fields& fields, Config& config) {
  read_heads(fields, config, "hidden_size", "num_attention_heads");
  const bool is_qwen3 = config.family == Family::qwen3;
  config.head_size = fields.count("head_dim", is_qwen3 ? 128 : config.head_size);
  const std::int64_t usual_key_heads = config.family == Family::mistral ? 8 : config.heads;
  config.key_heads = fields.count("num_key_value_heads", usual_key_heads);
  config.layers = count_layers(fields, "num_hidden_layers");
  config.inner = fields.count("intermediate_size");
  config.norm_epsilon = fields.positive("rms_norm_eps", 1e-6);
  config.activation = activation_of(fields, "hidden_act", "silu");
  const std::int64_t usual = config.family == Family::mistral ? 131072
                             : config.family == Family::llama ? 2048
                                                              : 32768;
  config.positions = fields.count("max_position_embeddings", usual);
  if (config.family == Family::llama || is_qwen3) {
    config.attention_bias = config.output_bias = fields.flag("attention_bias", false);
  }
  if (config.family == Family::qwen2) config.attention_bias = true;
  if (config.family == Family::llama) config.inner_bias = fields.flag("mlp_bias", false);
  config.tied = fields.flag("tie_word_embeddings", false);
  config.rope = read_rope(fields, config);
  read_windows(fields, config);
}

void read_gpt2(const Fields& fields, Config& config) {
  require_absent(fields, "add_cross_attention", "models with cross-attention cannot be read");
  read_heads(fields, config, "n_embd", "n_head");
  config.layers = count_layers(fields, "n_layer");
  config.inner = fields.count("n_inner", 4 * config.hidden);
  config.positions = fields.count("n_positions", 1024);
  config.norm_epsilon = fields.positive("layer_norm_epsilon", 1e-5);
  config.activation = activation_of(fields, "activation_function", "gelu_new");
  config.attention_bias = config.output_bias = config.inner_bias = true;
  config.tied = fields.flag("tie_word_embeddings", true);
  config.scaled_scores = fields.flag("scale_attn_weights", true);
  config.scores_by_layer = fields.flag("scale_attn_by_inverse_layer_idx", false);
}

void read_gpt_neox(const Fields& fields, Config& config) {
  read_heads(fields, config, "hidden_size", "num_attention_heads");
  config.layers = count_layers(fields, "num_hidden_layers");
  config.inner = fields.count("intermediate_size");
  config.positions = fields.count("max_position_embeddings", 2048);
  config.norm_epsilon = fields.positive("layer_norm_eps", 1e-5);
  config.activation = activation_of(fields, "hidden_act", "gelu");
  config.attention_bias = config.output_bias = fields.flag("attention_bias", true);
  config.inner_bias = true;
  config.parallel_residual = fields.flag("use_parallel_residual", true);
  config.tied = fields.flag("tie_word_embeddings", false);
  config.rope = read_rope(fields, config);
}

void read_bert(const Fields& fields, Config& config) {
  require_absent(fields, "is_decoder", "only encoders of this architecture can be read");
  if (fields.text("position_embedding_type", "absolute") != "absolute") {
    fields.fail("position_embedding_type", "expected 'absolute'; relative keys cannot be read");
  }
  read_heads(fields, config, "hidden_size", "num_attention_heads");
  config.layers = count_layers(fields, "num_hidden_layers");
  config.inner = fields.count("intermediate_size");
  config.positions = fields.count("max_position_embeddings", 512);
  config.token_types = fields.count("type_vocab_size", 2);
  config.norm_epsilon = fields.positive("layer_norm_eps", 1e-12);
  config.activation = activation_of(fields, "hidden_act", "gelu");
  config.attention_bias = config.output_bias = config.inner_bias = true;
}

void require_fit(const Fields& fields, const Config& config) {
  if (config.heads % config.key_heads != 0) {
    fields.fail("num_key_value_heads", fmt::format("{} does not divide num_attention_heads = {}",
                                                   config.key_heads, config.heads));
  }
}

std::string dtype_of(const Fields& fields) {
  const std::string key = fields.find("dtype") != nullptr ? "dtype" : "torch_dtype";
  std::string name = fields.text(key);
  if (name.starts_with("torch.")) name = name.substr(6);
  static const std::vector<std::string> kTypes = {"float32", "bfloat16", "float16", "float64"};
  if (!name.empty() && std::ranges::find(kTypes, name) == kTypes.end()) {
    fields.fail(key, fmt::format("the type '{}' is not one of {}", name, fmt::join(kTypes, ", ")));
  }
  return name;
}

}  // namespace

std::string name_of(Family family) { return known(family).type; }

Config parse_config(const Json& json, const std::string& source) {
  if (!json.is_object()) {
    throw InputError({.source = source},
                     fmt::format("expected an object, found {}", json.type_name()));
  }
  Config config;
  config.source = json.as_object();
  const Fields fields(json.as_object(), source);
  config.family = family_of(fields);
  if (fields.find("quantization_config") != nullptr) {
    fields.fail("quantization_config",
                "packed weights cannot be read as a language model; "
                "unpack them to floating-point numbers first");
  }
  config.vocabulary = fields.count("vocab_size");
  config.initial_deviation = fields.positive("initializer_range", 0.02);
  config.dtype = dtype_of(fields);
  read_tokens(fields, config);
  switch (config.family) {
    case Family::gpt2:
      read_gpt2(fields, config);
      break;
    case Family::gpt_neox:
      read_gpt_neox(fields, config);
      break;
    case Family::bert:
      read_bert(fields, config);
      break;
    default:
      read_llama_like(fields, config);
  }
  config.windows.resize(static_cast<std::size_t>(config.layers), 0);
  require_fit(fields, config);
  return config;
}

Config read_config(const std::filesystem::path& folder) {
  const std::string file = (folder / "config.json").string();
  return parse_config(read_json(file), file);
}

Json to_json(const Config& config) {
  JsonObject object = config.source;
  if (!object.contains("architectures")) {
    object["architectures"] = Json::array({known(config.family).architecture});
  }
  object["model_type"] = known(config.family).type;
  if (!config.dtype.empty()) {
    object.erase("torch_dtype");
    object["dtype"] = config.dtype;
  }
  return Json(std::move(object));
}

}  // namespace ordo::models
