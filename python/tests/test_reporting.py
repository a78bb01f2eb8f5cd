import array
import fractions
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

import ordo

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(ordo.__file__)))
CELL = {"key": "abc", "variant": "sgd", "seed": 3, "params": {"rate": 0.5}}


class Reporting(unittest.TestCase):
    def setUp(self):
        self.reader, self.writer = os.pipe()
        variables = {
            "ORDO_EVENTS_FD": str(self.writer),
            "ORDO_CELL": json.dumps(CELL),
            "ORDO_VARIANT": "sgd",
            "ORDO_SEED": "3",
        }
        patch = mock.patch.dict(os.environ, variables)
        patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(os.close, self.reader)

    def events(self):
        os.close(self.writer)
        with open(os.dup(self.reader), encoding="utf-8") as lines:
            text = lines.read()
        self.assertTrue(text == "" or text.endswith("\n"))
        return [json.loads(line) for line in text.splitlines()]

    def test_log_writes_one_point_of_each_series(self):
        ordo.log(step=2, acc=0.5)
        ordo.log({"val/loss": fractions.Fraction(1, 4)}, step=3)
        self.assertEqual(
            self.events(),
            [
                {"ordo": 1, "type": "metric", "name": "acc", "step": 2.0, "value": 0.5},
                {"ordo": 1, "type": "metric", "name": "val/loss", "step": 3.0, "value": 0.25},
            ],
        )

    def test_steps_count_by_themselves_for_each_series(self):
        name = "counted %d" % id(self)
        for _ in range(3):
            ordo.log({name: 1})
        self.assertEqual([event["step"] for event in self.events()], [0, 1, 2])

    def test_numbers_that_json_lacks_are_words(self):
        ordo.log(step=0, a=float("nan"), b=float("inf"), c=-float("inf"))
        self.assertEqual([event["value"] for event in self.events()], ["nan", "inf", "-inf"])

    def test_what_is_no_number_is_refused_by_name(self):
        with self.assertRaisesRegex(TypeError, "expected a number for 'acc', found list"):
            ordo.log(acc=[1, 2])
        self.assertEqual(self.events(), [])

    def test_results_keep_integers_texts_and_lists(self):
        ordo.result({"n": 7}, name="x", ok=True, list=[1, fractions.Fraction(1, 2)], none=None)
        values = self.events()[0]["values"]
        self.assertEqual(values, {"n": 7, "name": "x", "ok": True, "list": [1, 0.5], "none": None})

    def test_the_cell_is_what_the_study_said(self):
        self.assertEqual(ordo.params(), {"rate": 0.5})
        self.assertEqual((ordo.seed(), ordo.variant()), (3, "sgd"))
        self.assertEqual([cell.key for cell in ordo.cells()], ["abc"])
        os.close(self.writer)

    def test_outside_a_study_nothing_is_written(self):
        with mock.patch.dict(os.environ):
            for name in ("ORDO_EVENTS_FD", "ORDO_CELL", "ORDO_VARIANT", "ORDO_SEED"):
                del os.environ[name]
            ordo.log(acc=1)
            ordo.result(acc=1)
            self.assertEqual((ordo.params(), ordo.seed(7), ordo.cells()), ({}, 7, []))
        self.assertEqual(self.events(), [])

    def test_to_appends_to_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "events")
            ordo.to(path)
            ordo.progress(1, 2, task="t")
            ordo.to(None)
            with open(path, encoding="utf-8") as lines:
                self.assertEqual(json.loads(lines.read())["done"], 1)
        self.assertEqual(self.events(), [])

    def test_lines_of_threads_and_forks_stay_whole(self):
        def work(name):
            for step in range(200):
                ordo.log({name: step}, step=step)

        child = os.fork()
        if child == 0:
            work("child")
            os._exit(0)
        threads = [threading.Thread(target=work, args=("t%d" % i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        got = []
        reader = threading.Thread(target=lambda: got.extend(self.read_lines(800)))
        reader.start()
        for thread in threads + [reader]:
            thread.join()
        os.waitpid(child, 0)
        os.close(self.writer)
        for name in ("child", "t0", "t1", "t2"):
            steps = [event["step"] for event in got if event["name"] == name]
            self.assertEqual(steps, list(range(200)))

    def read_lines(self, count):
        with open(os.dup(self.reader), encoding="utf-8") as lines:
            return [json.loads(lines.readline()) for _ in range(count)]


class Worker(unittest.TestCase):
    """Speaks the protocol of docs/events.md with a real worker."""

    SCRIPT = """
import os, sys, ordo
count = 0
def main():
    global count
    count += 1
    print(sys.argv[1:], os.environ["X"], os.getcwd(), count, "ORDO_WORKER_FD" in os.environ)
    if sys.argv[-1] == "abort": os.abort()
    return int(sys.argv[-1])
ordo.serve(main)
"""

    def setUp(self):
        self.ours, theirs = socket.socketpair()
        environment = dict(os.environ, PYTHONPATH=PACKAGE, ORDO_WORKER_FD=str(theirs.fileno()))
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.SCRIPT, "own"],
            pass_fds=[theirs.fileno()],
            env=environment,
        )
        theirs.close()
        self.lines = self.ours.makefile("r")
        self.assertEqual(json.loads(self.lines.readline()), {"ordo": 1, "ready": True})

    def run_cell(self, number, word):
        with tempfile.TemporaryFile() as output, open(os.devnull, "r+") as nothing:
            job = {"ordo": 1, "id": number, "arguments": [word], "env": {"X": "y"}, "folder": "/"}
            rights = array.array("i", [nothing.fileno(), output.fileno()] + [nothing.fileno()] * 2)
            self.ours.sendmsg(
                [json.dumps(job).encode() + b"\n"],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)],
            )
            reply = json.loads(self.lines.readline())
            output.seek(0)
            return reply, output.read().decode()

    def test_each_cell_is_a_fork_of_the_loaded_program(self):
        for number, word in enumerate(["5", "abort", "0"]):
            reply, output = self.run_cell(number, word)
            self.assertEqual(reply["id"], number)
            self.assertEqual(reply["signal"], 6 if word == "abort" else 0)
            if word != "abort":
                self.assertEqual(reply["status"], int(word))
                self.assertEqual(output, "['own', '%s'] y / 1 False\n" % word)
        self.lines.close()
        self.ours.close()
        self.assertEqual(self.process.wait(5), 0)


if __name__ == "__main__":
    unittest.main()
