#include "ordo/lm/gguf_names.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

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

}  // namespace

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

std::int64_t turned_heads(const std::string& name, const Config& config) {
  // Mistral is stored as a Llama.
  if (config.family != Family::llama && config.family != Family::mistral) return 0;
  if (name.find(".attn_q.") != name.npos) return config.heads;
  return name.find(".attn_k.") != name.npos ? config.key_heads : 0;
}

std::int64_t joined_heads(const std::string& name, const Config& config) {
  const bool is_joined = config.family == Family::gpt_neox && name.find(".attn_qkv.") != name.npos;
  return is_joined ? config.heads : 0;
}

torch::Tensor halves_of_neighbours(const torch::Tensor& rows, std::int64_t heads) {
  return rows.unflatten(0, {heads, -1, 2}).transpose(1, 2).flatten(0, 2).contiguous();
}

torch::Tensor neighbours_of_halves(const torch::Tensor& rows, std::int64_t heads) {
  return rows.unflatten(0, {heads, 2, -1}).transpose(1, 2).flatten(0, 2).contiguous();
}

torch::Tensor parts_of_heads(const torch::Tensor& rows, std::int64_t heads) {
  return rows.unflatten(0, {3, heads, -1}).transpose(0, 1).flatten(0, 2).contiguous();
}

torch::Tensor heads_of_parts(const torch::Tensor& rows, std::int64_t heads) {
  return rows.unflatten(0, {heads, 3, -1}).transpose(0, 1).flatten(0, 2).contiguous();
}

}  // namespace ordo::lm
