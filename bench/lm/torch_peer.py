"""Times PyTorch and transformers on the tasks of bench-lm, in turns with it.

  torch_peer.py BENCH_LM [ROUNDS [THREADS [TASK]]]

Prefill and training step: a plain nn.Module of the same architecture, AdamW as PyTorch has it. Decoding:
transformers.generate with its cache. A column is the median over rounds, a ratio the median of the
rounds' ratios. TASK chooses those whose names begin so. Times are processor time on one thread, and the
clock's on several.
"""
import json
import os
import statistics
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.weight, 1e-5)


def turned(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, inner = config["hidden_size"], config["intermediate_size"]
        self.heads = config["num_attention_heads"]
        self.before, self.middle = Norm(hidden), Norm(hidden)
        self.q, self.k, self.v, self.o = (nn.Linear(hidden, hidden, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(hidden, inner, bias=False) for _ in range(2))
        self.down = nn.Linear(inner, hidden, bias=False)

    def forward(self, x, cos, sin):
        n = self.before(x)
        q, k, v = (p(n).unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in (self.q, self.k, self.v))
        a = F.scaled_dot_product_attention(turned(q, cos, sin), turned(k, cos, sin), v, is_causal=True)
        x = x + self.o(a.transpose(1, 2).flatten(2))
        n = self.middle(x)
        return x + self.down(F.silu(self.gate(n)) * self.up(n))


class Llama(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.table = nn.Embedding(config["vocab_size"], config["hidden_size"])
        nn.init.normal_(self.table.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config["num_hidden_layers"]))
        self.norm = Norm(config["hidden_size"])
        size = config["hidden_size"] // config["num_attention_heads"]
        self.register_buffer("frequencies", 10000 ** (-torch.arange(0, size, 2) / size))

    def forward(self, tokens):
        angles = torch.outer(torch.arange(tokens.shape[1]), self.frequencies)
        angles = torch.cat((angles, angles), -1)
        cos, sin = angles.cos(), angles.sin()
        x = self.table(tokens)
        for block in self.blocks:
            x = block(x, cos, sin)
        return F.linear(self.norm(x), self.table.weight)


def median(rounds, run):
    now = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    run()
    times = []
    for _ in range(rounds):
        start = now()
        run()
        times.append(now() - start)
    return statistics.median(times)


def prefill(config):
    model, tokens = Llama(config), (torch.arange(4 * 512) % 8192).view(4, 512)
    with torch.no_grad():
        return median(5, lambda: model(tokens))


def training_step(config):
    model, tokens = Llama(config), (torch.arange(8 * 257) * 7 % 8192).view(8, 257)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)

    def step():
        optimizer.zero_grad()
        logits = model(tokens[:, :-1])
        F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()

    return median(15, step)


def decode(config, rows, tokens):
    import transformers
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
        **{key: value for key, value in config.items() if key not in ("model_type", "architectures")},
        bos_token_id=None, eos_token_id=None)).eval()
    prompt = torch.tensor([[row + 1, 2, 3, 4, 5, 6, 7, 8] for row in range(rows)])
    with torch.no_grad():
        return median(3, lambda: model.generate(
            prompt, attention_mask=torch.ones_like(prompt), do_sample=False, pad_token_id=0,
            max_new_tokens=tokens))


def peer(task, config):
    kind, *numbers = task.replace(" x ", " ").split()
    if kind == "prefill":
        return prefill(config)
    if kind == "training":
        return training_step(config)
    if kind == "decode":
        return decode(config, *map(int, numbers))
    return None


def main(bench, rounds=3, threads=1, task=""):
    rounds, threads = int(rounds), int(threads)
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    torch.set_num_threads(threads)
    rows = {}
    for _ in range(rounds):
        lines = subprocess.run([bench, str(threads), task], check=True, capture_output=True, text=True)
        for line in lines.stdout.splitlines():
            name, config, seconds = line.split("\t")
            rows.setdefault(name, []).append((float(seconds), peer(name, json.loads(config))))
    print(f"{'task':<24}{'ordo':>12}{'peer':>12}{'peer/ordo':>11}")
    for name, times in rows.items():
        ours = statistics.median(ours for ours, _ in times)
        if times[0][1] is None:
            print(f"{name:<24}{ours * 1e3:>10.1f}ms")
            continue
        theirs = statistics.median(theirs for _, theirs in times)
        ratio = statistics.median(theirs / ours for ours, theirs in times)
        print(f"{name:<24}{ours * 1e3:>10.1f}ms{theirs * 1e3:>10.1f}ms{ratio:>10.2f}x")
        if name.startswith("decode 1 ") and "reading all weights" in rows:
            bound = statistics.median(
                once * int(name.split()[-1]) / decoded
                for (once, _), (decoded, _) in zip(rows["reading all weights"], times))
            print(f"{'':<24}{100 * bound:>9.0f} % of the bound of memory")


if __name__ == "__main__":
    main(*sys.argv[1:])
