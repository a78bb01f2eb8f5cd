#!/bin/bash
# Times the calculus and its peers in one run: bench/machine/fmc.sh [build/release/bin]
set -euo pipefail
bin=${1:-build/release/bin}
"$bin/bench-machine-fmc" | tee /dev/stderr | python3 -c '
import statistics, sys, time
ours = next(float(line[35:46]) for line in sys.stdin if line.startswith("fmc sum loop"))
def loop():
    n, s = 10_000_000, 0
    while n > 0:
        s += n
        n -= 1
    return s
times = []
for _ in range(5):
    start = time.process_time()
    loop()
    times.append(time.process_time() - start)
python = statistics.median(times)
print(f"CPython {sys.version.split()[0]} while loop, n = 1e7  {python:8.4f} s   "
      f"fmc takes {ours / python:.2f} times as long")
' 2>&1
