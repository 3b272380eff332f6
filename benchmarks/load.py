"""Visit a running app and watch its memory: `python -m benchmarks.load VISITS=500 CROWD=30`, or `make load`.

VISITS are of random lessons with random settings, a few at a time; each moves a widget or two and leaves. CROWD is how
many open a cold lesson at the same moment. The app runs in a process of its own as `make run` starts it; nothing but
the loopback address is reached. The exit status is 1 where a goal is missed.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

from streamlit import logger

from benchmarks.visitor import Visitor, some_state
from pages import LESSONS
from teaching.controls import State
from ui.server import REST

ROOT = Path(__file__).parent.parent
MOST, MOST_ADDED = 550.0, 20.0
"""MB that the process may hold at any mark, and that the second half of the visits may add."""
PAUSE = REST + 5
"""Seconds after which the process has given back what it does not need."""
AT_ONCE = 4
EVERY = 50
CROWDED = ("batches", "depth", "normalisation")
"""Lessons that compute longest when nobody has been there."""


class Server(NamedTuple):
    """The app in a process of its own, and what it says."""

    port: int
    process: subprocess.Popen
    log: Path

    def megabytes(self) -> float:
        """Return the memory that the process holds now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def complaints(self) -> list[str]:
        """Return the last lines of the tracebacks in its log."""
        return re.findall(r"^\w*Error:.*$", self.log.read_text(), re.MULTILINE)


@contextmanager
def serving() -> Iterator[Server]:
    """Start the app as `make run` does, on a free port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    command += ["--server.address=127.0.0.1", "--logger.enableRich=false"]
    with (
        tempfile.TemporaryDirectory() as folder,
        Path(folder, "log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            _wait_for(port, process)
            yield Server(port, process, Path(log.name))
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen) -> None:
    for _attempt in range(600):
        if process.poll() is not None:
            raise RuntimeError("the app does not start")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the app is not ready after a minute")


def visit(port: int, number: int) -> list[str]:
    """Open a random lesson with random settings, move a widget or two, leave; return what went wrong."""
    random = Random(number)
    lesson = LESSONS[random.choice(sorted(LESSONS))]
    visitor = Visitor(port, lesson, some_state(lesson, random))
    try:
        with visitor:
            visitor.run()
            for _move in range(random.randint(1, 2)):
                visitor.move(random)
    except Exception as error:
        visitor.errors.append(f"/{lesson.key}: {type(error).__name__} {error}")
    return visitor.errors


class Curve(NamedTuple):
    """The megabytes of the process: after every few visits, and when it has rested in the middle and at the end."""

    marks: list[float]
    half: float
    end: float

    def goals(self) -> dict[str, bool]:
        """Return what is asked of it, and whether it is so."""
        most, added = max(self.marks), self.end - self.half
        return {
            f"{most:.0f} MB at most, allowed are {MOST:.0f}": most <= MOST,
            f"{added:.0f} MB more after the second half, allowed are {MOST_ADDED:.0f}": added <= MOST_ADDED,
        }


def watch_memory(server: Server, visits: int) -> tuple[Curve, list[str]]:
    """Visit the app; return what it holds meanwhile, and what went wrong."""
    marks: list[float] = []
    errors: list[str] = []
    begin = time.monotonic()

    def note(name: str) -> float:
        now = server.megabytes()
        print(f"{name:>8}  {now:6.0f}  {time.monotonic() - begin:6.0f}", flush=True)
        return now

    def go(numbers: range) -> float:
        for first in numbers[::EVERY]:
            some = range(first, min(first + EVERY, numbers.stop))
            for wrong in executor.map(lambda number: visit(server.port, number), some):
                errors.extend(wrong)
            marks.append(note(str(some.stop)))
        time.sleep(PAUSE)
        return note("at rest")

    print(f"{'visits':>8}  {'MB':>6}  {'s':>6}")
    note("0")
    with ThreadPoolExecutor(AT_ONCE) as executor:
        half, end = go(range(visits // 2)), go(range(visits // 2, visits))
    return Curve(marks, half, end), errors


def crowd(port: int, key: str, visitors: int) -> tuple[list[float], list[str]]:
    """Let many open a lesson at the same moment; return the seconds that each waits, and what went wrong."""
    lesson = LESSONS[key]

    def one(_number: int) -> tuple[float, list[str]]:
        begin, visitor = time.monotonic(), Visitor(port, lesson, State(lesson.controls))
        try:
            with visitor:
                visitor.run()
        except Exception as error:
            visitor.errors.append(f"/{key}: {type(error).__name__} {error}")
        return time.monotonic() - begin, visitor.errors

    with ThreadPoolExecutor(visitors) as executor:
        served = list(executor.map(one, range(visitors)))
    return sorted(seconds for seconds, _ in served), [wrong for _, errors in served for wrong in errors]


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for and print it; return 1 where a goal is missed or a visit went wrong."""
    logger.set_log_level("ERROR")  # a default may ask the page, and there is none in this process
    asked = {"VISITS": 500, "CROWD": 0}
    asked |= {name: int(value) for name, value in (argument.split("=") for argument in arguments)}
    goals: dict[str, bool] = {}
    errors: list[str] = []
    for key in CROWDED if asked["CROWD"] else ():
        with serving() as server:  # a fresh one: nobody has been there
            seconds, wrong = crowd(server.port, key, asked["CROWD"])
            errors += wrong + server.complaints()
            half, last, held = seconds[len(seconds) // 2], seconds[-1], server.megabytes()
        waits = f"half of them see it after {half:.1f} s, all after {last:.1f} s"
        print(f"{asked['CROWD']} open a cold /{key}: {waits}, {held:.0f} MB", flush=True)
    if asked["VISITS"]:
        with serving() as server:
            curve, wrong = watch_memory(server, asked["VISITS"])
            errors += wrong + server.complaints()
        goals = curve.goals()
    for goal, met in goals.items():
        print(f"{goal}: {'yes' if met else 'NO'}")
    print("\n".join(dict.fromkeys(errors)) or "no errors")
    return int(bool(errors) or not all(goals.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
