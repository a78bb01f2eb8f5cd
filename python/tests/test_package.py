import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

import ordo
from ordo import errors

PACKAGE = os.path.dirname(os.path.abspath(ordo.__file__))


def run(code, *, path=None):
    """Runs a program in a Python of its own; `path` comes first among the places of modules."""
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    places = [path, os.path.dirname(PACKAGE)] if path else [os.path.dirname(PACKAGE)]
    environment["PYTHONPATH"] = os.pathsep.join(places)
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def package_without(folder, *names, **written):
    """A package `ordo` that lacks some files and has others instead."""
    place = os.path.join(folder, "ordo")
    os.mkdir(place)
    for name in os.listdir(PACKAGE):
        if name not in names and name not in written and not name.startswith("__pycache__"):
            os.symlink(os.path.join(PACKAGE, name), os.path.join(place, name))
    for name, text in written.items():
        with open(os.path.join(place, name + ".py"), "w", encoding="utf-8") as file:
            file.write(text)
    return folder


class Importing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def test_importing_ordo_loads_neither_torch_nor_pandas_nor_numpy(self):
        done = run(
            """
            import sys, ordo, ordo.study
            assert ordo.study.run
            print([name for name in ("torch", "pandas", "numpy") if name in sys.modules])
            """
        )
        self.assertEqual((done.stdout, done.stderr), ("[]\n", ""))

    def test_without_torch_reporting_and_studies_work_and_train_says_what_is_missing(self):
        self.write("torch.py", "raise ModuleNotFoundError(\"No module named 'torch'\")")
        done = run(
            """
            import ordo
            ordo.log(step=0, x=1)
            assert ordo.study.Study
            try:
                ordo.train.shrink_perturb_
            except ImportError as error:
                print(error)
            """,
            path=self.folder,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("ordo.train needs PyTorch (2.11 or newer)", done.stdout)
        self.assertIn("pip install torch", done.stdout)

    def test_without_the_compiled_part_train_says_how_to_get_it(self):
        self.write("torch.py", "__version__ = '2.13.0'")
        package_without(self.folder, "_built.py")
        done = run("import ordo.train", path=self.folder)
        self.assertIn("ImportError: this ordo has no compiled part", done.stderr)
        self.assertIn("pip install --no-build-isolation", done.stderr)

    def test_another_torch_than_built_against_is_refused_by_both_versions(self):
        self.write("torch.py", "__version__ = '2.99.1+cpu'")
        python = "%d.%d" % sys.version_info[:2]
        package_without(self.folder, _built="TORCH = '2.13.0'\nPYTHON = '%s'\n" % python)
        done = run("import ordo.train", path=self.folder)
        self.assertIn("built against torch 2.13.0 and found torch 2.99.1+cpu", done.stderr)
        self.assertIn("pip install torch==2.13.0", done.stderr)
        self.assertIn("--no-build-isolation", done.stderr)

    def test_another_python_than_built_for_is_refused(self):
        self.write("torch.py", "__version__ = '2.13.0'")
        package_without(self.folder, _built="TORCH = '2.13.0'\nPYTHON = '3.4'\n")
        done = run("import ordo.train", path=self.folder)
        self.assertIn("built for Python 3.4 and this is Python 3.", done.stderr)

    def test_the_public_names_are_there(self):
        for name in ordo.__all__:
            self.assertTrue(hasattr(ordo, name), name)
        self.assertIn("study", dir(ordo))
        with self.assertRaisesRegex(AttributeError, "no attribute 'trains'"):
            ordo.trains


class Errors(unittest.TestCase):
    def test_each_is_the_builtin_error_that_fits(self):
        for kind, builtin in (
            (ordo.UsageError, ValueError),
            (ordo.InputError, ValueError),
            (ordo.NumericError, ArithmeticError),
            (ordo.IoError, OSError),
            (ordo.LimitError, RuntimeError),
        ):
            error = kind("why")
            self.assertIsInstance(error, builtin)
            self.assertIsInstance(error, ordo.Error)
            self.assertEqual(str(error), "why")

    def test_exit_statuses_mean_errors(self):
        self.assertIsInstance(errors.of_exit_code(3, "x"), ordo.InputError)
        self.assertIsInstance(errors.of_exit_code(130, "x"), ordo.Interrupted)
        other = errors.of_exit_code(70, "x")
        self.assertIs(type(other), ordo.Error)
        self.assertEqual(str(other), "x (exit status 70)")
