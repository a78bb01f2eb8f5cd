"""Times plain PyTorch on the networks of bench-nets, in turns with it.

  torch_peer.py BENCH_NETS [ROUNDS [THREADS]]

The peer's step: forward, cross-entropy, backward, with gradients set to None before each. A column
is the median over rounds, a ratio the median of the rounds' ratios. Times are processor time on one
thread, and the clock's on several.
"""
import json
import pathlib
import statistics
import subprocess
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "ordo/nets"))
import pytorch_nets  # noqa: E402


def microseconds(run):
    now = time.process_time if torch.get_num_threads() == 1 else time.perf_counter

    def seconds(calls):
        start = now()
        for _ in range(calls):
            run()
        return now() - start

    calls = 1
    while seconds(calls) < 0.03:
        calls *= 2
    return statistics.median(1e6 * seconds(calls) / calls for _ in range(9))


def step_of(spec):
    net = pytorch_nets.make_net(spec)
    x = torch.randn(spec["batch"], *spec["input"])
    y = torch.arange(spec["batch"]) % spec["outputs"]
    parameters = list(net.parameters())

    def step():
        for parameter in parameters:
            parameter.grad = None
        torch.nn.functional.cross_entropy(net(x), y).backward()

    return step


def main(bench, rounds=5, threads=1):
    torch.set_num_threads(threads)
    rows, steps = {}, {}
    for _ in range(rounds):
        lines = subprocess.run([bench, str(threads)], check=True, capture_output=True,
                               text=True).stdout.splitlines()
        for line in lines:
            name, spec, ours, products = line.split("\t")
            if name not in steps:
                steps[name] = step_of(json.loads(spec))
            row = rows.setdefault(name, {"batch": json.loads(spec)["batch"], "times": []})
            row["times"].append((float(ours), microseconds(steps[name]), float(products)))
    print(f"loss and gradients of a batch, {threads} thread(s), torch {torch.__version__}, "
          f"medians of {rounds} rounds")
    print(f"{'network':<20} {'batch':>5} {'ordo us':>10} {'torch us':>10} {'torch/ordo':>10} "
          f"{'products us':>11} {'over them':>9}")
    for name, row in rows.items():
        ours, peer, products = (statistics.median(column) for column in zip(*row["times"]))
        ratio = statistics.median(p / o for o, p, _ in row["times"])
        over = ("" if not products else
                f"{100 * statistics.median(o / f - 1 for o, _, f in row['times']):.0f} %")
        print(f"{name:<20} {row['batch']:>5} {ours:>10.1f} {peer:>10.1f} {ratio:>10.2f} "
              f"{products or '':>11} {over:>9}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
