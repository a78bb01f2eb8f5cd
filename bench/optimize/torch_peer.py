"""Times torch.optim on the cases of bench-optimize, in turns with it.

  torch_peer.py BENCH_OPTIMIZE [ROUNDS [THREADS]]

The peer steps over as many tensors as a network of that size has (4, 20, 60), with its two fast
implementations, foreach and fused (RMSprop has no fused one); `fused, flat` is the fused one over a
single tensor. A column of microseconds is the median over rounds, a ratio the median of the rounds'
ratios. `floor` is what moving a step's bytes takes at the speed of adding one tensor to another.
"""
import json
import statistics
import subprocess
import sys
import time

import torch

KINDS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
         "rmsprop": torch.optim.RMSprop, "adagrad": torch.optim.Adagrad}
TENSORS = {10_000: 4, 1_000_000: 20, 10_000_000: 60}


def microseconds(run, clock):
    def seconds(calls):
        start = clock()
        for _ in range(calls):
            run()
        return clock() - start

    calls = 1
    while seconds(calls) < 0.01:
        calls *= 2
    return statistics.median(1e6 * seconds(calls) / calls for _ in range(7))


def step_time(kind, options, size, tensors, clock, **implementation):
    parameters = [torch.randn(part.numel()).requires_grad_()
                  for part in torch.empty(size).tensor_split(tensors)]
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.numel())
    optimizer = KINDS[kind](parameters, lr=1e-6, **options, **implementation)
    return microseconds(optimizer.step, clock)


def times_of(kind, options, size, clock):
    given = (kind, options, size, TENSORS[size], clock)
    foreach = step_time(*given, foreach=True)
    if kind == "rmsprop":
        return foreach, None, None
    flat = step_time(kind, options, size, 1, clock, fused=True)
    return foreach, step_time(*given, fused=True), flat


def median(numbers):
    known = [number for number in numbers if number is not None]
    return statistics.median(known) if known else None


def shown(number, form):
    return "" if number is None else format(number, form)


def main(bench, rounds=5, threads=1):
    torch.set_num_threads(threads)
    clock = time.process_time if threads == 1 else time.perf_counter
    cases = {}
    for _ in range(rounds):
        lines = subprocess.run([bench, str(threads)], check=True, capture_output=True,
                               text=True).stdout.splitlines()
        for line in lines:
            kind, options, size, moved, ours, add = line.split("\t")
            key = (kind, options, int(size), int(moved))
            cases.setdefault(key, []).append(
                (float(ours), float(add) * int(moved) / 12,
                 *times_of(kind, json.loads(options), int(size), clock)))
    print(f"a step, {threads} thread(s), torch {torch.__version__}, medians of {rounds} rounds, in "
          f"microseconds of {'the processor' if threads == 1 else 'the clock'}")
    print(f"{'method':<22} {'parameters':>10} {'ordo':>9} {'foreach':>9} {'fused':>9} "
          f"{'fused, flat':>11} {'foreach/ordo':>12} {'fused/ordo':>10} {'GB/s':>6} "
          f"{'ordo/floor':>10}")
    for (kind, options, size, moved), measured in cases.items():
        ours, _, foreach, fused, flat = map(median, zip(*measured))
        to_foreach = median(row[2] / row[0] for row in measured)
        to_fused = median(row[3] and row[3] / row[0] for row in measured)
        over = median(row[0] / row[1] for row in measured)
        name = kind + "".join(f" {key} {value}" for key, value in json.loads(options).items())
        print(f"{name:<22} {size:>10} {ours:>9.1f} {foreach:>9.1f} {shown(fused, '.1f'):>9} "
              f"{shown(flat, '.1f'):>11} {to_foreach:>12.2f} {shown(to_fused, '.2f'):>10} "
              f"{1e-3 * size * moved / ours:>6.1f} {over:>10.2f}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
