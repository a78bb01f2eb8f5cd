import builtins
import math
import os
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
from unittest import mock

import tools

import ordo

# What the cells report is known in closed form: value = rate * seed, curve value = step * rate.
SCRIPT = """
import ordo
rate = ordo.params()["rate"]
for step in range(3):
    ordo.log(step=step, curve=step * rate)
    ordo.log(step=step, third=(step + ordo.seed()) / 3)
ordo.log(step=0, odd=float("nan"))
ordo.result(value=rate * ordo.seed(), label="nan", bound=float("inf"))
print("seed", ordo.seed())
"""
SPEC = """
[study]
name = "lines"
seeds = 6
title = "Lines"

[fixed]
sizes = [3, 4]

[[variant]]
name = "flat"
rate = 0.5

[[variant]]
name = "1e1"
rate = 2.0
extra = 7

[command]
run = "{python} script.py"

[measure]
value = "value"
last = "last(curve, 1)"

[[claim]]
name = "steeper"
text = "value(1e1) > value(flat)"

[[claim]]
name = "wrong"
text = "value(1e1) < value(flat)"
"""


class Running(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.store = os.path.join(self.folder, "store")
        patch = mock.patch.dict(os.environ)
        patch.start()
        self.addCleanup(patch.stop)
        for name in [name for name in os.environ if name.startswith("ORDO_EVENTS")]:
            del os.environ[name]
        self.spec = self.write("lines.toml", SPEC.replace("{python}", sys.executable))
        self.write("script.py", SCRIPT)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))
        return path

    def run_study(self, spec=None, **options):
        return ordo.study.run(spec or self.spec, store=self.store, program=tools.PROGRAMS, **options)


class WithoutTables(Running):
    def test_runs_and_judges(self):
        study = self.run_study()
        self.assertTrue(study.complete)
        self.assertEqual(study.name, "lines")
        self.assertEqual(study.verdicts, {"steeper": "holds", "wrong": "fails"})
        self.assertEqual(len(study.results["cells"]), 12)
        self.assertEqual(
            repr(study), "<ordo.Study lines: 12 of 12 cells done, steeper holds, wrong fails>"
        )
        self.assertEqual(study.log("flat", 3), "seed 3\n")

    def test_events_are_told_on_the_way(self):
        events = []
        self.run_study(on_event=events.append, only=["flat"], jobs=1)
        progress = [event for event in events if event["type"] == "progress"]
        self.assertTrue(progress)
        self.assertEqual(progress[-1]["total"], 6)

    def test_a_part_then_the_rest(self):
        part = self.run_study(only=["flat"])
        self.assertFalse(part.complete)
        self.assertEqual(part.verdicts, {})
        events = []
        whole = self.run_study(on_event=events.append)
        self.assertTrue(whole.complete)
        again = ordo.study.open("lines", self.store, program=tools.PROGRAMS)
        self.assertEqual(again.results["verdicts"], whole.results["verdicts"])
        part.refresh()
        self.assertTrue(part.complete)

    def test_adds_seeds(self):
        self.run_study()
        more = ordo.study.add_seeds(2, "lines", store=self.store, program=tools.PROGRAMS)
        self.assertEqual(len(more.results["cells"]), 16)

    def test_writes_the_report(self):
        out = os.path.join(self.folder, "page.html")
        self.assertEqual(self.run_study().report(out), out)
        with open(out, encoding="utf-8") as page:
            self.assertIn("Lines", page.read())

    def test_a_malformed_file_is_an_input_error_with_line_and_field(self):
        wrong = self.write("wrong.toml", SPEC.replace("seeds = 6", "sedes = 6"))
        with self.assertRaisesRegex(ordo.InputError, r"wrong\.toml:\d+:\d+.*sedes"):
            self.run_study(wrong)

    def test_what_is_not_there_is_named(self):
        with self.assertRaisesRegex(ordo.Error, "nowhere"):
            ordo.study.open("x", os.path.join(self.folder, "nowhere"), program=tools.PROGRAMS)
        self.run_study(only=["flat"])
        with self.assertRaisesRegex(ordo.UsageError, "linse"):
            ordo.study.open("linse", self.store, program=tools.PROGRAMS)
        with self.assertRaises(ordo.UsageError):
            self.run_study(only=["steep"])

    def test_a_missing_program_says_what_to_do(self):
        with mock.patch.dict(os.environ, {"PATH": self.folder}):
            with self.assertRaisesRegex(ordo.IoError, "neither in this package.*dev build"):
                ordo.study.run(self.spec, store=self.store)
        with self.assertRaisesRegex(ordo.IoError, "there is no program"):
            ordo.study.run(self.spec, program=self.folder)

    def test_the_program_is_found_on_the_path(self):
        path = tools.PROGRAMS + os.pathsep + os.environ["PATH"]
        with mock.patch.dict(os.environ, {"PATH": path}):
            self.assertTrue(ordo.study.run(self.spec, store=self.store).complete)

    def test_a_program_that_prints_no_json_is_an_error(self):
        fake = self.write("ordo", "#!/bin/sh\necho hello\n")
        os.chmod(fake, os.stat(fake).st_mode | stat.S_IXUSR)
        with self.assertRaisesRegex(ordo.Error, "expected lines of JSON.*hello"):
            ordo.study.run(self.spec, program=fake)

    def test_ctrl_c_stops_the_cells_and_the_study_goes_on_from_there(self):
        self.write("script.py", "import time, ordo\ntime.sleep(60 if ordo.seed() > 1 else 0)\n" + SCRIPT)
        told = threading.Event()

        def interrupt():
            told.wait(30)
            signal.raise_signal(signal.SIGINT)

        def watch(event):
            if event["type"] == "progress" and event["done"] >= 1:
                told.set()

        thread = threading.Thread(target=interrupt, daemon=True)
        thread.start()
        started = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            self.run_study(on_event=watch, jobs=1)
        thread.join()
        self.assertLess(time.monotonic() - started, 30)
        statuses = [
            cell["status"]
            for cell in ordo.study.open("lines", self.store, program=tools.PROGRAMS).results["cells"]
        ]
        self.assertIn("done", statuses)
        self.assertNotIn("running", statuses)
        still = subprocess.run(["ps", "axo", "args"], stdout=subprocess.PIPE, text=True).stdout
        self.assertNotIn(self.folder, still)
        self.write("script.py", SCRIPT)
        self.assertTrue(self.run_study(rerun_stale=True).complete)

    def test_an_exception_in_on_event_stops_the_study_too(self):
        self.write("script.py", "import time\ntime.sleep(60)\n")

        class Enough(Exception):
            pass

        def watch(event):
            raise Enough

        started = time.monotonic()
        with self.assertRaises(Enough):
            self.run_study(on_event=watch)
        self.assertLess(time.monotonic() - started, 30)

    def test_without_pandas_tables_say_so_and_results_are_there(self):
        study = self.run_study(only=["flat"])
        original = builtins.__import__

        def refuse(name, *rest, **named):
            if name == "pandas":
                raise ImportError(name)
            return original(name, *rest, **named)

        with mock.patch.object(builtins, "__import__", refuse):
            with self.assertRaisesRegex(ImportError, "pip install pandas"):
                study.cells()
        self.assertEqual(len(study.results["estimates"]), 4)


