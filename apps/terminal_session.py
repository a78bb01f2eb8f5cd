"""A program at a pseudo-terminal, as a person sits at it."""
import os
import pty
import re
import select
import signal
import time

CTRL_C, CTRL_D, CTRL_K, TAB = "\x03", "\x04", "\x0b", "\t"
UP, LEFT, HOME = "\x1b[A", "\x1b[D", "\x1b[1~"
PATIENCE = 60.0  # seconds; only a failure waits that long


def start(command, settings):
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.execve(command[0], command, {**os.environ, **settings})
        finally:
            os._exit(127)
    return pid, terminal


class Session:
    """A session of `command`, whose history is kept in the folder `state`."""

    def __init__(self, command, state, term="xterm", settings=None):
        self.pid, self.terminal = start(command, {
            "TERM": term, "HOME": state, "XDG_STATE_HOME": state, "LC_ALL": "C.UTF-8",
            **(settings or {})})
        self.seen = ""
        self.expect("> ")

    def send(self, text):
        os.write(self.terminal, text.encode())

    def read(self, wait):
        if not select.select([self.terminal], [], [], wait)[0]:
            return False
        try:
            piece = os.read(self.terminal, 1 << 16)
        except OSError:  # the other end is closed
            return False
        # What moves the cursor or colours is left out.
        self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", piece.decode(errors="replace"))
        return bool(piece)

    def expect(self, text):
        """Reads on until the text has come, and forgets all up to its end."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.seen:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} did not come; seen: {self.seen[-2000:]!r}")
            self.read(1.0)
        before, self.seen = self.seen.split(text, 1)
        return before

    def close(self, farewell=CTRL_D):
        """Leaves, and returns the exit status."""
        self.send(farewell)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.terminal)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)
        raise AssertionError(f"{farewell!r} did not end the session")
