"""What is computed for everyone is computed once, however many ask, and forgotten when there is too much of it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core import memory
from core.memory import LIGHT, WORKERS, remembered, weigh


def ask(function, arguments, threads=30):
    """Ask from many threads at the same moment; return what each of them gets."""
    barrier = threading.Barrier(threads)

    def one(k):
        barrier.wait()
        return function(*arguments(k))

    with ThreadPoolExecutor(threads) as executor:
        return list(executor.map(one, range(threads)))


def test_thirty_who_ask_at_once_wait_for_one_computation():
    computed, may_end = [], threading.Event()

    @remembered(4)
    def slow(x):
        computed.append(x)
        may_end.wait(5)
        return object()

    timer = threading.Timer(0.3, may_end.set)
    timer.start()
    values = ask(slow, lambda k: (7,))
    assert computed == [7]
    assert all(value is values[0] for value in values)


def test_different_questions_have_different_answers():
    @remembered(100)
    def double(x):
        return 2 * x

    assert ask(double, lambda k: (k,)) == [2 * k for k in range(30)]


def test_oldest_value_is_forgotten():
    computed = []

    @remembered(2)
    def keep(x):
        computed.append(x)
        return x

    for x in (1, 2, 1, 3, 1, 2):
        keep(x)
    assert computed == [1, 2, 3, 2]
    assert len(keep.memory) == 2


def test_error_reaches_everyone_and_is_forgotten():
    calls, may_end = [], threading.Event()

    @remembered(2)
    def fail():
        calls.append(1)
        may_end.wait(5)
        raise ValueError("no")

    def outcome():
        try:
            fail()
        except ValueError as error:
            return str(error)

    threading.Timer(0.2, may_end.set).start()
    assert ask(outcome, lambda k: ()) == ["no"] * 30
    assert len(calls) == 1
    with pytest.raises(ValueError, match="no"):
        fail()
    assert len(calls) == 2


def test_values_that_need_one_another_do_not_wait_for_a_worker():
    @remembered(100)
    def inner(x):
        return x % 3

    @remembered(100)
    def outer(x):
        return inner(x % 3) + inner((x + 1) % 3)

    assert len(ask(outer, lambda k: (k,))) == 30 > WORKERS


def test_a_few_who_measure_for_long_keep_nobody_waiting():
    may_end = threading.Event()

    @remembered(100)
    def long(x):
        may_end.wait(20)

    @remembered(100)
    def short(x):
        return x

    with ThreadPoolExecutor(5) as executor:
        for x in range(4):
            executor.submit(long, x)
        try:
            assert executor.submit(short, 1).result(timeout=5) == 1
        finally:
            may_end.set()


def test_progress_is_given_to_a_function_that_asks_for_it():
    @remembered(1)
    def measure(x, progress=None):
        progress(0.5)
        return x

    assert measure(3) == 3


def test_values_of_all_functions_together_stay_below_their_weight(monkeypatch):
    monkeypatch.setattr(memory, "MOST", 4 * 8 * LIGHT)

    @remembered(100)
    def picture(x):
        return np.full(LIGHT, x)

    @remembered(100)
    def other(x):
        return [np.full(LIGHT, x)]

    @remembered(100)
    def number(x):
        return float(x)

    for memorized in (picture, other, number):
        memorized.memory.clear()
    number(1)
    picture(1)
    picture(2)
    for x in range(2):
        other(x)
        picture(1)
    assert ((1,), ()) in picture.memory, "it was asked for again"
    assert ((2,), ()) not in picture.memory, "the oldest of all makes room"
    assert len(picture.memory) + len(other.memory) == 3
    assert len(number.memory) == 1, "a light value makes no room"
    picture.memory.clear()
    other.memory.clear()
    assert not [key for one, key in memory.Memory._heavy if one in (picture.memory, other.memory)]


def test_weight_is_what_a_value_alone_holds():
    data = np.zeros(10_000)
    assert weigh(data) >= data.nbytes
    assert data.nbytes <= weigh({"view": data[::2], "same": [data]}) < 1.1 * data.nbytes
    assert weigh((weigh, int, memory)) < 1000, "the program is there anyway"
