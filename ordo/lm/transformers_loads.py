#!/usr/bin/env python3
"""Loads folders that Ordo wrote with `transformers` and keeps what they compute.

    transformers_loads.py FOLDER NAME...      writes FOLDER/NAME/result.safetensors

Every tensor must be found and none left over.
"""
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file


def main():
    torch.set_grad_enabled(False)
    for name in sys.argv[2:]:
        folder = pathlib.Path(sys.argv[1]) / name
        kind = transformers.AutoModel if name == "bert" else transformers.AutoModelForCausalLM
        model, report = kind.from_pretrained(folder, output_loading_info=True)
        assert not report["missing_keys"] and not report["unexpected_keys"], report
        assert model.dtype == torch.float32, model.dtype
        tokens = torch.arange(40)[None] % 32
        output = model(tokens)
        result = output.last_hidden_state if name == "bert" else output.logits
        save_file({"tokens": tokens, "result": result.contiguous()}, folder / "result.safetensors")


if __name__ == "__main__":
    main()
