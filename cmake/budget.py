#!/usr/bin/env python3
"""Seconds of compiling, linking and testing by room, from ninja's log and CTest's JUnit file.

Usage: budget.py BUILD_FOLDER
"""
import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


def room_of(path: str) -> str:
    match = re.search(r"(?:^|/)(ordo|apps|bench)/([a-z]+)/", path)
    if match:
        return match.group(2) if match.group(1) == "ordo" else f"{match.group(1)}/{match.group(2)}"
    match = re.search(r"ordo_([a-z]+)_test$|fuzz_([a-z]+)_|bin/(ordo[a-z-]*)", path)
    return next((group for group in match.groups() if group), "other") if match else "other"


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    compiled, linked, tested = (collections.Counter() for _ in range(3))
    last = {}
    for line in (folder / ".ninja_log").read_text().splitlines()[1:]:
        start, end, _, output, _ = line.split("\t")
        last[output] = (int(end) - int(start)) / 1000
    for output, seconds in last.items():
        (compiled if output.endswith(".o") else linked)[room_of(output)] += seconds
    results = folder / "tests.xml"
    if results.exists():
        for case in ElementTree.parse(results).iter("testcase"):
            tested[case.get("name").split(".")[0]] += float(case.get("time", 0))
    print(f"{'room':<16}{'compile':>9}{'link':>7}{'test':>7}   (seconds)")
    for room in sorted(set(compiled) | set(linked) | set(tested)):
        print(f"{room:<16}{compiled[room]:9.1f}{linked[room]:7.1f}{tested[room]:7.1f}")


if __name__ == "__main__":
    main()
