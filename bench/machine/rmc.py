#!/usr/bin/env python3
"""Times the relational machine and SWI-Prolog on the same logic programs, in turns in one run.

    bench/machine/rmc.py [--bin build/release/bin] [--rounds 5]

Prints medians. LIPS are clause entries (ours) and inferences (SWI-Prolog's) a second; the ratio is
our time over SWI-Prolog's. Ours has the occurs check, SWI-Prolog's default has not. Words and nets
have no peer here.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = ["nrev30", "mul300", "splits2000", "closure", "zebra"]


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

    print(f"{'program':<12}{'ordo s':>10}{'M LIPS':>9}{'swi s':>10}{'M LIPS':>9}{'ratio':>8}")
    for name in PROGRAMS:
        file = HERE / "prolog" / "speed" / f"{name}.pl"
        mine, theirs = [], []
        for _ in range(arguments.rounds):
            mine.append(numbers([ours, "prolog", file]))
            theirs.append(numbers(["swipl", "-O", "-q", "-g", f"bench('{file}')", "-t", "halt",
                                   "swi_bench.pl"]))
        a = statistics.median(row[0] for row in mine)
        b = statistics.median(row[0] for row in theirs)
        print(f"{name:<12}{a:>10.4f}{mine[0][1] / a / 1e6:>9.1f}{b:>10.4f}"
              f"{theirs[0][1] / b / 1e6:>9.1f}{a / b:>8.2f}")

    for what, size in (("regex", 1_000_000), ("petri", 1_000_000)):
        rows = [numbers([ours, what, str(size)]) for _ in range(arguments.rounds)]
        seconds = statistics.median(row[0] for row in rows)
        print(f"{what:<12}{seconds:>10.4f} s   {rows[0][2]:.0f} answers, "
              f"heap {rows[0][3] / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
