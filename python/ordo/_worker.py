"""Programs that load once and fork for each cell (docs/events.md, "Workers")."""

import array
import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from typing import Any, Callable, Dict, List, Optional

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def serve(main: Callable[[], Any]) -> None:
    """Calls main() once; or, as a worker of a study, in a fork for each cell.

    In a cell its words are appended to sys.argv, and ordo.params(), ordo.seed() its own. What main() returns
    becomes the exit status as with sys.exit. Start no thread before this call."""
    number = os.environ.get("ORDO_WORKER_FD", "")
    if not number:
        sys.exit(main())
    _Worker(socket.socket(fileno=int(number)), main).run()


class _Worker:
    def __init__(self, control: socket.socket, main: Callable[[], Any]) -> None:
        os.set_inheritable(control.fileno(), False)
        self.control = control
        self.main = main
        self.text = b""
        self.descriptors: List[int] = []
        self.child: Optional[int] = None
        self.id = 0
        self.started = 0.0
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def run(self) -> None:
        woken, waker = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(waker, False)
        self.woken, self.waker = woken, waker
        signal.set_wakeup_fd(waker)
        self.old_handler = signal.signal(signal.SIGCHLD, lambda *_: None)
        gc.freeze()  # collections in the forks then leave the shared pages shared
        self.say({"ready": True})
        while True:
            sources: List[Any] = [self.control, woken]
            ready, _, _ = select.select(sources, [], [])
            if woken in ready:
                os.read(woken, 512)
                self.reap()
            if self.control in ready and not self.receive():
                break
        self.kill_rest()

    def say(self, line: Dict[str, Any]) -> None:
        self.control.sendall(json.dumps({"ordo": 1, **line}).encode() + b"\n")

    def receive(self) -> bool:
        size = array.array("i").itemsize
        data, ancillary, _, _ = self.control.recvmsg(1 << 16, socket.CMSG_SPACE(4 * size))
        for level, kind, rights in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers = array.array("i")
                numbers.frombytes(rights[: len(rights) - len(rights) % size])
                self.descriptors = list(numbers)
        if not data:
            return False
        self.text += data
        while b"\n" in self.text:
            line, self.text = self.text.split(b"\n", 1)
            job = json.loads(line)
            if "stop" in job:
                if self.child:
                    os.killpg(self.child, signal.SIGTERM)
            else:
                self.start(job)
        return True

    def start(self, job: Dict[str, Any]) -> None:
        self.id = job["id"]
        self.started = time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            self.become(job)
        try:
            os.setpgid(child, child)  # also in the child: whoever comes first
        except OSError:
            pass
        self.child = child
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []

    def become(self, job: Dict[str, Any]) -> None:
        """The child's life; never returns."""
        status = 1
        try:
            self.libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            self.libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, self.old_handler)
            os.close(self.woken)
            os.close(self.waker)
            self.control.close()
            high = [_move_up(descriptor) for descriptor in self.descriptors]
            for target, source in enumerate(high):
                os.dup2(source, target)
                os.close(source)
            os.environ.update(job["env"])
            os.environ.pop("ORDO_WORKER_FD", None)
            os.chdir(job["folder"])
            sys.argv += job["arguments"]
            status = _status_of(self.main)
        except BaseException:
            traceback.print_exc()
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)

    def reap(self) -> None:
        while True:
            try:
                ended, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if ended == 0:
                return
            if ended == self.child:
                self.child = None
                self.kill_rest()
                self.tell_end(status, usage)

    def tell_end(self, status: int, usage: "resource.struct_rusage") -> None:
        killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        self.say(
            {
                "id": self.id,
                "status": 128 + killed_by if killed_by else os.WEXITSTATUS(status),
                "signal": killed_by,
                "wall": time.monotonic() - self.started,
                "user": usage.ru_utime,
                "system": usage.ru_stime,
                "peak_memory": usage.ru_maxrss * 1024,
            }
        )

    def kill_rest(self) -> None:
        """Kills what a cell left running; orphans are this subreaper's children."""
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] != 0:
                    continue
            except ChildProcessError:
                return
            for process in _children(os.getpid()):
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.0005)


def _move_up(descriptor: int) -> int:
    import fcntl

    high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 64)
    os.close(descriptor)
    return high


def _children(process: int) -> List[int]:
    with open("/proc/%d/task/%d/children" % (process, process)) as listed:
        return [int(word) for word in listed.read().split()]


def _status_of(main: Callable[[], Any]) -> int:
    """The exit status that sys.exit(main()) would give."""
    try:
        value = main()
    except SystemExit as stop:
        value = stop.code
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    print(value, file=sys.stderr)
    return 1
