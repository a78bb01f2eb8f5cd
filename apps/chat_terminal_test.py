#!/usr/bin/env python3
"""Conversations at a pseudo-terminal: chat_terminal_test.py PROGRAM [--editing]

`ordo lm chat` with a server that says each piece of its answer when the test lets it, and with a toy
model. Answers must come as they are written; Ctrl-C must stop them and keep the conversation.
"""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

import terminal_session
from terminal_session import CTRL_C, PATIENCE, UP

PROGRAM = sys.argv[1]
EDITING = "--editing" in sys.argv
QUIET = {"OMP_WAIT_POLICY": "passive"}


class Server(http.server.ThreadingHTTPServer):
    """Answers with "The <first word>", then, when `more` is set, with the other words."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.more = threading.Event()
        self.requests = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def piece(self, text, end=None):
        data = {"choices": [{"delta": {"content": text}, "finish_reason": end}]}
        self.wfile.write(b"data: " + json.dumps(data).encode() + b"\n\n")
        self.wfile.flush()

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(request)
        first, *others = request["messages"][-1]["content"].split()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            self.piece(f"The {first}")
            self.server.more.wait(PATIENCE)
            for word in others:
                self.piece(f" {word}")
            self.piece(".", "stop")
        except OSError:
            pass  # nobody listens any more


def run(*arguments):
    done = subprocess.run([PROGRAM, *arguments, "--threads", "1"], capture_output=True, check=True,
                          env={**os.environ, **QUIET}, stdin=subprocess.DEVNULL)
    return done.stdout


def result_of(*arguments):
    return json.loads(run(*arguments, "--json").splitlines()[-1])


class AtAServer(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.server = Server()
        self.command = [PROGRAM, "chat", "--endpoint", self.server.url(), "--model", "m"]

    def tearDown(self):
        self.server.more.set()
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def each(self, play, *more):
        """Plays with an editing terminal, where there is one, and with a plain one."""
        for term in ["xterm", "dumb"] if EDITING else ["dumb"]:
            with self.subTest(term=term):
                self.server.more.clear()
                self.server.requests.clear()
                session = terminal_session.Session([*self.command, *more], self.folder.name, term)
                play(session)
                self.assertEqual(session.close(), 0)

    def test_answers_come_as_they_are_written(self):
        def play(session):
            session.send("größte Katze schläft\r")
            session.expect("The größte")
            self.server.more.set()
            session.expect(" Katze schläft.\r\n> ")
            session.send("and then\r")
            session.expect("The and then.\r\n> ")
            self.assertEqual([message["role"] for message in self.server.requests[1]["messages"]],
                             ["user", "assistant", "user"])

        self.each(play)

    def test_ctrl_c_stops_the_answer_only(self):
        def play(session):
            session.send("cat sleeps\r")
            session.expect("The cat")
            session.send(CTRL_C)
            session.expect("interrupted\r\n> ")
            self.server.more.set()
            session.send("dog barks\r")
            session.expect("The dog barks.\r\n> ")
            contents = [message["content"] for message in self.server.requests[-1]["messages"]]
            self.assertEqual(contents, ["cat sleeps", "The cat", "dog barks"])

        self.each(play)

    def test_ctrl_c_cancels_the_line(self):
        def play(session):
            session.send("unsaid")
            session.expect("unsaid")
            session.send(CTRL_C)
            session.expect("interrupted\r\n> ")
            self.assertEqual(self.server.requests, [])

        self.each(play)

    def test_commands(self):
        file = pathlib.Path(self.folder.name) / "talk.json"

        def play(session):
            self.server.more.set()
            session.send("/help\r")
            session.expect("/save FILE")
            session.expect("/quit")
            session.expect("> ")
            session.send("cat sleeps\r")
            session.expect("The cat sleeps.\r\n> ")
            session.send(f"/save {file}\r")
            session.expect("saved 2 messages")
            session.expect("> ")
            session.send("/reset\r")
            session.expect("forgotten\r\n> ")
            session.send("dog barks\r")
            session.expect("The dog barks.\r\n> ")
            self.assertEqual(len(self.server.requests[-1]["messages"]), 1)

        self.each(play)
        self.assertEqual(json.loads(file.read_text()),
                         [{"role": "user", "content": "cat sleeps"},
                          {"role": "assistant", "content": "The cat sleeps."}])

    def test_a_conversation_goes_on(self):
        file = pathlib.Path(self.folder.name) / "talk.json"
        file.write_text(json.dumps([{"role": "user", "content": "a"},
                                    {"role": "assistant", "content": "b"}]))

        def play(session):
            self.server.more.set()
            session.send("c\r")
            session.expect("The c.\r\n> ")
            session.send("/save\r")
            session.expect("messages to")
            session.expect("> ")

        self.each(play, "--conversation", str(file))
        kept = [message["content"] for message in json.loads(file.read_text())]
        self.assertEqual(kept[:4], ["a", "b", "c", "The c."])

    @unittest.skipUnless(EDITING, "built without libedit")
    def test_quit_ends_and_history_lasts(self):
        session = terminal_session.Session(self.command, self.folder.name)
        self.server.more.set()
        session.send("cat sleeps\r")
        session.expect("The cat sleeps.\r\n> ")
        self.assertEqual(session.close("/quit\r"), 0)
        session = terminal_session.Session(self.command, self.folder.name)
        session.send(UP + UP + "\r")
        session.expect("The cat sleeps.\r\n> ")
        self.assertEqual(session.close(), 0)

    def test_pipes_get_pieces_too(self):
        asked = subprocess.Popen([*self.command, "größte Katze"], stdout=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL)
        expected = "The größte".encode()
        self.assertEqual(asked.stdout.read(len(expected)), expected)
        self.server.more.set()
        self.assertEqual(asked.stdout.read().decode(), " Katze.\n")
        self.assertEqual(asked.wait(PATIENCE), 0)
        asked.stdout.close()


class WithAToy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        text = pathlib.Path(cls.folder.name) / "text.txt"
        text.write_text("Größe und Güte, naïve Käse: 東京 ist weit.\n" * 200)
        cls.model = str(pathlib.Path(cls.folder.name) / "toy")
        run("train", str(text), "--hidden", "16", "--layers", "1", "--heads", "1", "--vocabulary",
            "270", "--window", "16", "--batch", "4", "--steps", "5", "--out", cls.model)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_shows_what_json_says(self):
        """Bytes of a vocabulary of bytes, drawn at random: characters that are cut, and broken."""
        options = ["--model", self.model, "--max-tokens", "60", "--temperature", "1.5", "--overflow",
                   "slide", "--stop", "ä!", "--stop", "e "]
        for seed in range(3):
            written = ["generate", "Größe", *options, "--seed", str(seed)]
            text = result_of(*written)["texts"][0]["text"]
            self.assertEqual(run(*written), f"Größe{text}\n".encode())
            said = ["chat", "Größe", "Güte", "--template", "chatml", *options, "--seed", str(seed)]
            messages = result_of(*said)["messages"]
            self.assertEqual(run(*said), "".join(
                message["content"] + "\n" for message in messages[1::2]).encode())

    def test_ctrl_c_stops_the_answer_only(self):
        session = terminal_session.Session(
            [PROGRAM, "chat", "--model", self.model, "--template", "chatml", "--overflow", "slide",
             "--max-tokens", "16000000", "--threads", "1"], self.folder.name, "dumb", QUIET)
        for _ in range(3):
            session.send("Größe\r")
            session.expect("\r\n")
            while not session.seen:
                session.read(1.0)
            session.send(CTRL_C)
            session.expect("interrupted\r\n> ")
        self.assertEqual(session.close(), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
