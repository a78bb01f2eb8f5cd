#!/usr/bin/env python3
"""MB/s of real tokenizers on one thread, here and in the Python package: speed.py BENCH_TEXT TOKENIZER...

The text is some of this repository's own (prose and code) and the strings of its tests, in pieces of about
2,000 bytes. Medians of 7, one after the other in one run. `tokenizers` is called as its documentation
advises for speed, with whole batches; its threads are switched off. It always computes offsets in
encode_batch, and leaves them out in encode_batch_fast.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
CHUNK = 2000
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def repository_text():
    parts = []
    for pattern in ("*.md", "docs/*.md", "ordo/base/*.cpp", "ordo/text/*.cpp", "python/**/*.py"):
        parts += [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob(pattern))]
    strings = json.loads((ROOT / "ordo/text/golden/cases.json").read_text(encoding="utf-8"))[
        "strings"
    ]
    return "".join(parts) + "\n".join(strings) * 20


def chunks(text):
    data, pieces = text.encode(), []
    begin = 0
    while begin < len(data):
        end = min(begin + CHUNK, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end += 1
        pieces.append(data[begin:end].decode())
        begin = end
    return pieces


def median(run):
    run()
    times = []
    for _ in range(7):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main():
    try:
        from tokenizers import Tokenizer
    except ImportError:
        sys.exit("`tokenizers` is not importable here (pip install tokenizers)")
    text = repository_text()
    pieces, size = chunks(text), len(text.encode()) / 1e6
    print(f"{size:.1f} MB of text, MB/s:")
    print(
        f"{'tokenizer':40} {'Ordo':>8} {'fast':>8} {'ratio':>7}   {'offsets':>8} {'batch':>8} {'ratio':>7}   {'load s':>7} {'theirs':>7}"
    )
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        for name in sys.argv[2:]:
            ours = subprocess.run(
                [sys.argv[1], "speed", name, file.name, str(CHUNK)],
                check=True,
                capture_output=True,
                text=True,
            )
            plain, offsets, loading, tokens = ours.stdout.split()
            start = time.perf_counter()
            tokenizer = Tokenizer.from_file(name)
            their_loading = time.perf_counter() - start
            tokenizer.no_truncation()
            tokenizer.no_padding()
            count = sum(len(one.ids) for one in tokenizer.encode_batch_fast(pieces))
            fast = size / median(lambda: tokenizer.encode_batch_fast(pieces))
            batch = size / median(lambda: tokenizer.encode_batch(pieces))
            if count != int(tokens):
                sys.exit(f"{name}: {tokens} tokens, in the package {count}")
            print(
                f"{name[-40:]:40} {float(plain):8.2f} {fast:8.2f} {float(plain) / fast:6.2f}x   {float(offsets):8.2f} {batch:8.2f} "
                f"{float(offsets) / batch:6.2f}x   {float(loading):7.3f} {their_loading:7.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
