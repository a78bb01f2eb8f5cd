"""Really installs the package with pip, into a folder of its own, and uses it from there."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import tools

import ordo

HAS_TRAIN = os.path.exists(os.path.join(os.path.dirname(ordo.__file__), "_built.py"))

USE = """
import os, sys
import ordo
assert ordo.__file__.startswith(sys.argv[1]), ordo.__file__
program = ordo.study._programs.find()
assert program.startswith(sys.argv[1]), program
study = ordo.study.run("lines.toml")
print(study)
try:
    import torch
except ImportError:
    sys.exit()
value = torch.zeros(3)
ordo.train.shrink_perturb_([value], 0, 1, stream=11, noise="gaussian")
print(value.tolist())
"""
SPEC = """
[study]
name = "lines"
seeds = 2

[command]
run = "%s -c 'import ordo; ordo.result(x=ordo.seed())'"

[measure]
x = "x"
"""


def run(*words, **options):
    return subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )


@tools.needs("scikit_build_core", "pip")
class Installing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def environment(self, *places):
        found = [place for place in places if place]
        return dict(os.environ, PYTHONPATH=os.pathsep.join(found), PIP_DISABLE_PIP_VERSION_CHECK="1")

    def test_pip_install_without_isolation(self):
        for program in ("cmake", "ninja"):
            if shutil.which(program) is None:
                self.skipTest("not installed: " + program)
        target = os.path.join(self.folder, "target")
        done = run(
            sys.executable, "-m", "pip", "install", "--no-build-isolation", "--no-deps", "--no-index",
            "--target", target, "-C", "cmake.define.ORDO_WERROR=" + os.environ["ORDO_WERROR"],
            tools.SOURCES, env=self.environment(tools.TOOLS),
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout[-5000:])

        installed = {
            os.path.relpath(os.path.join(place, name), target)
            for place, _, names in os.walk(os.path.join(target, "ordo"))
            for name in names
        }
        for name in ("py.typed", "study.py", "bin/ordo", "bin/ordo-study", "bin/ordo-store"):
            self.assertIn("ordo/" + name, installed)
        if HAS_TRAIN:
            self.assertIn("ordo/_train.pyi", installed)
            self.looks_for_nothing_elsewhere(
                [os.path.join(target, name) for name in installed if name.endswith(".so")]
            )

        with open(os.path.join(self.folder, "lines.toml"), "w", encoding="utf-8") as file:
            file.write(SPEC % sys.executable)
        use = run(
            sys.executable, "-W", "ignore", "-c", USE, target,
            cwd=self.folder, env=self.environment(target),
        )  # fmt: skip
        self.assertEqual(use.returncode, 0, use.stdout)
        self.assertIn("<ordo.Study lines: 2 of 2 cells done>", use.stdout)
        if HAS_TRAIN:
            import torch

            value = torch.zeros(3)
            ordo.train.shrink_perturb_([value], 0, 1, stream=11, noise="gaussian")
            self.assertIn(str(value.tolist()), use.stdout)
        script = run(os.path.join(target, "bin", "ordo"), "--version", env=self.environment(target))
        self.assertEqual(script.stdout, "ordo 0.1.0\n")

    def looks_for_nothing_elsewhere(self, modules):
        self.assertEqual(len(modules), 1)
        dynamic = run("readelf", "-d", modules[0]).stdout
        self.assertIn("libtorch_cpu.so", dynamic)
        self.assertNotIn("RPATH", dynamic)
        self.assertNotIn("RUNPATH", dynamic)
        symbols = run("readelf", "--dyn-syms", "-W", modules[0]).stdout
        rows = [line.split() for line in symbols.splitlines()]
        exported = {row[7] for row in rows if len(row) == 8 and row[4] == "GLOBAL" and row[6] != "UND"}
        self.assertIn("PyInit__train", exported)
        own = {name for name in exported if name.startswith("_ZN4ordo6python")}
        rooms = {name for name in exported - own if name.startswith(("_ZN4ordo", "_ZNK4ordo"))}
        self.assertEqual(rooms, set())

    def test_the_source_distribution_holds_what_a_build_needs(self):
        made = run(
            sys.executable, "-c",
            "import sys; from scikit_build_core.build import build_sdist; build_sdist(sys.argv[1])",
            self.folder, cwd=tools.SOURCES, env=self.environment(tools.TOOLS),
        )  # fmt: skip
        self.assertEqual(made.returncode, 0, made.stdout)
        archive = os.path.join(self.folder, "ordo-0.1.0.tar.gz")
        listed = set(run("tar", "tzf", archive).stdout.splitlines())
        for top in ("ordo", "apps", "cmake", "python/ordo", "python/native", "web/dist"):
            for place, _, names in os.walk(os.path.join(tools.SOURCES, top)):
                for name in names:
                    path = os.path.relpath(os.path.join(place, name), tools.SOURCES)
                    kept = path.endswith((".h", ".cpp", ".inc", ".cmake", "CMakeLists.txt", ".pyi"))
                    if (kept and not path.endswith("_test.cpp")) or top == "web/dist":
                        self.assertIn("ordo-0.1.0/" + path, listed)
        self.assertLess(os.path.getsize(archive), 5e6)


if __name__ == "__main__":
    unittest.main()
