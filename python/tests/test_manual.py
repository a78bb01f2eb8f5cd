"""The Python of docs/python.md runs, block after block, each heading of the first level in a folder
and with variables of its own. A block that begins with `# file: NAME` is a file of the folder; what
a comment `# prints TEXT` tells is what the line before it prints."""

import contextlib
import io
import os
import re
import sys
import tempfile
import unittest
import warnings

import tools

import ordo

HAS_TRAIN = os.path.exists(os.path.join(os.path.dirname(ordo.__file__), "_built.py"))
PAGE = os.path.join(tools.SOURCES, "docs", "python.md")


def sections():
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    for part in re.split(r"(?m)^## ", text)[1:]:
        title = part.splitlines()[0]
        yield title, re.findall(r"(?ms)^```(python|toml)\n(.*?)^```$", part)


class Manual(unittest.TestCase):
    def test_every_block_runs(self):
        path = tools.PROGRAMS + os.pathsep + os.environ["PATH"]
        os.environ["PATH"] = path
        count = 0
        for title, blocks in sections():
            needed = "\n".join(code for _, code in blocks)
            with self.subTest(title):
                if "torch" in needed and not HAS_TRAIN:
                    continue
                missing = tools.missing(["pandas"] if "ordo.study" in needed else [])
                if missing:
                    self.skipTest("not installed: " + ", ".join(missing))
                count += self.run_section(blocks)
        self.assertGreater(count, 0)

    def run_section(self, blocks):
        before = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            for shared in ("data", "studies"):
                os.symlink(os.path.join(tools.SOURCES, shared), os.path.join(folder, shared))
            os.chdir(folder)
            try:
                variables = {"__name__": "__main__"}
                for kind, code in blocks:
                    named = re.match(r"# file: (\S+)\n", code)
                    if named:
                        with open(named.group(1), "w", encoding="utf-8") as file:
                            file.write(code.replace("python3 ", sys.executable + " "))
                    elif kind == "python":
                        self.run_block(code, variables)
            finally:
                os.chdir(before)
        return len(blocks)

    def run_block(self, code, variables):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(code, PAGE, "exec"), variables)
        told = re.findall(r"# prints (.*)", code)
        if told:
            self.assertEqual(printed.getvalue().splitlines(), told)


if __name__ == "__main__":
    unittest.main()
