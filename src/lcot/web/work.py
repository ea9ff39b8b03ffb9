"""Long work behind the page: a verb of the command line in a process of its own, with progress, that can be ended."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lcot.errors import InputError, UnknownName
from lcot.market.companies import company, ids
from lcot.report.charts.market_outlook import charts as outlook
from lcot.report.market_text import verdict
from lcot.report.value_rows import chart_of
from lcot.report.workbook.views import SHEETS
from lcot.web import views
from lcot.web.asking import Asking

AT_ONCE = 2  # processes
KEPT = 16  # finished works whose results are still there
LONGEST = 900.0  # seconds
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SIZED, MARKET = "lcot-size.xlsx", "lcot-market.xlsx"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work: the words of its command, the file it makes, and the charts of its result."""

    title: str
    words: Callable[[Asking, str, Path], list[str]]
    file: str = ""
    charts: Callable[[Any, Path], Mapping[str, Any]] | None = None
    verdict: Callable[[Any], str] | None = None
    sheet: str = ""  # name of its workbook's maker, where the work itself makes none


def asked(asking: Asking, folder: Path) -> list[str]:
    """The question as words of `lcot compare`."""
    model = asking.model
    if asking.config is not None:
        path = folder / "config.json"
        path.write_text(json.dumps(asking.config), encoding="utf-8")
        model = str(path)
    words = [model]
    for key, value in asking.options().items():
        for one in value if isinstance(value, list) else [value]:
            words += [f"--{key.replace('_', '-')}", str(one)]
    return words


def load(asking: Asking) -> list[str]:
    """The load as a made-up one, and the target, as words of `lcot simulate` and `lcot size`."""
    rate = asking.rate or 1.0
    target = [f"speed={asking.speed:.6g}"] if asking.speed else []
    target += [f"ttft={asking.ttft:.6g}s"] if asking.ttft else []
    count = 2000
    made = f"poisson:rate={rate:.6g},input={asking.input:.0f},output={asking.output:.0f},count={count}"
    weights = ["--weights", asking.precision] if asking.precision != "native" else []
    changed = [word for text in asking.settings() for word in ("--set", text)]
    slo = ["--slo", ",".join(target)] if target else []
    return ["--synthetic", made, *slo, *weights, "--site", asking.site, *changed]


def one_system(verb: str) -> Callable[[Asking, str, Path], list[str]]:
    """Words of a verb about one system under the load asked."""

    def words(asking: Asking, system: str, folder: Path) -> list[str]:
        drawing = ["--load-svg", str(folder / "load.json")] if verb == "simulate" else ["--xlsx", str(folder / SIZED)]
        return [verb, system, asked(asking, folder)[0], *load(asking), *drawing, "--json"]

    return words


def comparison(verb: str, *more: str) -> Callable[[Asking, str, Path], list[str]]:
    """Words of a verb that takes a whole question; ``{folder}`` in ``more`` is where its file goes."""

    def words(asking: Asking, system: str, folder: Path) -> list[str]:
        only = asking.model_copy(update={"system": (system,)}) if system and verb == "sensitivity" else asking
        if verb == "sensitivity":
            only = only.model_copy(update={"draws": 128})
        return [verb, *asked(only, folder), *(part.format(folder=folder) for part in more)]

    return words


def value(company: str) -> Callable[[Asking, str, Path], list[str]]:
    """Words of `lcot value` for a company, in reverse where a value is asked about."""

    def words(asking: Asking, system: str, folder: Path) -> list[str]:
        asks = ["--market-cap", f"{asking.worth * 1e9:.12g}"] if asking.worth else []
        return ["value", company, *asks, "--json"]

    return words


KINDS = {
    "tornado": Kind(
        "Which facts move the answer",
        comparison("sensitivity", "--json"),
        charts=lambda found, _: {"tornado": views.tornado(found)},
        sheet="tornado",
    ),
    "load": Kind(
        "Latency against load",
        one_system("simulate"),
        charts=lambda _, folder: views.load(folder / "load.json"),
        sheet="load",
    ),
    "size": Kind("Fleet for this load", one_system("size"), SIZED),
    "accuracy": Kind(
        "Predicted against measured",
        lambda asking, system, folder: ["validate", "--rows", str(folder / "rows.csv"), "--json"],
        charts=lambda _, folder: {"accuracy": views.accuracy(folder / "rows.csv")},
        sheet="accuracy",
    ),
    "market": Kind(
        "The market to 2030",
        lambda asking, system, folder: [
            "market",
            "--draws",
            "32",
            "--json",
            "--xlsx",
            str(folder / MARKET),
        ],
        MARKET,
        charts=lambda found, _: outlook(found),
        verdict=verdict,
    ),
    "claims": Kind(
        "Published claims, checked",
        lambda asking, system, folder: ["claims", "--draws", "64", "--json"],
        charts=lambda found, _: views.claims(found),
        sheet="claims",
    ),
    **{
        f"value-{id}": Kind(
            f"What {company(id).name} is worth",
            value(id),
            charts=lambda found, _: {"value": chart_of(found)},
            verdict=views.worth,
            sheet="value",
        )
        for id in ids("companies")
    },
    "report": Kind("Report", comparison("report", "--out", "{folder}/lcot.html"), "lcot.html"),
    "workbook": Kind(
        "Workbook",
        comparison("compare", "--xlsx", "{folder}/lcot.xlsx"),
        "lcot.xlsx",
    ),
}


