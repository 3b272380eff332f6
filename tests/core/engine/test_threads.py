"""One set of threads for all: it keeps the order, takes turns, and releases the interpreter while kernels run."""

import threading
from time import sleep

import numpy as np
import pytest

import core.engine.descend_many
from core import descend, descend_many
from core.engine.threads import Threads, threads


def test_process_has_one_set_of_threads():
    assert threads() is threads()


def test_map_keeps_the_order_of_its_pieces():
    with Threads(3) as pool:
        found = list(pool.map(lambda k: (sleep(0.01 * (k % 3)), k)[1], range(20)))
    assert found == list(range(20))


def test_error_of_a_piece_reaches_the_caller_and_the_rest_is_left_out():
    begun = []

    def work(k):
        begun.append(k)
        return 1 / (k - 2)

    with Threads(1) as pool, pytest.raises(ZeroDivisionError):
        list(pool.map(work, range(100)))
    assert len(begun) < 10


def test_second_caller_waits_for_few_pieces_of_the_first():
    """All pieces of a long map queued at once would come before any of a short one."""
    done, first_runs = [], threading.Event()

    def long(k):
        first_runs.set()
        sleep(0.005)
        done.append(k)

    with Threads(2) as pool:
        caller = threading.Thread(target=lambda: list(pool.map(long, range(60))))
        caller.start()
        first_runs.wait()
        list(pool.map(lambda k: k, range(2)))
        before = len(done)
        caller.join()
    assert before <= 8


def test_one_run_is_answered_while_the_threads_are_busy_with_a_map():
    """A run in the caller's thread takes its turns: no chunk holds the interpreter, none lasts for long."""
    starts = np.random.default_rng(0).uniform(-2, 2, (2, 400 * 400))
    descend("levy13", "momentum", steps=1)
    begun = threading.Event()
    busy = threading.Thread(
        target=lambda: descend_many(
            "levy13", "momentum", starts, 500, executor=threads(), progress=lambda _done: begun.set()
        )
    )
    busy.start()
    begun.wait()
    answers = 0
    while busy.is_alive():
        descend("levy13", "momentum", steps=500)
        answers += 1
    assert answers > 3


def test_long_runs_come_in_smaller_chunks(monkeypatch):
    seen = []
    monkeypatch.setattr(core.engine.descend_many, "CHUNK_STEPS", 1000 * 200)
    starts = np.zeros((2, 3000))
    descend_many("booth", "sgd", starts, 100, progress=seen.append)
    assert len(seen) == 2
    seen.clear()
    descend_many("booth", "sgd", starts, 400, progress=seen.append)
    assert len(seen) == 7
