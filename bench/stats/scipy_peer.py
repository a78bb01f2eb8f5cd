#!/usr/bin/env python3
"""Runs bench-stats and the same cases in SciPy, one after the other: scipy_peer.py BENCH_STATS.

Medians of 7 (of 3 where one takes over a second). SciPy is called as its documentation advises for
speed, with statistics that take an axis. Numbers that came out stand beside: exact ones are equal,
drawn ones near each other.
"""
import statistics
import subprocess
import sys
import time


def sample(size):
    return 0.3 + np.sin(np.arange(1, size + 1))


def sign_flips(values, count):
    return stats.permutation_test((values,), np.mean, permutation_type="samples", vectorized=True,
                                  alternative="greater", n_resamples=count, batch=65536,
                                  rng=np.random.default_rng(1)).pvalue


def bca(values):
    return stats.bootstrap((values,), np.mean, vectorized=True, n_resamples=10_000, method="BCa",
                           rng=np.random.default_rng(1)).confidence_interval.low


def peers():
    return {
        "sign flips, exact, n = 16": lambda: sign_flips(sample(16), np.inf),
        "sign flips, exact, n = 20": lambda: sign_flips(sample(20), np.inf),
        "sign flips, 10,000 drawn, n = 30": lambda: sign_flips(sample(30), 10_000),
        "BCa of the mean, 10,000 resamples, n = 30": lambda: bca(sample(30)),
        "Wilcoxon, exact, n = 30": lambda: stats.wilcoxon(
            sample(30), alternative="greater", method="exact").pvalue,
    }


def median_time(run):
    answer, times = run(), []
    while len(times) < (7 if not times or times[0] < 1 else 3):
        start = time.perf_counter()
        answer = run()
        times.append(time.perf_counter() - start)
    return 1e6 * statistics.median(times), answer


def main():
    lines = subprocess.run([sys.argv[1]], check=True, text=True, capture_output=True).stdout
    beside = peers() if stats else {}
    if not stats:
        print("SciPy is not importable here (pip install scipy): Ordo's times alone")
    print(f"{'case':42} {'Ordo us':>12} {'SciPy us':>12} {'ratio':>8}   answers")
    for line in lines.splitlines():
        name, ours, answer = line.split("\t")
        if name not in beside:
            print(f"{name:42} {float(ours):12,.1f} {'':12} {'':8}   {answer}")
            continue
        theirs, expected = median_time(beside[name])
        print(f"{name:42} {float(ours):12,.1f} {theirs:12,.1f} {theirs / float(ours):7,.0f}x   "
              f"{answer} {expected:.6g}")


try:
    import numpy as np
    from scipy import stats
except ImportError:
    stats = None

if __name__ == "__main__":
    main()