@dataclass(slots=True)
class Work:
    """One run."""

    id: str
    kind: Kind
    words: list[str]
    folder: Path
    process: subprocess.Popen[str]
    began: float
    said: list[str] = field(default_factory=list[str])
    out: list[str] = field(default_factory=list[str])
    ended: bool = False

    def state(self) -> dict[str, Any]:
        """How far it is, and its result once it is done."""
        code = self.process.poll()
        told: dict[str, Any] = {
            "id": self.id,
            "title": self.kind.title,
            "words": self.words,
            "command": "lcot " + shlex.join(self.words),
            "seconds": round(time.monotonic() - self.began, 1),
            "progress": self.said[-1] if self.said else "",
        }
        if self.ended:
            return told | {"state": "cancelled"}
        if code is None:
            return told | {"state": "running"}
        found = as_json("".join(self.out))
        if code != 0:
            message = found.get("error", {}).get("message") or (self.said[-1] if self.said else f"it ended with {code}")
            return told | {"state": "failed", "error": message}
        charts = self.kind.charts(found, self.folder) if self.kind.charts else {}
        said = self.kind.verdict(found) if self.kind.verdict else ""
        file = self.kind.file if self.kind.file and (self.folder / self.kind.file).exists() else ""
        file = file or (f"lcot-{self.kind.sheet}.xlsx" if self.kind.sheet else "")
        return told | {"state": "done", "result": found, "verdict": said, "charts": charts, "file": file}

    def path(self) -> Path:
        """The file it made, or the workbook of its rows. Raises `InputError` where it has none."""
        if self.kind.file and (self.folder / self.kind.file).is_file():
            return self.folder / self.kind.file
        if not self.kind.sheet or self.ended or self.process.poll() != 0:
            raise InputError(f"the work {self.id} has made no file")
        path = self.folder / f"lcot-{self.kind.sheet}.xlsx"
        if not path.is_file():
            found = as_json("".join(self.out))
            lines = [f"Asked: lcot {shlex.join(self.words)}", self.kind.verdict(found) if self.kind.verdict else ""]
            made = views.behind(self.kind.sheet, found, self.folder)
            SHEETS[self.kind.sheet](path, made, [line for line in lines if line])
        return path

    def end(self) -> None:
        """Stop the process and remove its files."""
        self.ended = self.ended or self.process.poll() is None
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def as_json(text: str) -> dict[str, Any]:
    """What a verb printed with --json; nothing where it printed other things."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]


class Desk:
    """The works of one page: at most `AT_ONCE` at a time, the last `KEPT` remembered."""

    def __init__(self) -> None:
        self.works: dict[str, Work] = {}
        self.lock = threading.Lock()

    def begin(self, name: str, asking: Asking, system: str) -> dict[str, Any]:
        """Start one. Raises `UnknownName` for another kind, `InputError` while too many run."""
        if name not in KINDS:
            raise UnknownName("kind of work", name, sorted(KINDS))
        with self.lock:
            running = [work for work in self.works.values() if work.process.poll() is None]
            if len(running) >= AT_ONCE:
                raise InputError(f"{len(running)} works are running; allowed: {AT_ONCE} at once; end one first")
            while len(self.works) >= KEPT:
                self.works.pop(next(iter(self.works))).end()
            folder = Path(tempfile.mkdtemp(prefix="lcot-"))
            words = KINDS[name].words(asking, system, folder)
            process = subprocess.Popen(
                [sys.executable, "-m", "lcot", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL, text=True, encoding="utf-8", errors="replace",
                env={**os.environ, "LCOT_PROGRESS": "lines"},
            )  # fmt: skip
            shown = [word.replace(str(folder), ".") for word in words]
            work = Work(secrets.token_urlsafe(9), KINDS[name], shown, folder, process, time.monotonic())
            self.works[work.id] = work
        for stream, lines in ((process.stdout, work.out), (process.stderr, work.said)):
            threading.Thread(target=read, args=(stream, lines), daemon=True).start()
        timer = threading.Timer(LONGEST, process.kill)
        timer.daemon = True
        timer.start()
        return work.state()

    def find(self, id: str) -> Work:
        """One of the works. Raises `UnknownName`."""
        if id not in self.works:
            raise UnknownName("work", id, list(self.works))
        return self.works[id]

    def close(self) -> None:
        """End all."""
        for work in self.works.values():
            work.end()


def read(stream: Any, lines: list[str]) -> None:
    """Keep what a process prints, its last 20,000 lines."""
    for line in stream:
        lines.append(line)
        del lines[:-20_000]