@tools.needs("pandas")
class Tables(Running):
    def setUp(self):
        super().setUp()
        self.study = self.run_study()

    def test_cells_have_their_parameters_and_measures(self):
        cells = self.study.cells()
        self.assertEqual(len(cells), 12)
        self.assertEqual(set(cells["status"]), {"done"})
        expected = cells["param.rate"] * cells["seed"]
        self.assertEqual(list(cells["value"]), list(expected))
        self.assertEqual(list(cells["last"]), list(cells["param.rate"] * 2))
        self.assertEqual(set(cells["param.sizes"]), {"[3, 4]"})
        self.assertTrue((cells["seconds"] > 0).all())

    def test_measures_are_indexed_by_variant_and_seed(self):
        measures = self.study.measures()
        self.assertEqual(measures.loc[("flat", 4), "value"], 2.0)
        side_by_side = measures["value"].unstack("variant")
        self.assertEqual(list(side_by_side["1e1"] / side_by_side["flat"]), [4.0] * 6)

    def test_estimates_agree_with_the_cells(self):
        estimates = self.study.estimates().set_index(["variant", "measure"])
        measures = self.study.measures()
        for variant in ("flat", "1e1"):
            values = measures.loc[variant]["value"]
            row = estimates.loc[(variant, "value")]
            self.assertEqual(row["n"], 6)
            self.assertAlmostEqual(row["mean"], values.mean(), places=12)
            # Student's 95 % interval for n = 6: 2.570581835636314 standard errors.
            half = 2.570581835636314 * values.std(ddof=1) / math.sqrt(6)
            self.assertAlmostEqual(row["high"] - row["mean"], half, places=9)

    def test_claims_and_comparisons(self):
        claims = self.study.claims().set_index("name")
        self.assertEqual(dict(claims["outcome"]), {"steeper": "holds", "wrong": "fails"})
        comparisons = self.study.comparisons()
        self.assertEqual(list(comparisons["claim"]), ["steeper", "wrong"])
        first = comparisons.iloc[0]
        self.assertEqual(first["n"], 6)
        self.assertAlmostEqual(first["estimate"], 1.5 * 3.5, places=12)
        self.assertLessEqual(first["low"], first["estimate"])

    def test_series_come_point_by_point(self):
        curve = self.study.series("curve")
        self.assertEqual(len(curve), 12 * 3)
        rates = curve["variant"].map({"flat": 0.5, "1e1": 2.0})
        self.assertEqual(list(curve["value"]), list(curve["step"] * rates))
        means = curve.pivot_table(index="step", columns="variant", values="value")
        self.assertEqual(list(means["1e1"]), [0.0, 2.0, 4.0])
        everything = self.study.series()
        self.assertEqual(set(everything["name"]), {"curve", "odd", "third"})
        third = self.study.series("third")
        self.assertEqual(list(third["value"]), list((third["step"] + third["seed"]) / 3))
        self.assertTrue(everything[everything["name"] == "odd"]["value"].isna().all())
        with self.assertRaisesRegex(ordo.UsageError, "no series 'curves'; it has: curve, odd, third"):
            self.study.series("curves")

    def test_runs_hold_everything_that_was_reported(self):
        runs = self.study.runs()
        self.assertEqual(len(runs), 12)
        self.assertEqual(list(runs["result.value"]), list(runs["param.rate"] * runs["seed"]))
        self.assertEqual(set(runs["variant"]), {"flat", "1e1"})
        self.assertEqual(set(runs["result.label"]), {"nan"})
        self.assertTrue((runs["result.bound"] == math.inf).all())
        self.assertEqual(set(runs["exit_status"]), {0})
        extra = runs.set_index("variant")["param.extra"]
        self.assertEqual((set(extra["1e1"]), extra["flat"].isna().all()), ({7}, True))

    def test_lists_the_studies(self):
        studies = ordo.study.list(self.store, program=tools.PROGRAMS)
        self.assertEqual(list(studies["name"]), ["lines"])
        self.assertEqual(list(studies["done"]), [12])
