#!/usr/bin/env python3
"""Small random models of every architecture, and what the package `transformers` makes of them.

    transformers_golden.py FOLDER

writes FOLDER/<weights>/model.safetensors (bfloat16) and FOLDER/<case>.json with a config and
FOLDER/<case>.safetensors with tokens and logits. Cases that differ only in their config share
weights.

Everything is computed in float64: `transformers` asks for float32 in norms, rotary positions and
softmax, so a function mode turns each such request into one for float64. Weights are so large that
logits have a standard deviation above 1, which the script checks: wrong positions or masks change
them in the first digits.
"""
import json
import pathlib
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from torch.overrides import TorchFunctionMode

VOCABULARY, HIDDEN, HEADS, INNER, LAYERS = 32, 32, 4, 48, 2
POSITIONS, LENGTH = 24, 40  # scaling begins at POSITIONS
GREEDY_PROMPT, GREEDY_TOKENS = 8, 24

LLAMA = dict(model_type="llama", vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=INNER,
             num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=2,
             max_position_embeddings=POSITIONS, rms_norm_eps=1e-5, rope_theta=100.0,
             tie_word_embeddings=False, bos_token_id=1, eos_token_id=None)
NEOX = dict(model_type="gpt_neox", vocab_size=VOCABULARY, hidden_size=HIDDEN,
            intermediate_size=INNER, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
            max_position_embeddings=64, layer_norm_eps=1e-5, rotary_pct=0.5, rotary_emb_base=50,
            tie_word_embeddings=False, eos_token_id=None)


def scaled(**scaling):
    return {**LLAMA, "rope_scaling": scaling}


# name: (weights, config)
CASES = {
    "llama": ("llama", LLAMA),
    "llama-linear": ("llama", scaled(rope_type="linear", factor=2.5)),
    "llama-dynamic": ("llama", scaled(rope_type="dynamic", factor=3.0)),
    "llama-llama3": ("llama", scaled(rope_type="llama3", factor=8.0, low_freq_factor=1.0,
                                     high_freq_factor=4.0,
                                     original_max_position_embeddings=POSITIONS)),
    "llama-yarn": ("llama", scaled(rope_type="yarn", factor=4.0, beta_fast=3.0, beta_slow=0.4,
                                   original_max_position_embeddings=POSITIONS)),
    "llama-yarn-smooth": ("llama", scaled(rope_type="yarn", factor=4.0, beta_fast=2.0,
                                          beta_slow=0.5, truncate=False, attention_factor=1.2,
                                          original_max_position_embeddings=POSITIONS)),
    "llama-longrope": ("llama", scaled(rope_type="longrope", factor=4.0,
                                       short_factor=[1.0, 1.1, 1.3, 1.5],
                                       long_factor=[1.0, 1.5, 2.0, 4.0],
                                       original_max_position_embeddings=POSITIONS)),
    "mistral": ("llama", {**LLAMA, "model_type": "mistral", "sliding_window": 7}),
    "qwen2": ("qwen2", {**LLAMA, "model_type": "qwen2", "tie_word_embeddings": True,
                        "use_sliding_window": True, "sliding_window": 9, "max_window_layers": 1}),
    "qwen3": ("qwen3", {**LLAMA, "model_type": "qwen3", "head_dim": 16}),
    "gpt2": ("gpt2", dict(model_type="gpt2", vocab_size=VOCABULARY, n_embd=HIDDEN, n_head=HEADS,
                          n_layer=LAYERS, n_inner=INNER, n_positions=64, layer_norm_epsilon=1e-5,
                          eos_token_id=None, bos_token_id=None)),
    "gpt2-by-layer": ("gpt2", dict(model_type="gpt2", vocab_size=VOCABULARY, n_embd=HIDDEN,
                                   n_head=HEADS, n_layer=LAYERS, n_inner=INNER, n_positions=64,
                                   scale_attn_by_inverse_layer_idx=True, eos_token_id=None,
                                   bos_token_id=None)),
    "gpt-neox": ("gpt-neox", {**NEOX, "use_parallel_residual": True}),
    "gpt-neox-serial": ("gpt-neox", {**NEOX, "use_parallel_residual": False}),
    "bert": ("bert", dict(model_type="bert", vocab_size=VOCABULARY, hidden_size=HIDDEN,
                          num_hidden_layers=LAYERS, num_attention_heads=HEADS,
                          intermediate_size=INNER, max_position_embeddings=64, type_vocab_size=2,
                          hidden_act="gelu", layer_norm_eps=1e-12)),
}
GREEDY = ["llama", "llama-dynamic", "llama-longrope", "mistral", "qwen2", "qwen3", "gpt2", "gpt-neox"]
MASKED = ["llama", "mistral", "qwen3", "gpt2", "gpt-neox"]


