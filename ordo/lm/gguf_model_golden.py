#!/usr/bin/env python3
"""GGUF files of small random models, and the logits of `transformers` with the weights that its own
GGUF reader finds in them. It reads no GPT-NeoX and no BERT: those weights are the ones that were
written, rounded as the package `gguf` unpacks them.

    gguf_model_golden.py FOLDER      FOLDER/<case>.gguf and FOLDER/<case>.safetensors

Matrices are Q8_0 where rows consist of its blocks, else BF16. Queries and keys of Llama are stored
in llama.cpp's order, in which the two numbers that a rotation mixes are neighbours; `rope_freqs`
stretches its frequencies. Of GPT-NeoX, queries, keys and values of each head, which lie side by side,
are stored as all queries, all keys, all values; of BERT, the pooler is left out.
"""
import pathlib
import sys

import numpy
import torch
import transformers
from gguf import GGMLQuantizationType as Type, GGUFWriter, PoolingType
from gguf.quants import dequantize, quantize
from safetensors.torch import save_file
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

from transformers_golden import (CASES, HEADS, HIDDEN, INNER, LAYERS, LENGTH, LLAMA, POSITIONS,
                                 VOCABULARY, InDouble, draw_weights, load, model_class)

FACTORS = [1.0, 1.5, 2.0, 4.0]  # of Llama's four frequencies
NAMES = {
    "llama": {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
              "model.layers": "blk", "input_layernorm": "attn_norm",
              "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
              "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
              "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
              "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
              "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"},
    "gpt2": {"transformer.wte": "token_embd", "transformer.wpe": "position_embd",
             "transformer.ln_f": "output_norm", "transformer.h": "blk", "ln_1": "attn_norm",
             "ln_2": "ffn_norm", "attn.c_attn": "attn_qkv", "mlp.c_proj": "ffn_down",
             "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up"},
    "gpt_neox": {"gpt_neox.embed_in": "token_embd", "gpt_neox.final_layer_norm": "output_norm",
                 "embed_out": "output", "gpt_neox.layers": "blk", "input_layernorm": "attn_norm",
                 "post_attention_layernorm": "ffn_norm", "attention.query_key_value": "attn_qkv",
                 "attention.dense": "attn_output", "mlp.dense_h_to_4h": "ffn_up",
                 "mlp.dense_4h_to_h": "ffn_down"},
    "bert": {"embeddings.word_embeddings": "token_embd",
             "embeddings.position_embeddings": "position_embd",
             "embeddings.token_type_embeddings": "token_types",
             "embeddings.LayerNorm": "token_embd_norm", "encoder.layer": "blk",
             "attention.self.query": "attn_q", "attention.self.key": "attn_k",
             "attention.self.value": "attn_v", "attention.output.dense": "attn_output",
             "attention.output.LayerNorm": "attn_output_norm", "intermediate.dense": "ffn_up",
             "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm"},
}
ARCHITECTURES = {"gpt_neox": "gptneox"}  # where the name is another


def gguf_name(name, family):
    for theirs, ours in NAMES.get(family, NAMES["llama"]).items():
        name = name.replace(theirs + ".", ours + ".")
    return name


def neighbours(weight, heads):
    return weight.reshape(heads, 2, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def write_metadata(writer, config):
    family = config["model_type"]
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_vocab_size(VOCABULARY)
    writer.add_bos_token_id(1)
    if family == "gpt2":
        writer.add_context_length(config["n_positions"])
        writer.add_layer_norm_eps(config["layer_norm_epsilon"])
        return
    if family in ("gpt_neox", "bert"):
        writer.add_context_length(config["max_position_embeddings"])
        writer.add_layer_norm_eps(config["layer_norm_eps"])
    if family == "gpt_neox":
        writer.add_rope_dimension_count(int(config["rotary_pct"] * (HIDDEN // HEADS)))
        writer.add_rope_freq_base(config["rotary_emb_base"])
        writer.add_parallel_residual(config["use_parallel_residual"])
    if family == "bert":
        writer.add_causal_attention(False)
        writer.add_pooling_type(PoolingType.MEAN)
    if family in ("gpt_neox", "bert"):
        return
    writer.add_context_length(POSITIONS)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    if "head_dim" in config:
        writer.add_key_length(config["head_dim"])


def parts_of_heads(weight):
    """[head, part, j] as [part, head, j]."""
    return weight.reshape(HEADS, 3, -1, *weight.shape[1:]).swapaxes(0, 1).reshape(weight.shape)


def write_gguf(path, config, weights):
    """Writes the file; returns the weights as they were rounded."""
    family = config["model_type"]
    writer = GGUFWriter(path, ARCHITECTURES.get(family, family))
    write_metadata(writer, config)
    rounded = {}
    for name, weight in weights.items():
        if name.startswith("pooler."):
            continue
        numbers = weight.float().numpy()
        if family == "gpt2" and numbers.ndim == 2 and ".h." in name:
            numbers = numbers.T
        if family == "llama" and ("q_proj" in name or "k_proj" in name):
            numbers = neighbours(numbers, HEADS if "q_proj" in name else 2)
        kind = (Type.F32 if numbers.ndim == 1 else
                Type.Q8_0 if numbers.shape[1] % 32 == 0 else Type.BF16)
        # Rows are rounded one by one, so that their order does not matter.
        whole = dequantize(quantize(numpy.ascontiguousarray(numbers), kind), kind)
        rounded[name] = torch.from_numpy(whole.reshape(numbers.shape).copy())
        if "query_key_value" in name:
            numbers = parts_of_heads(numbers)
        writer.add_tensor(gguf_name(name, family), quantize(numpy.ascontiguousarray(numbers), kind),
                          raw_dtype=kind)
    if family == "llama":
        writer.add_tensor("rope_freqs.weight", numpy.array(FACTORS, numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return rounded


def found_in(path, config, rounded):
    if config["model_type"] in ("gpt_neox", "bert"):
        return rounded
    empty = model_class(config).from_config(transformers.AutoConfig.for_model(**config))
    found = load_gguf_checkpoint(path, return_tensors=True, model_to_load=empty)["tensors"]
    return {name: value.contiguous() for name, value in found.items()
            if name in dict(empty.named_parameters())}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_grad_enabled(False)
    stretched = {**LLAMA, "rope_scaling": dict(
        rope_type="longrope", factor=1.0, short_factor=FACTORS, long_factor=FACTORS,
        attention_factor=1.0, original_max_position_embeddings=POSITIONS)}
    no_windows = {**CASES["qwen2"][1], "use_sliding_window": False}
    configs = [stretched, no_windows] + [CASES[name][1] for name in
                                         ("qwen3", "gpt2", "gpt-neox", "bert")]
    for seed, config in enumerate(configs):
        family = config["model_type"]
        path = folder / f"{family}.gguf"
        rounded = write_gguf(path, config, draw_weights(config, seed=100 + seed))
        found = found_in(path, config, rounded)
        tokens = torch.randint(0, VOCABULARY, (1, LENGTH),
                               generator=torch.Generator().manual_seed(seed))
        torch.set_default_dtype(torch.float64)
        with InDouble():
            output = load(config, found)(tokens)
        torch.set_default_dtype(torch.float32)
        result = output.last_hidden_state if family == "bert" else output.logits
        save_file({"tokens": tokens, "logits": result.contiguous()},
                  folder / f"{family}.safetensors")


if __name__ == "__main__":
    main()
