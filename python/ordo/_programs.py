"""Where the programs of Ordo are, and how one is run from Python."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence, Union

from . import errors

Path = Union[str, "os.PathLike[str]"]

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin")


def find(program: Optional[Path] = None) -> str:
    """The program `ordo`: the one named (or the one in the folder named), else the one that came
    with this package, else the one on the PATH. Raises errors.IoError."""
    if program is not None:
        path = os.fspath(program)
        if os.path.isdir(path):
            path = os.path.join(path, "ordo")
        found = shutil.which(path)
        if found is None:
            raise errors.IoError("there is no program '%s'" % path)
        return found
    packaged = os.path.join(_FOLDER, "ordo")
    if os.access(packaged, os.X_OK):
        return packaged
    found = shutil.which("ordo")
    # The script that pip makes only starts the packaged program, which is not there.
    if found is None or os.path.dirname(os.path.abspath(found)) == os.path.dirname(sys.executable):
        raise errors.IoError(
            "the program 'ordo' is neither in this package (%s) nor on the PATH. Build it with "
            "'./dev build' and put build/release/bin on the PATH or name it by program=..., or "
            "install the package with its programs: pip install ." % _FOLDER
        )
    return found


class Answer(NamedTuple):
    """What a program said in the end."""

    status: int
    result: Dict[str, Any]


def call(
    program: Optional[Path],
    words: Sequence[str],
    on_event: Optional[Callable[[Dict[str, Any]], None]] = None,
) -> Answer:
    """Runs `ordo WORDS --json` and returns its result; status 1 is an answer too. Events on the way
    go to `on_event`. Ctrl-C, and whatever `on_event` raises, stop the program cleanly first. Raises
    the errors that its other exit statuses mean."""
    command = [find(program), *words, "--json"]
    environment = dict(os.environ)
    environment.pop("ORDO_EVENTS_FD", None)  # what a study gave to this process is not meant for it
    last: Dict[str, Any] = {}
    with tempfile.TemporaryFile() as notes:
        # A session of its own: Ctrl-C comes here alone, and is passed on once.
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=notes,
            env=environment,
            start_new_session=True,
        )
        assert child.stdout is not None
        try:
            for line in child.stdout:
                try:
                    last = json.loads(line)
                except ValueError:
                    raise errors.Error(
                        "expected lines of JSON from '%s', found %r" % (" ".join(command), line)
                    ) from None
                if on_event is not None and "ordo" in last:
                    on_event(last)
            status = child.wait()
        except BaseException:
            _stop(child)
            raise
        finally:
            child.stdout.close()
        if status in (0, 1):
            return Answer(status, last)
        notes.seek(0)
        said = notes.read().decode("utf-8", "replace").strip()
        raise errors.of_exit_code(status, str(last.get("error", "")) or said)


def _stop(child: "subprocess.Popen[bytes]") -> None:
    """Asks for a clean stop and waits for it; being interrupted again ends the program at once."""
    for request in (signal.SIGINT, signal.SIGKILL):
        try:
            child.send_signal(request)
            while child.poll() is None:  # what it still writes must not block it
                assert child.stdout is not None
                if not child.stdout.read(1 << 16):
                    child.wait()
            return
        except KeyboardInterrupt:
            continue



def main() -> None:
    """The script `ordo` of an installed package: becomes the program."""
    program = os.path.join(_FOLDER, "ordo")
    if not os.access(program, os.X_OK):
        sys.exit("ordo: this package was installed without its programs; see 'ordo.study' in its manual")
    os.execv(program, ["ordo", *sys.argv[1:]])