class InDouble(TorchFunctionMode):
    """Whoever asks for float32 gets float64."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        def swap(value):
            return torch.float64 if value is torch.float32 else value
        if function is torch.Tensor.float:
            function = torch.Tensor.double
        return function(*map(swap, args), **{key: swap(value) for key, value in (kwargs or {}).items()})


def model_class(config):
    return transformers.AutoModel if config["model_type"] == "bert" else transformers.AutoModelForCausalLM


def draw_weights(config, seed):
    """Large enough for sharp attention and logits far apart."""
    generator = torch.Generator().manual_seed(seed)
    model = model_class(config).from_config(transformers.AutoConfig.for_model(**config))
    weights = {}
    for name, parameter in model.named_parameters():
        drawn = torch.randn(parameter.shape, generator=generator)
        is_norm = "norm" in name.lower() or ".ln_" in name
        if name.endswith("bias"):
            drawn = 0.3 * drawn
        elif is_norm:
            drawn = 1 + 0.3 * drawn
        elif "embed" in name or ".wte" in name or ".wpe" in name:
            drawn = 0.6 * drawn
        else:
            drawn = 0.35 * drawn
        # Pythia's files have the name that the head had before version 5.
        if config["model_type"] == "gpt_neox":
            name = name.replace("lm_head", "embed_out")
        weights[name] = drawn.to(torch.bfloat16)
    return weights


def load(config, weights):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "config.json").write_text(json.dumps(config))
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        model, report = model_class(config).from_pretrained(
            folder, dtype=torch.float64, output_loading_info=True)
    missing = [name for name in report["missing_keys"] if not name.startswith("pooler")]
    assert not missing and not report["unexpected_keys"], report
    return model.eval()


def causal_case(name, config, weights, seed):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, VOCABULARY, (1, LENGTH), generator=generator)
    result = {"tokens": tokens, "logits": load(config, weights)(tokens).logits}
    assert result["logits"].std() > 1, (name, result["logits"].std())
    if name in MASKED:
        positions = torch.randint(0, LENGTH, (1, LENGTH), generator=generator)
        mask = torch.rand((1, 1, LENGTH, LENGTH), generator=generator) < 0.5
        mask |= torch.eye(LENGTH, dtype=torch.bool)
        added = torch.zeros(mask.shape, dtype=torch.float64).masked_fill(~mask, float("-inf"))
        output = load(config, weights)(tokens, attention_mask=added, position_ids=positions)
        result |= {"positions": positions, "mask": mask, "masked_logits": output.logits}
    if name in GREEDY:
        prompt = tokens[:, :GREEDY_PROMPT]
        result["greedy"] = load(config, weights).generate(
            prompt, attention_mask=torch.ones_like(prompt), do_sample=False, pad_token_id=0,
            max_new_tokens=GREEDY_TOKENS)
    return result


def encoder_case(config, weights, seed):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, VOCABULARY, (2, 20), generator=generator)
    types = (torch.arange(20) > 8).long().expand(2, 20).contiguous()
    padding = torch.arange(20)[None] < torch.tensor([[20], [13]])
    hidden = load(config, weights)(tokens, attention_mask=padding.long(),
                                   token_type_ids=types).last_hidden_state
    pooled = (hidden * padding[..., None]).sum(1) / padding.sum(1, keepdim=True)
    return {"tokens": tokens, "token_types": types, "padding": padding, "hidden": hidden,
            "pooled": pooled}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_grad_enabled(False)
    weights = {}
    for number, (name, (source, config)) in enumerate(CASES.items()):
        if source not in weights:
            weights[source] = draw_weights(config, seed=number)
            (folder / source).mkdir(exist_ok=True)
            save_file(weights[source], folder / source / "model.safetensors",
                      metadata={"format": "pt"})
        torch.set_default_dtype(torch.float64)
        with InDouble():
            result = (encoder_case(config, weights[source], number) if name == "bert"
                      else causal_case(name, config, weights[source], number))
        torch.set_default_dtype(torch.float32)
        (folder / f"{name}.json").write_text(json.dumps({"weights": source, "config": config}))
        save_file({key: value.contiguous() for key, value in result.items()},
                  folder / f"{name}.safetensors")


if __name__ == "__main__":
    main()
