#!/usr/bin/env python3
"""Compares what the relational machine and SWI-Prolog answer to the same logic programs.

    bench/machine/agree.py [--bin build/release/bin] [--limit 20]

Every program of bench/machine/prolog runs in both, depth first, up to `limit` answers a query. The
table says whether the answers are equal in order (and, if not, at least as multisets). Exit status
1 if any program differs.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'")
SYMBOLIC = re.compile(r"'([-+*/\\^<>=~:.?@#&$]+|\{\}|\[\])'$")


def outside_quotes(text, change):
    """Applies `change` to what stands between quoted atoms."""
    parts, at = [], 0
    for match in QUOTED.finditer(text):
        parts += [change(text[at:match.start()]), match.group(0)]
        at = match.end()
    return "".join(parts + [change(text[at:])])


def without_blanks(text):
    return outside_quotes(text, lambda part: re.sub(r"\s+", "", part))


def as_prolog(text):
    """A term of the calculus as SWI-Prolog's canonical writer has it."""
    # The translator's prime on nil, end and cons comes off before quotes are looked for.
    text = re.sub(r"(?<![\w'])(nil|end|cons)('+)(?![\w'])",
                  lambda m: m.group(1) + m.group(2)[1:], text)
    parts, at = [], 0
    for match in QUOTED.finditer(text):
        symbol = SYMBOLIC.match(match.group(0))
        parts += [re.sub(r"\s+", "", text[at:match.start()]),
                  symbol.group(1) if symbol else match.group(0)]
        at = match.end()
    return "".join(parts + [re.sub(r"\s+", "", text[at:])])


def ours(program, file, limit):
    done = subprocess.run([program, "rmc", "run", "--from", "prolog", file, "--search", "dfs",
                           "--max-answers", str(limit), "--json"], capture_output=True, text=True)
    if done.returncode not in (0, 1, 6):
        return None, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    results = next(line["results"] for line in lines if "results" in line)
    return [[tuple(sorted((name, as_prolog(value)) for name, value in answer["bindings"].items()))
             for answer in result["answers"]] for result in results], ""


def theirs(file, limit, queries):
    done = subprocess.run(["swipl", "-q", "-g", f"answers('{file}', {limit})", "-t", "halt",
                           "swi_answers.pl"], cwd=HERE, capture_output=True, text=True)
    found = [[] for _ in range(queries)]
    for line in done.stdout.splitlines():
        number, _, rest = line.partition("|")
        bindings = [part.split(" = ", 1) for part in rest.split("; ") if part]
        found[int(number) - 1].append(
            tuple(sorted((name, without_blanks(value)) for name, value in bindings)))
    return found, done.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, default=HERE / "../../build/release/bin")
    parser.add_argument("--limit", type=int, default=20)
    arguments = parser.parse_args()
    program = arguments.bin.resolve() / "ordo"
    version = subprocess.run(["swipl", "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{version}; at most {arguments.limit} answers a query")
    print(f"{'program':<24}{'queries':>8}{'answers':>8}  agreement")
    totals = collections.Counter()
    for file in sorted((HERE / "prolog").glob("*.pl")):
        mine, problem = ours(program, file, arguments.limit)
        if mine is None:
            print(f"{file.stem:<24}  failed: {problem.strip()}")
            totals["differs"] += 1
            continue
        reference, problem = theirs(file, arguments.limit, len(mine))
        verdict = "same order"
        if mine != reference:
            same = all(collections.Counter(a) == collections.Counter(b)
                       for a, b in zip(mine, reference))
            verdict = "same multiset" if same and not problem else "DIFFERS " + problem.strip()
            for a, b in zip(mine, reference):
                if a != b:
                    print(f"  ordo {a}\n  swi  {b}")
        totals["differs" if verdict.startswith("DIFFERS") else verdict] += 1
        totals["programs"] += 1
        totals["answers"] += sum(map(len, mine))
        print(f"{file.stem:<24}{len(mine):>8}{sum(map(len, mine)):>8}  {verdict}")
    print(f"{totals['programs']} programs, {totals['answers']} answers: {totals['same order']} in "
          f"the same order, {totals['same multiset']} as multisets, {totals['differs']} differ")
    sys.exit(1 if totals["differs"] else 0)


if __name__ == "__main__":
    main()
