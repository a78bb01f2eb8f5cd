"""What the tests themselves want: the build's programs, and packages that ./dev fetched for them."""

import importlib.util
import os
import sys
import unittest

BUILD = os.environ.get("ORDO_BUILD", "")
PROGRAMS = os.path.join(BUILD, "bin")
SOURCES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.environ.get("ORDO_PYTHON_TOOLS", "")

if os.path.isdir(TOOLS) and TOOLS not in sys.path:
    sys.path.append(TOOLS)


def missing(packages):
    return [name for name in packages if importlib.util.find_spec(name) is None]


def needs(*packages):
    """Skips a test or a class of them unless the packages can be imported."""
    lacking = missing(packages)
    return unittest.skipIf(
        lacking, "not installed: %s ('./dev test' fetches it)" % ", ".join(lacking)
    )
