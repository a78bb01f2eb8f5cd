#!/usr/bin/env python3
"""Adapters of every kind that we read, written by the package `peft` for our golden models, and the
logits that it computes with them in float64.

    peft_golden.py GOLDEN FOLDER       FOLDER/<case>/adapter_config.json, adapter_model.safetensors
                                       and logits.safetensors, for the models in GOLDEN

    peft_golden.py GOLDEN FOLDER CASE...   logits.safetensors again, with the adapters found there,
                                           which Ordo wrote

A case is named after its model: "llama-pattern" adapts "llama".
"""
import json
import pathlib
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from transformers_golden import InDouble, load

CASES = {
    "llama-list": dict(r=4, lora_alpha=8, target_modules=["q_proj", "mlp.down_proj"]),
    "llama-pattern": dict(r=3, lora_alpha=7, exclude_modules=r".*\.layers\.1\.mlp\..*",
                          target_modules=r"model\.layers\.\d+\.(self_attn\.(k|o)|mlp\.up)_proj"),
    "llama-all": dict(r=4, lora_alpha=2, target_modules="all-linear", use_rslora=True),
    "llama-blocks": dict(r=2, lora_alpha=4, target_modules=["v_proj", "gate_proj", "lm_head"],
                         layers_to_transform=[1], rank_pattern={"v_proj": 5},
                         alpha_pattern={"layers.1.mlp.gate_proj": 3}),
    "gpt2-list": dict(r=4, lora_alpha=8, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True),
    "gpt-neox-all": dict(r=4, lora_alpha=8, target_modules="all-linear"),
    "bert-list": dict(r=4, lora_alpha=8, target_modules=["query", "value", "intermediate.dense"]),
}


def base(golden, case):
    name = max((path.stem for path in golden.glob("*.json") if case.startswith(path.stem + "-")),
               key=len)
    described = json.loads((golden / f"{name}.json").read_text())
    weights = load_file(golden / described["weights"] / "model.safetensors")
    return load(described["config"], weights), described["config"]["model_type"] == "bert"


def write(golden, folder, number, case, options):
    model = get_peft_model(base(golden, case)[0], LoraConfig(**options))
    generator = torch.Generator().manual_seed(number)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            drawn = 0.3 * torch.randn(parameter.shape, generator=generator, dtype=torch.float32)
            parameter.data.copy_(drawn.to(torch.bfloat16))
    model.peft_config["default"].base_model_name_or_path = None  # a folder that is gone
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    file = folder / "adapter_model.safetensors"
    save_file({name: value.to(torch.bfloat16) for name, value in load_file(file).items()}, file)


def compute(golden, folder, case):
    model, is_encoder = base(golden, case)
    adapted = PeftModel.from_pretrained(model, folder).eval()
    tokens = torch.arange(20)[None] * 7 % 32
    output = adapted(tokens)
    logits = output.last_hidden_state if is_encoder else output.logits
    save_file({"tokens": tokens, "logits": logits.contiguous()}, folder / "logits.safetensors")


def main():
    golden, folder = map(pathlib.Path, sys.argv[1:3])
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    with InDouble():
        for number, (case, options) in enumerate(CASES.items()):
            if not sys.argv[3:]:
                write(golden, folder / case, number, case, options)
                compute(golden, folder / case, case)
        for case in sys.argv[3:]:
            compute(golden, folder / case, case)


if __name__ == "__main__":
    main()
