"""Studies from Python: run one, read what it found into pandas.

    import ordo

    study = ordo.study.run("studies/digits.toml")     # or ordo.study.open("digits")
    study.estimates()                                 # variant, measure, n, mean, low, high
    study.claims()                                    # a row a claim: holds, fails, undecided
    study.series("accuracy")                          # the curves: variant, seed, name, step, value

The work is done by the program `ordo` (docs/study.md); this module starts it and reads what it
says. pandas is imported when a table is asked for, not before.
"""

from __future__ import annotations

import builtins
import csv
import json
import math
import os
import tempfile
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

from . import _programs, errors

if TYPE_CHECKING:
    import pandas

__all__ = ["Study", "add_seeds", "list", "open", "run"]

Path = Union[str, "os.PathLike[str]"]
Event = Dict[str, Any]


class Study:
    """A study as the store held it when this was read; `refresh` reads it again.

    `results` is the object that `ordo study show --json` prints. Tables are new on each call, and
    changing one changes nothing else."""

    name: str
    results: Dict[str, Any]

    def __init__(self, name: str, store: Path = ".ordo", *, program: Optional[Path] = None) -> None:
        self.store = os.fspath(store)
        self._program = program
        self.name = name
        self.refresh()

    def refresh(self) -> None:
        """Reads the study again: cells may have finished since."""
        answer = _look(self._program, ["study", "show", self.name, "--store", self.store])
        self.results = answer
        self.name = answer["study"]

    def __repr__(self) -> str:
        done = sum(cell["status"] == "done" for cell in self.results["cells"])
        total = len(self.results["cells"])
        claims = "".join(
            ", %s %s" % (verdict["name"], verdict["outcome"])
            for verdict in self.results["verdicts"]
        )
        return "<ordo.Study %s: %d of %d cells done%s>" % (self.name, done, total, claims)

    @property
    def complete(self) -> bool:
        """Whether every cell of the registered seeds is finished, so that claims are judged."""
        return bool(self.results["complete"])

    @property
    def verdicts(self) -> Dict[str, str]:
        """What became of each claim: "holds", "fails" or "undecided". Empty until complete."""
        return {verdict["name"]: verdict["outcome"] for verdict in self.results["verdicts"]}

    def cells(self) -> pandas.DataFrame:
        """A row a cell: cell, variant, seed, status, seconds, then `param.NAME` of each parameter
        and each measure under its own name (NaN where a cell has none)."""
        parameters = {
            variant["name"]: {"param." + name: value for name, value in _items(variant["parameters"])}
            for variant in self.results["variants"]
        }
        rows = []
        for cell in self.results["cells"]:
            row = {name: cell[name] for name in ("cell", "variant", "seed", "status")}
            row["seconds"] = _number(cell["seconds"])
            row.update(parameters.get(cell["variant"], {}))
            row.update({name: _number(value) for name, value in cell["measures"].items()})
            rows.append(row)
        return _frame(rows, ["cell", "variant", "seed", "status", "seconds"])

    def estimates(self) -> pandas.DataFrame:
        """A row a variant and measure: variant, measure, n, mean, and the ends low and high of its
        95 % interval."""
        rows = [
            {
                "variant": estimate["variant"],
                "measure": estimate["measure"],
                "n": estimate["n"],
                **{end: _number(estimate[end]) for end in ("mean", "low", "high")},
            }
            for estimate in self.results["estimates"]
        ]
        return _frame(rows, ["variant", "measure", "n", "mean", "low", "high"])

    def measures(self) -> pandas.DataFrame:
        """A row a finished cell, a column a measure; indexed by variant and seed, as
        `measures().loc["adam"]` and `measures()["accuracy"].unstack("variant")` want it."""
        names = _unique(estimate["measure"] for estimate in self.results["estimates"])
        rows = [
            {
                "variant": cell["variant"],
                "seed": cell["seed"],
                **{name: _number(cell["measures"].get(name)) for name in names},
            }
            for cell in self.results["cells"]
            if cell["status"] in ("done", "stale")
        ]
        return _frame(rows, ["variant", "seed", *names]).set_index(["variant", "seed"])

    def claims(self) -> pandas.DataFrame:
        """A row a claim: name, claim (its text), outcome, seeds_to_decide (how many more an
        undecided one is likely to need), sentence. Empty until the study is complete."""
        columns = ["name", "claim", "outcome", "seeds_to_decide", "sentence"]
        return _frame(
            [{name: verdict[name] for name in columns} for verdict in self.results["verdicts"]],
            columns,
        )

    def comparisons(self) -> pandas.DataFrame:
        """A row a tested comparison (a claim may make several): claim, comparison, outcome, n,
        left, right, estimate, low, high (its interval), bound_low, bound_high (simultaneous),
        margin, p_holds, p_fails, level, method, sentence."""
        rows = []
        for verdict in self.results["verdicts"]:
            for finding in verdict["findings"]:
                row = {"claim": verdict["name"]}
                row.update({name: finding[name] for name in ("comparison", "outcome", "n")})
                row.update({name: _number(finding[name]) for name in ("left", "right", "estimate")})
                for prefix, ends in (("", finding["interval"]), ("bound_", finding["bounds"])):
                    row[prefix + "low"] = _number(ends and ends["low"])
                    row[prefix + "high"] = _number(ends and ends["high"])
                for name in ("margin", "p_holds", "p_fails", "level"):
                    row[name] = _number(finding[name])
                row.update({name: finding[name] for name in ("method", "sentence")})
                rows.append(row)
        columns = "claim comparison outcome n left right estimate low high bound_low bound_high"
        return _frame(
            rows,
            [*columns.split(), "margin", "p_holds", "p_fails", "level", "method", "sentence"],
        )

    def series(self, *names: str) -> pandas.DataFrame:
        """Every recorded point, or those of the series named: variant, seed, name, step, value.
        For curves a column each: `.pivot_table(index="step", columns="variant", values="value")`,
        which takes the mean over seeds."""
        table = self._exported("series.csv")
        missing = [name for name in names if name not in set(table["name"])]
        if missing:
            known = ", ".join(sorted(set(table["name"]))) or "none"
            raise errors.UsageError(
                "the study '%s' has no series '%s'; it has: %s" % (self.name, missing[0], known)
            )
        if names:
            table = table[table["name"].isin(names)].reset_index(drop=True)
        return table.drop(columns="study")

    def runs(self) -> pandas.DataFrame:
        """A row a cell that ran, as `ordo store export` writes it: variant, seed, status, attempts,
        exit_status, wall_seconds, cpu_seconds, peak_memory (bytes), start, host, run, `param.NAME`
        and `result.NAME` of everything that was reported."""
        return self._exported("cells.csv").drop(columns="study")

    def log(self, variant: str, seed: int) -> str:
        """What the cell printed; in the middle of a long output bytes may be missing."""
        cell = "%s/%s/%d" % (self.name, variant, seed)
        log = _look(self._program, ["study", "log", cell, "--store", self.store])
        cut = log["bytes"] - len(log["head"].encode()) - len(log["tail"].encode())
        between = "\n[... %d bytes left out ...]\n" % cut if log["tail"] and cut > 0 else ""
        return str(log["head"] + between + log["tail"])

    def report(self, out: Optional[Path] = None) -> str:
        """Writes the self-contained HTML page and returns its path."""
        words = ["study", "report", self.name, "--store", self.store]
        if out is not None:
            words += ["--out", os.fspath(out)]
        return str(_look(self._program, words)["file"])

    def _exported(self, file: str) -> pandas.DataFrame:
        frames = _pandas()
        with tempfile.TemporaryDirectory(prefix="ordo-") as folder:
            out = os.path.join(folder, "tables")
            words = ["store", "export", out, "--store", self.store, "--study", self.name]
            _look(self._program, words)
            # Variants and series may be called "nan" or "1e3": names stay texts.
            texts = ("study", "variant", "name", "status", "host", "run")
            path = os.path.join(out, file)
            with builtins.open(path, encoding="utf-8", newline="") as lines:
                header = next(csv.reader(lines))
            absent = {name: [""] for name in header if name.startswith(("param.", "result."))}
            # Numbers come back bit by bit: from pandas 3 on by themselves.
            exact = {} if int(frames.__version__.split(".")[0]) >= 3 else {"float_precision": "round_trip"}
            return frames.read_csv(
                path,
                dtype={name: str for name in texts},
                keep_default_na=False,
                na_values={"value": ["nan"], "step": ["nan"], "exit_status": [""], **absent},
                **exact,
            )


