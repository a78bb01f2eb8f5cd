#!/usr/bin/env python3
"""A room includes only rooms of lower floors; apps include anything; nobody includes apps.

Also: third-party headers that belong to one room's .cpp files stay out of public headers.
Exits 1 and lists file:line for every breach.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLOORS = [
    {"base"},
    {"cli", "stats", "numeric", "text", "http", "store", "report", "data", "models", "tensor"},
    {"claims", "nets", "derive"},
    {"optimize", "trial"},
    {"train"},
    {"lm"},
    {"quantize", "influence", "attend", "refine", "vision", "solve", "operator", "federate",
     "reward", "arena", "synth", "stream", "flaky", "machine", "classic"},
    {"study", "board"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
THIRD_PARTY = re.compile(r"^(fmt|nlohmann|toml\+\+|CLI|spdlog|boost|gtest|gmock)/|^(sqlite3|zlib|httplib|pcre2)\.h$")


def breaches(path: pathlib.Path):
    room = path.relative_to(ROOT / "ordo").parts[0]
    if room not in FLOOR:
        yield 0, f"the room '{room}' has no floor in cmake/check_floors.py"
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, target = match.groups()
        if quote == "<":
            if path.suffix == ".h" and THIRD_PARTY.match(target):
                yield number, f"a public header includes <{target}>; keep it in the .cpp"
            continue
        parts = target.split("/")
        if parts[0] != "ordo" or len(parts) < 3:
            yield number, f'"{target}": write "ordo/room/file.h"'
            continue
        other = parts[1]
        if other == room:
            continue
        if other not in FLOOR:
            yield number, f"the room '{other}' has no floor"
        elif FLOOR[other] >= FLOOR[room]:
            yield number, (f"'{room}' (floor {FLOOR[room]}) includes '{other}' "
                           f"(floor {FLOOR[other]}); only lower floors may be included")


def main() -> int:
    count = 0
    for path in sorted((ROOT / "ordo").rglob("*")):
        if path.suffix not in (".h", ".cpp"):
            continue
        for number, message in breaches(path):
            print(f"{path.relative_to(ROOT)}:{number}: {message}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
