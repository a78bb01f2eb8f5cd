#!/bin/bash
# Times the calculus and its peers in one run: bench/machine/fmc.sh [build/release/bin]
set -euo pipefail
bin=${1:-build/release/bin}
"$bin/bench-machine-fmc"
python3 - <<'PY'
import statistics, sys, time
def loop():
    n, s = 10_000_000, 0
    while n > 0:
        s += n
        n -= 1
    return s
times = []
for _ in range(3):
    start = time.perf_counter()
    loop()
    times.append(time.perf_counter() - start)
print(f"CPython {sys.version.split()[0]} while loop, n = 1e7  {statistics.median(times):8.4f} s")
PY
