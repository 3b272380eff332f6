"""Rows of data: how they are drawn, and what a file must not hold."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engine.data import (
    FAULTS,
    MOST_BYTES,
    MOST_ROWS,
    THROW,
    BadFile,
    Data,
    noisy_line,
    read_csv,
    standardised,
    two_classes,
)
from core.numerals import written


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


def test_rows_are_read_only_and_equal_by_content():
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    data, twin = Data(rows), Data(rows)
    assert data == twin
    assert len({data, twin, Data(rows + 1)}) == 2
    assert data != rows.tolist()
    rows[0, 0] = 9
    assert data.x[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        data.rows[0, 0] = 9
    with pytest.raises(ValueError, match="rows: got shape"):
        Data(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="finite"):
        Data([[1.0, np.nan]])


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e90])
@pytest.mark.parametrize("targets", [True, False])
def test_standardised_rows_tell_the_line_in_their_own_units(size, targets):
    rows = noisy_line(correlation=0.9).rows * np.array([size, 3.0])
    data, scale = standardised(rows, targets=targets)
    assert (data.x.mean(), data.x.std()) == pytest.approx((0, 1), abs=1e-12)
    assert targets == (abs(data.y.mean()) < 1e-12) == (abs(data.y.std() - 1) < 1e-12)
    slope, intercept = scale.line(*np.polyfit(data.x, data.y, 1))
    wanted = np.polyfit(rows[:, 0] / size, rows[:, 1], 1)
    assert (slope * size, intercept) == pytest.approx(tuple(wanted))


GOOD = [
    "1,2\n3,4\n",
    "x,y\n1,2\n3,4",
    "\ufeffinput;target\r\n1;2\r\n3;4\r\n",
    "1\t2\n\n3\t4\n\n",
    '"1","2"\n" 3 ",4.0e0\n',
    b"1,2\n3,4",
    "grösse,y\n1,2\n3,4".encode(),
    "\n\nx,y\n1,2\n3,4\n",
    " , \n\n1,2\n,\n3,4\n",
    "x,y\r1,2\r3,4",
    "sep=;\nx;y\n1;2\n3;4",
    '\ufeffSEP=,\r\n"x","y"\r\n1,2\r\n3,4',
    '"sep=;"\n1;2\n3;4',
    "sep=\t\n1\t2\n3\t4",
    "sep=|\nx|y\n1|2\n3|4",
    '"height\n(cm)","weight, kg"\n1,2\n3,4',
    "x;y;\n1;2;\n3;4;;\n",
    "1,0;2,0\n3,0;4,0",
    "1,0\t2\n3\t4,0",
    '"1,0","2,0"\n"3,0","4,0"',
    "1,000;2,0\n3;4,000",
    "\uff11,\uff12\n\uff13,\uff14",
    *("身高;体重\n1;2\n3;4".encode(coding) for coding in ("gbk", "gb18030", "utf-8-sig", "utf-16", "utf-32")),
    *("x,y\n1,2\n3,4".encode(coding) for coding in ("utf-16-le", "utf-16-be", "ascii")),
    *(
        mark + "身高\t体重\n1\t2\n3\t4".encode(f"utf-16-{end}")
        for mark, end in ((BOM_UTF16_LE, "le"), (BOM_UTF16_BE, "be"))
    ),
    "身高,体重\n1,2\n3,4".encode("utf-16-le"),
]


@pytest.mark.parametrize("content", GOOD, ids=lambda content: repr(content)[:30])
def test_file_of_two_columns_is_read(content):
    assert read_csv(content).tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("x;y\n1,5;2,5\n2,5;3,5\n", [[1.5, 2.5], [2.5, 3.5]]),
        ("\u22121,\u22122.5\n3,4", [[-1, -2.5], [3, 4]]),
        ("1\u2009234;5\n10\u00a0000,5;6", [[1234, 5], [10000.5, 6]]),
        ("1 234 567,0.5\n2,1", [[1234567, 0.5], [2, 1]]),
        ("1,234;0,5\n2,345;0,25", [[1.234, 0.5], [2.345, 0.25]]),
        ("250000,1\n7.5e6,2", [[250000, 1], [7.5e6, 2]]),
    ],
)
def test_numbers_of_a_file_are_read_exactly(content, rows):
    assert read_csv(content).tolist() == rows


BAD = [
    ("", "^Rows of numbers in the file: 0; at least 2 are needed.$"),
    ("x,y\n", "Rows of numbers in the file: 0"),
    ("1,2", "Rows of numbers in the file: 1"),
    ("1,2\n3,four\n", "^Line 2, column 2: “four” is not a number.$"),
    ("\n\nx,y\n\n1,2\nthree,4\n", "^Line 6, column 1: “three” is not a number.$"),
    ('"a\nb",y\n1,2\n\n3,4x', "^Line 5, column 2: “4x”"),
    ("sep=;\n1;2\nx;3", "^Line 3, column 1"),
    ("1,2\nx,y\n", "Line 2, column 1: “x” is not a number"),
    ("1,2\n3,\n", "^Line 2, column 2: the cell is empty.$"),
    ("1,2\n,4\n", "^Line 2, column 1: the cell is empty.$"),
    ("1;2\n3;4\n5\n", "^Line 3: there must be two columns, and there are 1.$"),
    ("1,2,3\n", "^Line 1: there must be two columns, and there are 3.$"),
    ("1,5,2,5\n2,5,3,5\n", "there are 4"),
    ("1\n2\n3\n", "there are 1"),
    ("1 2\n3 4\n", "there are 1"),
    ("name,y\nAnna,1\nBo,2\n", "^Line 2, column 1: “Anna”"),
    ("1,2\n3,nan\n", "“nan” is not a number"),
    ("1,2\n3,NA\n", "“NA” is not a number"),
    ("1,2\n3,inf\n", "“inf” is not a number"),
    ("1,2\n3,1e101\n", "^Line 2, column 2: “1e101” is too large.$"),
    ("1,2\n3,1e999\n", "too large"),
    ("1,2\n3,1e-999\n", "too close to zero"),
    ("1,234;5\n2,345;6\n", "^Line 1, column 1: the comma in “1,234” may be a decimal comma or part thousands.$"),
    ("1.5;2\n1,234;3\n", "^Line 2, column 1: the comma in “1,234”"),
    ("1.234,5;2\n3;4\n", "^Line 2, column 1|^Line 1, column 1|few|Rows"),
    ("1,5;2\n1.234;3\n", "^Line 2, column 1: “1.234” has a decimal point, but a number before it a decimal comma.$"),
    ("1,2\n1,3\n", "^Column 1 is 1 in every row; there is nothing to learn from it.$"),
    ("1,2\n3,2\n", "^Column 2 is 2 in every row"),
    (b"1,2\n\xff\xfe,3", "^Line 2: this is not text in UTF-8, UTF-16 or GB18030.$"),
    (b"\xff\xfe1\x002", "is not text"),
    (b"PK\x03\x04\x14\x00\x06\x00", "is not text"),
    ("1,2\n" * (MOST_ROWS + 2), f"^Line {MOST_ROWS + 2}: this is row {MOST_ROWS + 1}; allowed are {MOST_ROWS}.$"),
    ("1" * (MOST_BYTES + 1), "bytes; allowed are"),
    ('1,2\n3,"' + "4" * 200_000 + "\n", "^Line 2: a cell begins with a quotation mark"),
    ('1,2\n3,"4\n5,6\n', "^Line 2: a cell begins with a quotation mark"),
    ("1,2\n3,\x00\n", "^Line 2"),
]


@pytest.mark.parametrize(("content", "sentence"), BAD, ids=lambda part: repr(part)[:30])
def test_file_that_cannot_be_used_gets_one_sentence(content, sentence):
    with pytest.raises(BadFile, match=sentence) as caught:
        read_csv(content)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) < 150
    assert caught.value.text in FAULTS.values()


@given(
    st.lists(st.tuples(*[st.floats(-1e100, 1e100)] * 2), min_size=2, max_size=6),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gbk"]),
    st.sampled_from([(",", "."), (";", "."), ("\t", "."), (";", ","), ("\t", ",")]),
    st.booleans(),
)
def test_what_is_written_is_read_or_refused(rows, coding, style, named):
    separator, mark = style
    lines = [separator.join(written(value).replace(".", mark) for value in row) for row in rows]
    text = "\n".join((["身高" + separator + "体重"] if named else []) + lines)
    try:
        found = read_csv(text.encode(coding))
    except BadFile:
        return
    assert found.tolist() == [list(row) for row in rows]


@given(st.one_of(st.binary(max_size=60), st.text(alphabet='0123456789.,;\t\n"-e sep=x', max_size=60)))
def test_any_file_is_read_or_refused(content):
    try:
        rows = read_csv(content)
    except BadFile:
        return
    assert rows.shape[1] == 2 and np.all(np.isfinite(rows))