def run(
    study: Path,
    *,
    store: Path = ".ordo",
    jobs: Optional[int] = None,
    shard: str = "",
    timeout: Optional[float] = None,
    memory: Optional[float] = None,
    retries: Optional[int] = None,
    rerun_stale: bool = False,
    rerun_failed: bool = False,
    only: Sequence[str] = (),
    on_event: Optional[Callable[[Event], None]] = None,
    program: Optional[Path] = None,
) -> Study:
    """Runs the cells that have not run yet, judges the claims, and returns the study; as
    `ordo study run`, whose options these are (docs/study.md).

    A claim that fails, or a cell, is no error: see `Study.verdicts` and `Study.cells`. `on_event`
    gets each event of the run (docs/events.md), such as {"type": "progress", "done": 3, ...}.
    Ctrl-C stops the cells cleanly and raises KeyboardInterrupt; the next `run` goes on from there.
    Raises InputError for a file that is wrong, naming line and field, UsageError, IoError."""
    words = ["study", "run", os.fspath(study), "--store", os.fspath(store)]
    for name, value in (
        ("jobs", jobs), ("timeout", timeout), ("memory", memory), ("retries", retries),
    ):  # fmt: skip
        if value is not None:
            words += ["--" + name, str(value)]
    if shard:
        words += ["--shard", shard]
    if rerun_stale:
        words.append("--rerun-stale")
    if rerun_failed:
        words.append("--rerun-failed")
    for variant in only:
        words += ["--only", variant]
    answer = _programs.call(program, words, on_event)
    return Study(answer.result["study"], store, program=program)


