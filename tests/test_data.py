"""Rows of data: how they are drawn, and what a file must not hold."""

import numpy as np
import pytest

from core.data import MOST_BYTES, MOST_ROWS, THROW, Data, noisy_line, read_csv, two_classes


def test_default_rows_are_those_of_the_docstring():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(256)
    data = noisy_line()
    np.testing.assert_array_equal(data.x, x)
    np.testing.assert_allclose(data.y, 2 * x - 1 + 0.5 * rng.standard_normal(256), rtol=1e-15)


@pytest.mark.parametrize("correlation", [0.0, 0.6, -0.9])
def test_correlation_sets_the_condition_number(correlation):
    data = noisy_line(size=10_000, correlation=correlation, seed=1)
    columns = np.column_stack([data.x, np.ones(len(data))])
    low, high = np.linalg.eigvalsh(columns.T @ columns / len(data))
    assert high / low == pytest.approx((1 + abs(correlation)) / (1 - abs(correlation)), rel=0.05)
    assert np.mean(data.x) / np.sqrt(np.mean(data.x**2)) == pytest.approx(correlation, abs=0.02)


def test_noise_and_outliers_are_what_they_say():
    quiet, wild = noisy_line(10_000, 0.0), noisy_line(10_000, 0.0, outliers=0.1)
    assert np.abs(quiet.y - (2 * quiet.x - 1)).max() < 1e-14
    errors = wild.y - (2 * wild.x - 1)
    thrown = np.abs(errors) > 1e-12
    assert thrown.mean() == pytest.approx(0.1, abs=0.01)
    assert errors[thrown].std() == pytest.approx(THROW, rel=0.05)
    np.testing.assert_array_equal(quiet.x, wild.x)


def test_classes_are_separable_without_noise_only():
    clean, noisy, wrong = two_classes(1000, 0.0), two_classes(1000, 1.0), two_classes(1000, 0.0, outliers=0.05)
    assert set(clean.y) == {0.0, 1.0}
    np.testing.assert_array_equal(clean.y, 2 * clean.x - 1 > 0)
    assert np.mean(noisy.y != clean.y) > 0.05
    assert np.mean(wrong.y != clean.y) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("name", ["size", "noise", "outliers", "correlation", "seed"])
def test_settings_outside_their_limits_are_named(name):
    for draw in (noisy_line, two_classes):
        with pytest.raises(ValueError, match=f"{name}: got -1"):
            draw(**{name: -1})


def test_rows_are_read_only_and_equal_to_themselves_alone():
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    data, twin = Data(rows), Data(rows)
    assert data == data
    assert data != twin
    assert len({data, twin}) == 2
    rows[0, 0] = 9
    assert data.x[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        data.rows[0, 0] = 9
    with pytest.raises(ValueError, match="rows: got shape"):
        Data(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="finite"):
        Data([[1.0, np.nan]])


def test_standardised_inputs():
    data = noisy_line(correlation=0.9).standardised()
    assert data.x.mean() == pytest.approx(0, abs=1e-14)
    assert data.x.std() == pytest.approx(1)


GOOD = [
    "1,2\n3,4\n",
    "x,y\n1,2\n3,4",
    "\ufeffinput;target\r\n1;2\r\n3;4\r\n",
    "1\t2\n\n3\t4\n\n",
    '"1","2"\n" 3 ",4.0e0\n',
    b"1,2\n3,4",
    "grösse,y\n1,2\n3,4".encode(),
]


@pytest.mark.parametrize("content", GOOD)
def test_file_of_two_columns_is_read(content):
    assert read_csv(content).rows.tolist() == [[1.0, 2.0], [3.0, 4.0]]


BAD = [
    ("", "no rows of numbers; at least 2"),
    ("x,y\n", "no rows"),
    ("1,2", "1 row of numbers"),
    ("1,2\n3,four\n", "^Line 2: 'four' is not a number.$"),
    ("1,2\nx,y\n", "Line 2: 'x' is not a number"),
    ("1,2\n3,\n", "Line 2: '' is not a number"),
    ("1,2\n3,4\n5\n", "^Line 3: 1 column; there must be two.$"),
    ("1,2,3\n", "Line 1: 3 columns"),
    ("1,2\n3,nan\n", "Line 2: nan is outside"),
    ("1,2\n3,inf\n", "Line 2: inf is outside"),
    ("1,2\n3,1e7\n", "Line 2: 1e7 is outside -1e.06 to 1e.06"),
    ("1,2\n1,3\n", "The first column is 1 in every line"),
    ("1,2\n3,2\n", "The second column is 2 in every line"),
    (b"1,2\n\xff\xfe,3", "Line 2: this is not text"),
    ("1,2\n" * (MOST_ROWS + 1), f"Line {MOST_ROWS + 1}: this is row {MOST_ROWS + 1}; allowed are {MOST_ROWS}"),
    ("1" * (MOST_BYTES + 1), "characters; allowed are"),
    ('1,2\n3,"' + "4" * 200_000 + "\n", "Line 2: "),
    ("1,2\n3,\x00\n", "Line 2"),
]


@pytest.mark.parametrize(("content", "sentence"), BAD, ids=lambda part: repr(part)[:30])
def test_file_that_cannot_be_used_gets_one_sentence(content, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        read_csv(content)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) < 150
