"""Times training in plain PyTorch, and in `ordo train run` in turns with it.

  peer.py [--ordo build/release/bin/ordo-train] [--rounds 5] [--threads 1] [--compile] [--json]

The peer is the fastest plain loop we know how to write: examples resident in one tensor, an epoch a
`randperm` cut into batches gathered by index, the fused optimizer, gradients set to None, no
DataLoader, no metrics. `measured` also keeps the mean loss and the accuracy of each epoch, as
`ordo train` does; `compiled` is the same loop on torch.compile's network. Both train the same
networks on the same drawn examples until about a second is over. Images a second are medians over
rounds, a ratio the median of the rounds' ratios. With one thread, seconds are the processor's, so
that other work on the machine counts less (of `ordo train`, the difference between a long and a
short training, which leaves out how it starts and ends); else they are the clock's.
"""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "ordo/nets"))
import pytorch_nets  # noqa: E402

EXAMPLES = 12_800
NETWORKS = [  # name, spec, batch, what `ordo train --model` calls it
    ("mlp 784-256-10", {"name": "mlp", "options": {"hidden": [256]}, "input": [784]}, 64,
     "mlp:hidden=[256]"),
    ("mlp 64-20-10", {"name": "mlp", "options": {"hidden": [20]}, "input": [64]}, 32,
     "mlp:hidden=[20]"),
    ("cnn 1-8-16", {"name": "cnn", "input": [1, 28, 28]}, 128, "cnn"),
]
OPTIMIZERS = {"sgd": (torch.optim.SGD, 0.01), "adam": (torch.optim.Adam, 0.001)}


def drawn_examples(shape):
    """Ten classes around centres of their own, so that training has something to learn."""
    generator = torch.Generator().manual_seed(1)
    labels = torch.arange(EXAMPLES) % 10
    centres = torch.randn(10, *shape, generator=generator)
    return centres[labels] + torch.randn(EXAMPLES, *shape, generator=generator), labels


class Loop:
    """One network and its optimizer; `epoch` trains it once over the examples."""

    def __init__(self, spec, batch, optimizer, examples, mode):
        torch.manual_seed(1)
        net = pytorch_nets.make_net({**spec, "outputs": 10})
        make, rate = OPTIMIZERS[optimizer]
        self.optimizer = make(net.parameters(), lr=rate, fused=True)
        self.net = torch.compile(net) if mode == "compiled" else net
        self.inputs, self.labels = examples
        self.batch, self.mode = batch, mode

    def epoch(self):
        loss_sum, right = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for index in torch.randperm(len(self.labels)).split(self.batch):
            labels = self.labels[index]
            logits = self.net(self.inputs[index])
            loss = cross_entropy(logits, labels)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            if self.mode == "measured":
                loss_sum += loss.detach() * len(index)
                right += (logits.argmax(1) == labels).sum()
        return loss_sum.item(), right.item()

    def images_per_second(self, epochs, clock):
        start = clock()
        for _ in range(epochs):
            self.epoch()
        return epochs * len(self.labels) / (clock() - start)


def run_ordo(program, arguments, epochs):
    """What it reports, and the processor's seconds that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [program, "run", *arguments, "--epochs", str(epochs), "--json"]
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return json.loads(done.stdout.splitlines()[-1]), seconds


def ordo_images_per_second(program, arguments, epochs, clock):
    result, seconds = run_ordo(program, arguments, epochs)
    if clock is time.perf_counter:
        return result["examples-per-second"]
    _, start = run_ordo(program, arguments, 1)
    return EXAMPLES * (epochs - 1) / (seconds - start)


def write_examples(folder, examples):
    import numpy
    file = str(pathlib.Path(folder) / "examples.npz")
    inputs, labels = (tensor.numpy() for tensor in examples)
    few = slice(0, 10)  # an example of each class, to test on
    numpy.savez(file, x_train=inputs, y_train=labels, x_test=inputs[few], y_test=labels[few])
    return file


def epochs_of(images_per_second):
    """As many as take about a second, at least two."""
    return max(2, round(images_per_second / EXAMPLES))


def median_ratio(ours, theirs):
    return statistics.median(o / t for o, t in zip(ours, theirs))


def measure(network, optimizer, options, folder):
    name, spec, batch, model = network
    examples = drawn_examples(spec["input"])
    modes = ["plain", "measured"] + (["compiled"] if options.compile else [])
    loops = {mode: Loop(spec, batch, optimizer, examples, mode) for mode in modes}
    clock = time.process_time if options.threads == 1 else time.perf_counter
    epochs = {}
    for mode, loop in loops.items():
        loop.epoch()  # warms up, and compiles
        epochs[mode] = epochs_of(loop.images_per_second(1, clock))
    if options.ordo:
        arguments = ["--data", write_examples(folder, examples), "--scaling", "none", "--model",
                     model, "--optimizer", optimizer, "--batch-size", str(batch), "--threads",
                     str(options.threads)]
        result, _ = run_ordo(options.ordo, arguments, 2)
        epochs["ordo"] = 1 + epochs_of(result["examples-per-second"])
    rounds = {mode: [] for mode in (["ordo"] if options.ordo else []) + modes}
    for _ in range(options.rounds):
        if options.ordo:
            rounds["ordo"].append(
                ordo_images_per_second(options.ordo, arguments, epochs["ordo"], clock))
        for mode, loop in loops.items():
            rounds[mode].append(loop.images_per_second(epochs[mode], clock))
    return {"network": name, "batch": batch, "optimizer": optimizer, "threads": options.threads,
            "epochs": epochs, "torch": torch.__version__,
            "images_per_second": {mode: statistics.median(found) for mode, found in rounds.items()},
            "ordo_over": {mode: median_ratio(rounds["ordo"], rounds[mode]) for mode in modes}
            if options.ordo else {}}


def show(rows):
    modes = list(rows[0]["images_per_second"])
    print(f"images a second, {rows[0]['threads']} thread(s), torch {rows[0]['torch']}")
    ratios = [f"ordo/{mode}" for mode in rows[0]["ordo_over"]]
    print(f"{'network':<16} {'batch':>5} {'optimizer':>9} " +
          " ".join(f"{column:>13}" for column in modes + ratios))
    for row in rows:
        print(f"{row['network']:<16} {row['batch']:>5} {row['optimizer']:>9} " +
              " ".join(f"{number:>13,.0f}" for number in row["images_per_second"].values()) +
              "".join(f" {number:>13.2f}" for number in row["ordo_over"].values()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ordo", help="the program ordo-train; without it only PyTorch is timed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="time torch.compile too")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", help="networks whose name contains this")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory(prefix="ordo-bench-") as folder:
        rows = [measure(network, optimizer, options, folder)
                for network in NETWORKS if (options.only or "") in network[0]
                for optimizer in OPTIMIZERS]
    if options.json:
        print(json.dumps(rows))
    else:
        show(rows)


if __name__ == "__main__":
    main()
