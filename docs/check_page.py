#!/usr/bin/env python3
"""Tests a page of the manual: its commands run, its option tables and its links are true.

    check_page.py --bin build/release/bin docs/study.md            test
    check_page.py --bin build/release/bin --update docs/study.md   write the option tables anew

In a fenced block that begins with ```console, lines that begin with "$ " are commands. They run in
order, all blocks of a page in one fresh folder that shows the repository's data/, studies/ and
docs/. A command must exit with 0, or with N where it ends with "# exit N"; a line that ends with a
backslash goes on in the next. Other lines are illustrative, unless the block begins with
```console exact: then the output must be equal. A block ```FILE name shows a file: it is written
into the folder before the commands after it run.

Between `<!-- options: VERB COMMAND -->` and `<!-- end -->` stands the table that
`ordo VERB --describe markdown` prints for that command.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w+)(?: +([^\n]*))?\n(.*?)^```\s*$", re.M | re.S)
OPTIONS = re.compile(r"<!-- options: (\S+)(?: ([\w -]+))? -->\n(.*?)<!-- end -->", re.S)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


class Failure(Exception):
    pass


def commands_of(block):
    """Pairs of a command and the output lines shown under it."""
    found = []
    lines = iter(block.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = command[:-1] + next(lines).lstrip("> ")
            found.append((command, []))
        elif found:
            found[-1][1].append(line)
    return found


def run(command, shown, exact, folder, environment):
    expected = 0
    match = re.search(r"\s*# exit (\d+)\s*$", command)
    if match:
        expected, command = int(match.group(1)), command[: match.start()]
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=500)
    if done.returncode != expected:
        raise Failure(f"$ {command}\nexit {done.returncode}, expected {expected}\n"
                      f"{done.stdout}{done.stderr}")
    if exact and done.stdout.strip() != "\n".join(shown).strip():
        raise Failure(f"$ {command}\nprinted\n{done.stdout}\nthe page shows\n" + "\n".join(shown))


def check_commands(page, text, environment):
    with tempfile.TemporaryDirectory(prefix="ordo-docs-") as name:
        folder = pathlib.Path(name)
        for shared in ("data", "studies", "docs", "python"):
            (folder / shared).symlink_to(ROOT / shared)
        environment["HOME"] = name
        count = 0
        for kind, argument, block in FENCE.findall(text):
            if kind == "FILE":
                target = folder / argument.strip()
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block)
            elif kind == "console":
                for command, shown in commands_of(block):
                    run(command, shown, argument.strip() == "exact", folder, environment)
                    count += 1
        print(f"{page.name}: {count} commands ran")


def described_table(binaries, verb, command, environment):
    text = subprocess.run([str(binaries / "ordo"), verb, "--describe", "markdown"], text=True,
                          env=environment, capture_output=True, check=True).stdout
    title = f"### `ordo {verb}{' ' + command if command else ''}`"
    for section in re.split(r"(?m)^(?=### )", text):
        if section.startswith(title + "\n"):
            return "\n".join(line for line in section.splitlines() if line.startswith("|")) + "\n"
    raise Failure(f"'ordo {verb} --describe markdown' has no section {title}")


def check_options(page, text, binaries, environment, update):
    def table(match):
        verb, command, shown = match.groups()
        true = described_table(binaries, verb, command, environment)
        if not update and shown.strip() != true.strip():
            raise Failure(f"the options of 'ordo {verb} {command or ''}' are stale; run\n"
                          f"  docs/check_page.py --update --bin BIN {page}\nthey are\n{true}")
        return match.group(0).replace(shown, true) if shown else match.group(0).replace(
            "<!-- end -->", true + "<!-- end -->")

    fresh = OPTIONS.sub(table, text)
    if update and fresh != text:
        page.write_text(fresh)


def check_links(page, text):
    for target in LINK.findall(FENCE.sub("", text)):
        if not re.match(r"\w+:", target) and not (page.parent / target).exists():
            raise Failure(f"the link to '{target}' leads nowhere")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("page", type=pathlib.Path)
    arguments = parser.parse_args()
    binaries = arguments.bin.resolve()
    environment = dict(os.environ, PATH=f"{binaries}:{os.environ['PATH']}", NO_COLOR="1")
    text = arguments.page.read_text()
    try:
        check_links(arguments.page, text)
        check_options(arguments.page, text, binaries, environment, arguments.update)
        if not arguments.update:
            check_commands(arguments.page, text, environment)
    except Failure as failure:
        print(f"{arguments.page}: {failure}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
