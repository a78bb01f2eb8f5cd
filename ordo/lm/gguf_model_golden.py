#!/usr/bin/env python3
"""GGUF files of small random models, and the logits of `transformers` with the weights that its own
GGUF reader finds in them.

    gguf_model_golden.py FOLDER      FOLDER/<case>.gguf and FOLDER/<case>.safetensors

Matrices are Q8_0 where rows consist of its blocks, else BF16. Queries and keys of Llama are stored
in llama.cpp's order, in which the two numbers that a rotation mixes are neighbours; `rope_freqs`
stretches its frequencies.
"""
import pathlib
import sys

import numpy
import torch
import transformers
from gguf import GGMLQuantizationType as Type, GGUFWriter
from gguf.quants import quantize
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
}


def gguf_name(name, family):
    for theirs, ours in NAMES["gpt2" if family == "gpt2" else "llama"].items():
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
    writer.add_context_length(POSITIONS)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    if "head_dim" in config:
        writer.add_key_length(config["head_dim"])


def write_gguf(path, config, weights):
    family = config["model_type"]
    writer = GGUFWriter(path, family)
    write_metadata(writer, config)
    for name, weight in weights.items():
        numbers = weight.float().numpy()
        if family == "gpt2" and numbers.ndim == 2 and ".h." in name:
            numbers = numbers.T
        if family == "llama" and ("q_proj" in name or "k_proj" in name):
            numbers = neighbours(numbers, HEADS if "q_proj" in name else 2)
        kind = (Type.F32 if numbers.ndim == 1 else
                Type.Q8_0 if numbers.shape[1] % 32 == 0 else Type.BF16)
        writer.add_tensor(gguf_name(name, family), quantize(numpy.ascontiguousarray(numbers), kind),
                          raw_dtype=kind)
    if family == "llama":
        writer.add_tensor("rope_freqs.weight", numpy.array(FACTORS, numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_grad_enabled(False)
    stretched = {**LLAMA, "rope_scaling": dict(
        rope_type="longrope", factor=1.0, short_factor=FACTORS, long_factor=FACTORS,
        attention_factor=1.0, original_max_position_embeddings=POSITIONS)}
    no_windows = {**CASES["qwen2"][1], "use_sliding_window": False}
    for seed, config in enumerate([stretched, no_windows, CASES["qwen3"][1], CASES["gpt2"][1]]):
        family = config["model_type"]
        path = folder / f"{family}.gguf"
        write_gguf(path, config, draw_weights(config, seed=100 + seed))
        empty = model_class(config).from_config(transformers.AutoConfig.for_model(**config))
        found = load_gguf_checkpoint(path, return_tensors=True, model_to_load=empty)["tensors"]
        tokens = torch.randint(0, VOCABULARY, (1, LENGTH),
                               generator=torch.Generator().manual_seed(seed))
        found = {name: value.contiguous() for name, value in found.items() if name in
                 dict(empty.named_parameters())}
        torch.set_default_dtype(torch.float64)
        with InDouble():
            logits = load(config, found)(tokens).logits
        torch.set_default_dtype(torch.float32)
        save_file({"tokens": tokens, "logits": logits}, folder / f"{family}.safetensors")


if __name__ == "__main__":
    main()
