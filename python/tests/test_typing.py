import ast
import inspect
import os
import re
import subprocess
import sys
import tempfile
import unittest

import tools

import ordo

PACKAGE = os.path.dirname(os.path.abspath(ordo.__file__))
HAS_TRAIN = os.path.exists(os.path.join(PACKAGE, "_built.py"))

# What a user writes; `reveal` is checked too.
USER = """
import ordo

ordo.log({"loss": 0.5}, step=1)
study: ordo.study.Study = ordo.study.run("a.toml", jobs=2, only=["x"])
verdicts: dict[str, str] = study.verdicts
try:
    pass
except ordo.InputError as error:
    code: int = error.exit_code
"""
USER_OF_TRAIN = """
import torch
import ordo

net = torch.nn.Linear(3, 2)
same: torch.nn.Linear = ordo.train.shrink_perturb_(net, 0.5, stream=ordo.train.Random(1).split("a"))
"""


def python(*words):
    places = [os.path.dirname(PACKAGE), *[place for place in [tools.TOOLS] if place]]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(places))
    environment["MYPYPATH"] = os.path.dirname(PACKAGE)
    return subprocess.run(
        [sys.executable, *words],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@tools.needs("mypy")
class Types(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.cache = os.path.join(tools.BUILD or self.folder, "mypy")

    def check(self, *words):
        options = ["--strict", "--cache-dir", self.cache, "--python-executable", sys.executable]
        # pandas' own types are in another package; without it they are unknown, not wrong.
        options += ["--ignore-missing-imports", "--no-warn-unused-ignores"]
        done = python("-m", "mypy", *options, *words)
        self.assertEqual(done.returncode, 0, done.stdout)

    def files(self):
        train = ("train", "_compiled", "_fresh", "_shrink", "_train", "_ghost", "_regime")
        return [
            os.path.join(PACKAGE, name)
            for name in os.listdir(PACKAGE)
            if name.endswith((".py", ".pyi")) and (HAS_TRAIN or name.split(".")[0] not in train)
        ]

    def test_the_package_is_strictly_typed(self):
        if not HAS_TRAIN:
            self.skipTest("built without LibTorch: ordo/train.py needs torch's types")
        self.check("-p", "ordo")

    def test_what_users_write_is_typed(self):
        path = os.path.join(self.folder, "user.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(USER)
            if HAS_TRAIN:
                file.write(USER_OF_TRAIN)
        self.check(path)

    def test_the_stubs_are_what_the_module_has(self):
        if not HAS_TRAIN:
            self.skipTest("built without LibTorch: there is no compiled part")
        # The module finds torch's libraries only where torch is loaded, so that comes first.
        begin = "import runpy, sys, torch; runpy.run_module('mypy.stubtest', run_name='__main__')"
        # What pybind11 gives every class: a metaclass, and object's __init__ where it has none.
        known = os.path.join(self.folder, "known")
        with open(known, "w", encoding="utf-8") as file:
            file.write("ordo\\._train\\.[A-Z]\\w*\nordo\\._train\\.(Draw|Regime)\\.__init__\n")
        done = python(
            "-W", "ignore", "-c", begin, "ordo._train", "--ignore-missing-stub",
            "--allowlist", known, "--ignore-unused-allowlist",
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout)


@unittest.skipUnless(HAS_TRAIN, "built without LibTorch: there is no compiled part")
class Stubs(unittest.TestCase):
    """The compiled part's stub against the signatures that its functions tell in their
    docstrings: names, order and defaults of arguments."""

    def setUp(self):
        from ordo.train import _train

        self.module = _train
        with open(os.path.join(PACKAGE, "_train.pyi"), encoding="utf-8") as file:
            self.stub = ast.parse(file.read())

    def test_every_name_is_in_both(self):
        runtime = {name for name in vars(self.module) if not name.startswith("__")}
        stubbed = {
            node.name for node in self.stub.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))
        }
        self.assertEqual(runtime, stubbed)
        for node in self.stub.body:
            if isinstance(node, ast.ClassDef):
                members = vars(getattr(self.module, node.name))
                runtime = {name for name in members if not name.startswith("_") or name == "__init__"}
                stubbed = {
                    item.name if isinstance(item, ast.FunctionDef) else item.target.id
                    for item in node.body
                    if isinstance(item, (ast.FunctionDef, ast.AnnAssign))
                }
                if "__init__" not in stubbed:
                    runtime.discard("__init__")
                self.assertEqual(runtime, stubbed, node.name)

    def test_every_signature_is_the_same(self):
        checked = 0
        for node in self.stub.body:
            members = node.body if isinstance(node, ast.ClassDef) else [node]
            owner = getattr(self.module, node.name) if isinstance(node, ast.ClassDef) else self.module
            stubbed = {}
            for item in members:
                if isinstance(item, ast.FunctionDef) and not self.is_property(item):
                    stubbed.setdefault(item.name, []).append(self.arguments_of(item))
            for name, signatures in stubbed.items():
                told = self.told(getattr(owner, name))
                self.assertEqual(sorted(signatures), sorted(told), name)
                checked += 1
        self.assertGreater(checked, 3)

    @staticmethod
    def is_property(function):
        return any(isinstance(one, ast.Name) and one.id == "property" for one in function.decorator_list)

    @staticmethod
    def arguments_of(function):
        names = [argument.arg for argument in function.args.args]
        defaults = [ast.literal_eval(value) for value in function.args.defaults]
        plain = names[: len(names) - len(defaults)]
        return [name for name in plain if name != "self"] + [
            "%s=%r" % pair for pair in zip(names[len(plain) :], defaults)
        ]

    def told(self, function):
        doc = inspect.getdoc(function) or ""
        name = function.__name__
        lines = [
            re.sub(r"^\d+\. ", "", line)
            for line in doc.splitlines()
            if re.match(r"(\d+\. )?%s\(" % re.escape(name), line)
        ]
        if len(lines) > 1:  # "name(*args, **kwargs)", then the overloads
            lines = lines[1:]
        self.assertTrue(lines, "%s has no docstring with its signature" % name)
        found = []
        for line in lines:
            call = line[len(name) + 1 : line.rindex(") ->")]
            words = re.split(r",\s*(?![^\[\]()]*[\])])", call)
            arguments = []
            for word in words:
                match = re.match(r"(\w+)(?::[^=]*)?(?:=(.*))?$", word.strip())
                if match and match.group(1) != "self":
                    default = match.group(2)
                    told = "=%r" % ast.literal_eval(default.strip()) if default else ""
                    arguments.append(match.group(1) + told)
            found.append(arguments)
        return found


if __name__ == "__main__":
    unittest.main()
