// llama.cpp's names and layouts. It turns neighbouring numbers of a head where Hugging Face's files
// turn the two halves, so queries and keys of architecture "llama" were reordered when the file was
// written: rows [head, half, j] became [head, j, half]. GPT-NeoX has queries, keys and values of
// each head side by side, which became all queries, all keys, all values: rows [head, part, j]
// became [part, head, j]. Linear weights are [out, in] in all files.
#include <array>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/lm/weight_source.h"
#include "ordo/models/gguf_config.h"

namespace ordo::lm {
namespace {

using models::Config;
using models::Family;
using Name = std::pair<std::string_view, std::string_view>;  // ours, theirs

constexpr std::array kOutside = {
    Name{"model.embed_tokens.", "token_embd."},
    Name{"model.norm.", "output_norm."},
    Name{"lm_head.", "output."},
    Name{"transformer.wte.", "token_embd."},
    Name{"transformer.wpe.", "position_embd."},
    Name{"transformer.ln_f.", "output_norm."},
    Name{"gpt_neox.embed_in.", "token_embd."},
    Name{"gpt_neox.final_layer_norm.", "output_norm."},
    Name{"embed_out.", "output."},
    Name{"embeddings.word_embeddings.", "token_embd."},
    Name{"embeddings.position_embeddings.", "position_embd."},
    Name{"embeddings.token_type_embeddings.", "token_types."},
    Name{"embeddings.LayerNorm.", "token_embd_norm."},
};
constexpr std::array kInside = {
    Name{"input_layernorm.", "attn_norm."},
    Name{"post_attention_layernorm.", "ffn_norm."},
    Name{"self_attn.q_proj.", "attn_q."},
    Name{"self_attn.k_proj.", "attn_k."},
    Name{"self_attn.v_proj.", "attn_v."},
    Name{"self_attn.o_proj.", "attn_output."},
    Name{"self_attn.q_norm.", "attn_q_norm."},
    Name{"self_attn.k_norm.", "attn_k_norm."},
    Name{"mlp.gate_proj.", "ffn_gate."},
    Name{"mlp.up_proj.", "ffn_up."},
    Name{"mlp.down_proj.", "ffn_down."},
    Name{"ln_1.", "attn_norm."},
    Name{"ln_2.", "ffn_norm."},
    Name{"attn.c_attn.", "attn_qkv."},
    Name{"attn.c_proj.", "attn_output."},
    Name{"mlp.c_fc.", "ffn_up."},
    Name{"mlp.c_proj.", "ffn_down."},
    Name{"attention.query_key_value.", "attn_qkv."},
    Name{"attention.dense.", "attn_output."},
    Name{"mlp.dense_h_to_4h.", "ffn_up."},
    Name{"mlp.dense_4h_to_h.", "ffn_down."},
    Name{"attention.self.query.", "attn_q."},
    Name{"attention.self.key.", "attn_k."},
    Name{"attention.self.value.", "attn_v."},
    Name{"attention.output.dense.", "attn_output."},
    Name{"attention.output.LayerNorm.", "attn_output_norm."},
    Name{"intermediate.dense.", "ffn_up."},
    Name{"output.dense.", "ffn_down."},
    Name{"output.LayerNorm.", "layer_output_norm."},
};

template <std::size_t size>
std::string renamed(std::string_view name, const std::array<Name, size>& names) {
  for (const auto& [ours, theirs] : names) {
    if (name.starts_with(ours)) return std::string(theirs) + std::string(name.substr(ours.size()));
  }
  return std::string(name);
}

// "model.layers.3.mlp.up_proj.weight" as "blk.3.ffn_up.weight".
std::string gguf_name(std::string_view parameter) {
  for (const std::string_view list :
       {"model.layers.", "transformer.h.", "gpt_neox.layers.", "encoder.layer."}) {
    if (!parameter.starts_with(list)) continue;
    const std::string_view rest = parameter.substr(list.size());
    const std::size_t dot = rest.find('.');
    return fmt::format("blk.{}.{}", rest.substr(0, dot), renamed(rest.substr(dot + 1), kInside));
  }
  return renamed(parameter, kOutside);
}

torch::Tensor halves_of_neighbours(const torch::Tensor& rows, std::int64_t heads) {
  return rows.unflatten(0, {heads, -1, 2}).transpose(1, 2).flatten(0, 2).contiguous();
}

torch::Tensor parts_of_heads(const torch::Tensor& rows, std::int64_t heads) {
  return rows.unflatten(0, {3, heads, -1}).transpose(0, 1).flatten(0, 2).contiguous();
}

class GgufSource : public WeightSource {
 public:
  GgufSource(models::Gguf file, const Config& config) : file_(std::move(file)), config_(config) {
    // Mistral is stored as a Llama.
    has_neighbours_ = config.family == Family::llama || config.family == Family::mistral;
    found_.insert(models::kGgufFactors);  // read with the configuration
  }

  torch::Tensor find(const std::string& parameter) override {
    const std::string name = gguf_name(parameter);
    const models::GgufTensor* const stored = file_.find(name);
    if (stored == nullptr) return {};
    found_.insert(name);
    const auto numbers = std::make_shared<std::vector<float>>(models::to_floats(*stored));
    const torch::Tensor tensor =
        torch::from_blob(numbers->data(), stored->shape, [numbers](void*) {}, torch::kFloat32);
    const bool is_joined = config_.family == Family::gpt_neox &&
                           name.find(".attn_qkv.") != name.npos &&
                           tensor.size(0) % (3 * config_.heads) == 0;
    if (is_joined) return parts_of_heads(tensor, config_.heads);
    if (!has_neighbours_) return tensor;
    const std::int64_t heads = name.find(".attn_q.") != name.npos   ? config_.heads
                               : name.find(".attn_k.") != name.npos ? config_.key_heads
                                                                    : 0;
    const bool fits = heads > 0 && tensor.size(0) % (2 * heads) == 0;
    return fits ? halves_of_neighbours(tensor, heads) : tensor;
  }

  std::string place(const std::string& parameter) const override {
    return fmt::format("{}: {}", file_.source, gguf_name(parameter));
  }

  std::vector<std::string> left_over() const override {
    std::vector<std::string> names;
    for (const models::GgufTensor& tensor : file_.tensors) {
      if (!found_.contains(tensor.name)) names.push_back(tensor.name);
    }
    return names;
  }

 private:
  models::Gguf file_;
  Config config_;
  bool has_neighbours_ = false;
  std::unordered_set<std::string> found_;
};

}  // namespace

std::unique_ptr<WeightSource> gguf_source(models::Gguf file, const Config& config) {
  return std::make_unique<GgufSource>(std::move(file), config);
}

}  // namespace ordo::lm
