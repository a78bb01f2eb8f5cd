"""What goes wrong, by kind: the C++ library's errors, each also the Python error that fits it.

    try:
        study = ordo.study.run("mine.toml")
    except ordo.InputError as error:   # also a ValueError
        print(error)                   # file, line, column, what was expected, what came

Messages stand alone: they say what was expected, what came, where, and what to do.
"""


class Error(Exception):
    """Everything below. `exit_code` is the status with which a program of Ordo ends for it."""

    exit_code = 70


class UsageError(Error, ValueError):
    """The caller asked for something that makes no sense: a value out of range, shapes that do not
    fit."""

    exit_code = 2


class InputError(Error, ValueError):
    """Something read is malformed. The message begins with its place."""

    exit_code = 3


class NumericError(Error, ArithmeticError):
    """A computation overflowed, diverged, or met a NaN."""

    exit_code = 4


class IoError(Error, OSError):
    """A file, process or connection refused."""

    exit_code = 5


class LimitError(Error, RuntimeError):
    """A limit of time, memory, steps or budget was reached."""

    exit_code = 6


class Interrupted(Error):
    """Somebody else stopped the work. One's own Ctrl-C is a KeyboardInterrupt, as always."""

    exit_code = 130


def of_exit_code(code: int, message: str) -> Error:
    """The error that a program of Ordo means by its exit status."""
    for kind in (UsageError, InputError, NumericError, IoError, LimitError, Interrupted):
        if kind.exit_code == code:
            return kind(message)
    return Error("%s (exit status %d)" % (message, code))
