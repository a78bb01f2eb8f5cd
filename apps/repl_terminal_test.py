#!/usr/bin/env python3
"""Sessions at a pseudo-terminal: repl_terminal_test.py PROGRAM [--editing]

Ctrl-C must stop what runs or cancel what is being typed, whenever it comes, and keep the session.
With --editing the program has libedit: history, completion and cursor keys are tried too.
"""
import os
import random
import sys
import tempfile
import time
import unittest

import terminal_session
from terminal_session import CTRL_C, CTRL_K, HOME, LEFT, TAB, UP

PROGRAM = sys.argv[1]
EDITING = "--editing" in sys.argv
# An entry, what it shows, and an entry that never ends.
LANGUAGES = {
    "ordo-fmc": ("[20].[22].add", "main: 42", "(*)^*"),
    "ordo-rmc": ("[forty]; [two]", "forty two", "([a])*; <b>; fail"),
}
ENTRY, SHOWN, ENDLESS = LANGUAGES[os.path.basename(PROGRAM)]


class Session(terminal_session.Session):
    def __init__(self, state, term="xterm"):
        super().__init__([PROGRAM, "repl"], state, term)

    def answers(self):
        """The session still works."""
        self.send(ENTRY + "\r")
        self.expect(SHOWN)
        self.expect("> ")


class Terminal(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.terms = ["xterm", "dumb"] if EDITING else ["dumb"]

    def tearDown(self):
        self.folder.cleanup()

    def each(self, play):
        """Plays with an editing terminal, where there is one, and with a plain one."""
        for term in self.terms:
            with self.subTest(term=term):
                session = Session(self.folder.name, term)
                play(session)
                session.answers()
                self.assertEqual(session.close(), 0)

    def test_ctrl_c_stops_what_runs(self):
        def play(session):
            session.send(":limit 0\r")
            session.expect("> ")
            session.send(ENDLESS + "\r")
            time.sleep(0.5)
            session.send(CTRL_C)
            session.expect("interrupted")
            session.expect("> ")

        self.each(play)

    def test_ctrl_c_is_never_lost(self):
        """It comes at any time around the start of an entry that would not end."""
        draw = random.Random(1)
        def play(session):
            session.send(":limit 0\r")
            session.expect("> ")
            for _ in range(40):
                session.send(ENDLESS + "\r")
                time.sleep(draw.random() * 0.004)
                session.send(CTRL_C)
                session.expect("interrupted")
                session.expect("> ")

        self.each(play)

    def test_ctrl_c_cancels_the_line(self):
        def play(session):
            session.send("[1].[broken")
            time.sleep(0.1)
            session.send(CTRL_C)
            session.expect("interrupted")
            session.expect("> ")

        self.each(play)

    def test_ctrl_c_leaves_an_open_bracket(self):
        def play(session):
            session.send("([1]\r")
            session.expect("..  ")
            session.send(CTRL_C)
            session.expect("> ")

        self.each(play)

    def test_a_file_is_loaded_first(self):
        missing = os.path.join(self.folder.name, "missing")
        pid, terminal = terminal_session.start([PROGRAM, "repl", missing], {})
        text = b""
        try:
            while piece := os.read(terminal, 4096):
                text += piece
        except OSError:
            pass
        os.close(terminal)
        self.assertIn(b"missing", text)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 5)

    @unittest.skipUnless(EDITING, "built without libedit")
    def test_lines_are_edited(self):
        session = Session(self.folder.name)
        session.send(ENTRY[1:-1] + "?" + LEFT + ENTRY[-1] + CTRL_K + HOME + ENTRY[0] + "\r")
        session.expect(SHOWN)
        session.expect("> ")
        self.assertEqual(session.close(), 0)

    @unittest.skipUnless(EDITING, "built without libedit")
    def test_history_lasts_over_sessions(self):
        session = Session(self.folder.name)
        session.answers()
        self.assertEqual(session.close(), 0)
        session = Session(self.folder.name)
        session.send(UP + "\r")
        session.expect(SHOWN)
        self.assertEqual(session.close(), 0)

    @unittest.skipUnless(EDITING, "built without libedit")
    def test_tab_completes(self):
        session = Session(self.folder.name)
        session.send(":he" + TAB + "\r")
        session.expect(":quit")
        session.expect("> ")
        session.send(":l" + TAB)  # :limit and :load
        session.expect(":limit  :load")
        session.send("o" + TAB + " " + self.folder.name + "/no" + "\r")
        session.expect("/no")
        session.expect("> ")
        session.answers()
        self.assertEqual(session.close(), 0)

    @unittest.skipUnless(EDITING, "built without libedit")
    def test_letters_beyond_ascii_are_typed(self):
        session = Session(self.folder.name)
        session.send(':λ→\r')
        session.expect("no command ':λ→'")
        self.assertEqual(session.close(), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