def add_seeds(
    count: int,
    study: Path,
    *,
    store: Path = ".ordo",
    jobs: Optional[int] = None,
    on_event: Optional[Callable[[Event], None]] = None,
    program: Optional[Path] = None,
) -> Study:
    """Runs `count` further seeds and looks again, which spends a part of alpha (docs/claims.md)."""
    words = ["study", "add-seeds", str(count), os.fspath(study), "--store", os.fspath(store)]
    if jobs is not None:
        words += ["--jobs", str(jobs)]
    answer = _programs.call(program, words, on_event)
    return Study(answer.result["study"], store, program=program)


def open(name: str, store: Path = ".ordo", *, program: Optional[Path] = None) -> Study:
    """A stored study by its name. Nothing is run, and the store is not changed."""
    return Study(name, store, program=program)


def list(
    store: Path = ".ordo", *, tag: str = "", program: Optional[Path] = None
) -> pandas.DataFrame:
    """The studies of a store, a row each: name, title, tags, seeds, and cells by status."""
    words = ["study", "list", "--store", os.fspath(store)]
    if tag:
        words += ["--tag", tag]
    rows = []
    for study in _look(program, words)["studies"]:
        row = {name: study[name] for name in ("name", "title", "tags", "seeds")}
        row.update(study["cells"])
        rows.append(row)
    return _frame(rows, ["name", "title", "tags", "seeds"])


def _look(program: Optional[Path], words: Sequence[str]) -> Dict[str, Any]:
    return _programs.call(program, words).result


def _items(parameters: Mapping[str, Any]) -> builtins.list[tuple[str, Any]]:
    """Parameters as a table can hold them: arrays and objects as JSON."""
    return [
        (name, json.dumps(value) if isinstance(value, (dict, builtins.list)) else value)
        for name, value in parameters.items()
    ]


def _number(value: Any) -> float:
    """JSON has no nan and inf: Ordo writes their names, and null for what is not there."""
    return math.nan if value is None else float(value)


def _unique(names: Any) -> List[str]:
    return builtins.list(dict.fromkeys(names))


def _frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pandas.DataFrame:
    """Rows as a table that begins with `columns`, which are there even if it is empty."""
    others = _unique(name for row in rows for name in row if name not in columns)
    return _pandas().DataFrame(rows, columns=[*columns, *others])


def _pandas() -> Any:
    try:
        import pandas
    except ImportError:
        raise ImportError(
            "tables are pandas' data frames: pip install pandas (or use Study.results, which needs "
            "none)"
        ) from None
    return pandas
