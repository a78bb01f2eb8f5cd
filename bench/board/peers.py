"""The peers of bench-board, on the same data, in the same run.

TensorBoard serves the scalars of the 500 exported runs; timed from its start until it has them all,
and the request for all of them after that. It keeps 1,000 points of a series, so that it cannot
zoom into 10^7; the peer for windows is a reader in NumPy that unpacks the series' exact blocks.
"""
import json
import os
import pathlib
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import uuid
import zlib

FOLDER = pathlib.Path(sys.argv[1])


def row(what, seconds, size=0):
    print(f"{what:<52}{1000 * seconds:9.2f} ms {size / 1000:9.0f} kB")


def tensorboard():
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        print("TensorBoard: not installed (pip install tensorboard)")
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.monotonic()
    server = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", "--logdir", str(FOLDER / "runs"), "--port", str(port),
         "--load_fast", "false", "--reload_interval", "1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}/data/plugin/timeseries/"

    def ask(path, data=None, headers=None):
        request = urllib.request.Request(base + path, data=data, headers=headers or {})
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read()

    try:
        while True:
            if time.monotonic() - started > 300:
                print("TensorBoard: had not loaded all runs after 300 s")
                return
            try:
                scalars = json.loads(ask("tags"))["scalars"]
                if len(scalars.get("runTagInfo", {})) >= 500:
                    break
            except OSError:
                pass
            time.sleep(0.1)
        row("TensorBoard: start until all runs are there", time.monotonic() - started)
        times, size = [], 0
        requests = json.dumps([{"plugin": "scalars", "tag": "acc"}])
        for _ in range(5):
            began = time.monotonic()
            border = uuid.uuid4().hex
            body = (f'--{border}\r\nContent-Disposition: form-data; name="requests"\r\n\r\n'
                    f"{requests}\r\n--{border}--\r\n").encode()
            answer = ask("timeSeries", body,
                         {"Content-Type": f"multipart/form-data; boundary={border}"})
            times.append(time.monotonic() - began)
            size = len(answer)
        row("TensorBoard: all points of all runs, JSON", statistics.median(times), size)
    finally:
        server.kill()
        server.wait()


def columns(data, count, numpy):
    """The columns of a block (docs/store.md: The format)."""
    at = 0
    for _ in range(2):
        kind = data[at]
        at += 1
        if kind == 0:
            yield numpy.frombuffer(data, "<f8", count, at)
            at += 8 * count
        elif kind == 1:
            first, increment = numpy.frombuffer(data, "<f8", 2, at)
            yield first + increment * numpy.arange(count)
            at += 16
        else:
            size = int.from_bytes(data[at:at + 4], "little")
            planes = numpy.frombuffer(zlib.decompress(data[at + 4:at + 4 + size]), "u1")
            bits = planes.reshape(8, count).T.copy().view("<u8").ravel()
            yield numpy.bitwise_xor.accumulate(bits).view("<f8")
            at += 4 + size


def window():
    import numpy

    times, size = [], 0
    for low in (0, 4e6, 8e6):
        began = time.monotonic()
        database = sqlite3.connect(f"file:{FOLDER / 'series' / 'store.db'}?mode=ro", uri=True)
        parts = [list(columns(data, count, numpy)) for count, data in database.execute(
            "SELECT count, data FROM block WHERE level=0 ORDER BY number")]
        step = numpy.concatenate([part[0] for part in parts])
        value = numpy.concatenate([part[1] for part in parts])
        chosen = (step >= low) & (step <= low + 1e6)
        step, value = step[chosen], value[chosen]
        groups = numpy.array_split(value, 2000)
        text = json.dumps([[float(g.mean()), float(g.min()), float(g.max())] for g in groups])
        times.append(time.monotonic() - began)
        size = len(text)
    row("NumPy: a window of 10^6 out of the exact points", statistics.median(times), size)


if __name__ == "__main__":
    tensorboard()
    window()
