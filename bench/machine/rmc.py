#!/usr/bin/env python3
"""Times the relational machine and SWI-Prolog on the same logic programs, in turns in one run.

    bench/machine/rmc.py [--bin build/release/bin] [--rounds 5]

Prints medians, of processor time on both sides, beside what is aimed for. LIPS are clause entries (ours) and inferences (SWI-Prolog's)
a second; the ratio is our time over SWI-Prolog's. Ours has the occurs check, SWI-Prolog's default has
not. 'fair' is the same program under the default search, which never starves a branch. Words, nets
and normal forms have no peer here. Exit status 1 if a target is missed.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = ["nrev30", "mul300", "splits2000", "closure", "zebra"]
REPEATED = {"splits2000": 1000}  # the file does the work that often


def numbers(command):
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return [float(word) for word in done.stdout.split()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, default=HERE / "../../build/release/bin")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    ours = arguments.bin.resolve() / "bench-machine-rmc"

    missed = []

    def judge(name, value, target, at_least=False):
        good = value >= target if at_least else value <= target
        if not good:
            missed.append(name)
        return f"target {'>=' if at_least else '<='} {target:g}: {value:.4g} {'ok' if good else 'MISSED'}"

    print(f"{'program':<12}{'ordo s':>10}{'M LIPS':>9}{'fair s':>10}{'swi s':>10}{'M LIPS':>9}"
          f"{'ratio':>8}")
    for name in PROGRAMS:
        file = HERE / "prolog" / "speed" / f"{name}.pl"
        mine, fair, theirs = [], [], []
        for _ in range(arguments.rounds):
            mine.append(numbers([ours, "prolog", file]))
            fair.append(numbers([ours, "interleave", file]))
            theirs.append(numbers(["swipl", "-O", "-q", "-g", f"bench('{file}')", "-t", "halt",
                                   "swi_bench.pl"]))
        a = statistics.median(row[0] for row in mine)
        b = statistics.median(row[0] for row in theirs)
        lips = mine[0][1] / a / 1e6
        verdict = {"nrev30": lambda: judge(name, lips, 10, at_least=True),
                   "mul300": lambda: judge(name, a, 2),
                   "splits2000": lambda: judge(name, a / REPEATED[name], 0.05),
                   "closure": lambda: judge(name, a / b, 5),
                   "zebra": lambda: judge(name, a / b, 5)}[name]()
        print(f"{name:<12}{a:>10.4f}{lips:>9.1f}{statistics.median(row[0] for row in fair):>10.4f}"
              f"{b:>10.4f}{theirs[0][1] / b / 1e6:>9.1f}{a / b:>8.2f}   {verdict}", flush=True)

    def ours_alone(what, size):
        rows = [numbers([ours, what, str(size)]) for _ in range(arguments.rounds)]
        return statistics.median(row[0] for row in rows), rows[0]

    seconds, row = ours_alone("regex", 1_000_000)
    _, longer = ours_alone("regex", 10_000_000)
    print(f"regex       {seconds:>10.4f} s for 10^6 letters, process {row[4] / 1024:.1f} MiB, "
          f"{longer[4] / 1024:.1f} MiB for 10^7   {judge('regex', seconds, 0.2)}; "
          f"memory {judge('regex memory', longer[4] / row[4], 1.05)}")
    seconds, row = ours_alone("petri", 1_000_000)
    print(f"petri       {seconds:>10.4f} s for {row[2]:.0f} markings, process "
          f"{row[4] * 1024 / row[2]:.0f} bytes a marking   {judge('petri', seconds, 5)}; "
          f"bytes {judge('petri bytes', row[3] / row[2], 200)}")
    seconds, row = ours_alone("norm", 1 << 17)
    print(f"normaliser  {seconds:>10.4f} s for {row[1]:.0f} spans   "
          f"{judge('normaliser', row[1] / seconds, 1e5, at_least=True)}")
    if missed:
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
