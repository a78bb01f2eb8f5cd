#!/usr/bin/env python3
"""Processor time and memory that reading a file of 100 MB takes, in each language of the two machines.

    bench/machine/large.py [--bin build/release/bin] [--megabytes 100]

Each file's last line is wrong, so that it is read whole and ends with an error. Exit status 1 if the
error does not name that line.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

# Name, extension, arguments before the file, the line of number n, a wrong line.
LANGUAGES = [
    ("fmc", ".fmc", ["fmc", "check"],
     lambda n: f"d{n} := [x{n % 1000}].<y>.([y]c.c<z>.z; E{n % 100} -> [{n}].[1].add).\n", "d := [.\n"),
    ("imperative", ".imp", ["fmc", "check"],
     lambda n: f"if x{n % 1000} < {n} {{ y{n % 100} := y{n % 100} * 2 + x{n % 1000}; }}\n", "x := ;\n"),
    ("rmc", ".rmc", ["rmc", "check"],
     lambda n: f"def d{n} = new X Y. g<p(X,f(Y))>; [q(Y,c{n % 1000})]g; [X]g.\n", "def d = [.\n"),
    ("prolog", ".pl", ["rmc", "check", "--from", "prolog"],
     lambda n: f"edge(n{n}, f(X, [a, Y | Z])) :- edge(X, Y), edge(Y, Z).\n", "edge(.\n"),
]


def run(command):
    """Processor seconds, MiB at the largest, exit status and the error's text of a command."""
    child = ("import resource, subprocess, sys\n"
             "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)\n"
             "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
             "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, done.returncode)\n"
             "print(done.stderr.decode())\n")
    out = subprocess.run([sys.executable, "-c", child, *map(str, command)], capture_output=True,
                         text=True).stdout
    numbers, _, error = out.partition("\n")
    seconds, mebibytes, status = map(float, numbers.split())
    return seconds, mebibytes, int(status), error


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent / "../../build/release/bin")
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--only", choices=[name for name, *_ in LANGUAGES])
    arguments = parser.parse_args()
    program = arguments.bin.resolve() / "ordo"
    failed = False
    print(f"{'language':<12}{'MB':>6}{'lines':>10}{'seconds':>10}{'MiB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, extension, command, line, wrong in LANGUAGES:
            if arguments.only not in (None, name):
                continue
            path = pathlib.Path(folder) / f"large{extension}"
            size = lines = 0
            with open(path, "w", encoding="utf-8") as file:
                while size < arguments.megabytes * 10**6:
                    size += file.write(line(lines))
                    lines += 1
                file.write(wrong)
            seconds, mebibytes, status, error = run([program, *command, path])
            if status != 3 or not re.search(rf"large\{extension}:{lines + 1}:\d+: error:", error):
                print(f"expected an error in line {lines + 1}, got status {status}: {error[:500]}")
                failed = True
            print(f"{name:<12}{size / 1e6:>6.0f}{lines:>10}{seconds:>10.1f}{mebibytes:>8.0f}",
                  flush=True)
            path.unlink()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
