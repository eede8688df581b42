"""CSV and text files of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.data import Table, read_csv, read_text, words
from autorecur.data.tables import _target

WALKS = """who,time,speed,force,gait
a,0,1.5,10,walk
b,0,3,20,run
a,2,1.25,11,walk
b,0.5,3.5,21,run
a,1,1,12,walk
"""


@pytest.fixture
def walks(tmp_path: Path) -> Path:
    path = tmp_path / "walks.csv"
    path.write_text(WALKS)
    return path


def test_rows_of_a_group_are_a_sequence_in_the_order_of_time(walks: Path) -> None:
    """Columns without another part are read, the times give dt, texts become classes."""
    data = read_csv(walks, target="gait", group="who", time="time")
    assert (data.names, data.ids, data.labels) == (("speed", "force"), ["a", "b"], ("run", "walk"))
    assert data.x[0].tolist() == [[1.5, 10], [1, 12], [1.25, 11]]
    assert data.dt is not None
    assert data.dt[0].tolist() == [0, 1, 1]
    assert (data.readout, data.y.tolist()) == ("last", [1, 0])


def test_without_a_group_the_file_is_one_series(walks: Path) -> None:
    """Chosen columns, for windows with what follows; a target that changes is one a row."""
    data = read_csv(walks, columns=["speed"])
    assert (len(data), data.kind, data.x[0].shape) == (1, None, (5, 1))
    assert ar.data.windows(data, 2).y.ravel().tolist() == [1.25, 3.5, 1.0]
    tagged = read_csv(walks, columns=["speed"], target="gait")
    assert (tagged.readout, tagged.y[0].tolist()) == ("every", [1, 0, 1, 0, 1])
    assert read_csv(walks, columns=["speed"], target="force").kind == "regression"


def test_numbers_can_be_classes_and_are_sorted_as_numbers(tmp_path: Path) -> None:
    """10 comes after 9."""
    path = tmp_path / "n.csv"
    path.write_text("x,y\n1,10\n2,9\n3,10\n")
    data = read_csv(path, target="y", kind="classes")
    assert (data.labels, data.y[0].tolist()) == (("9", "10"), [1, 0, 1])


def test_semicolons_decimal_commas_dates_and_marks_of_byte_order(tmp_path: Path) -> None:
    """As spreadsheets in Europe write them."""
    path = tmp_path / "f.csv"
    path.write_bytes("\ufeffjour;débit\r\n2024-05-31;1,5\r\n\r\n2024-06-02T12:00;2,25\r\n".encode())
    data = read_csv(path, time="jour")
    assert data.names == ("débit",)
    assert data.x[0].ravel().tolist() == [1.5, 2.25]
    assert data.dt is not None
    assert data.dt[0].tolist() == [0.0, 2.5]


@pytest.mark.parametrize("empty", ["", "\n", ";;\n \n"])
def test_the_line_of_names_may_stand_lower_and_hold_quotes(tmp_path: Path, empty: str) -> None:
    """The delimiter is what stands between the names, not in them; errors know the line."""
    path = tmp_path / "f.csv"
    path.write_text(empty + '"a, b, c";nan\n1,5;2\n')
    data = read_csv(path)
    assert (data.names, data.x[0].tolist()) == (("a, b, c", "nan"), [[1.5, 2.0]])
    with pytest.raises(ar.ArgumentError, match=rf"f.csv, line {empty.count(chr(10)) + 1}: there is no column 'z'"):
        read_csv(path, target="z")


def test_labels_have_one_order_whatever_they_are(tmp_path: Path) -> None:
    """A missing value that was written as nan is a label like any other, and the same number in every process."""
    for texts in (["b", "nan", "a"], ["nan", "b", "a"], ["a", "b", "nan"]):
        held = _target(Table("f.csv", ("y",), [[text] for text in texts], [2, 3, 4], ","), "y", None, None, [])
        assert held["labels"] == ["a", "b", "nan"]


@pytest.mark.parametrize(
    ("text", "how", "message"),
    [
        (WALKS, {"target": "gate"}, "f.csv, line 1: there is no column 'gate'. Did you mean 'gait'?"),
        (
            WALKS,
            {"group": "xyz"},
            "f.csv, line 1: there is no column 'xyz'. There are 'who', 'time', 'speed', 'force', 'gait'.",
        ),
        (
            WALKS,
            {},
            "f.csv, line 2: column 'who' holds 'a', which is no number; choose the columns with columns=[…]",
        ),
        ("a,b\n1,2\n3,\n", {}, "f.csv, line 3: column 'b' is empty; fill it or leave the row out"),
        ("a,b\n1,2\n3,nan\n", {}, "f.csv, line 3: column 'b' holds 'nan', which is no number"),
        ("a,b\n1,2\n\n3,4,5\n", {}, "f.csv, line 4: there are 3 cells, and line 1 names 2 columns"),
        ("a,a\n1,2\n", {}, "f.csv, line 1: two columns are named 'a'"),
        ("1.5,2\n1,2\n", {}, "f.csv, line 1: the first line names the columns, and '1.5' is a number"),
        ("a,b\n", {}, "f.csv has no rows: line 1 names the columns, and the numbers follow"),
        (" \n", {}, "f.csv is empty"),
        (
            "t,b\n2024-01-01,2\nsoon,4\n",
            {"time": "t"},
            "f.csv, line 3: column 't' holds 'soon', which is neither a number nor a date such as",
        ),
        ("y\n1\n", {"target": "y"}, "f.csv: no column is left for x"),
        (
            WALKS,
            {"target": "speed", "group": "who", "columns": ["force"], "readout": "last"},
            "f.csv, line 4: column 'speed' changes within a sequence, and readout='last' takes one target for each",
        ),
        (WALKS, {"target": "gait", "kind": "class"}, "kind is 'regression' or 'classes', not 'class'"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_line(tmp_path: Path, text: str, how: Any, message: str) -> None:
    """One sentence."""
    path = tmp_path / "f.csv"
    path.write_text(text)
    with pytest.raises(ar.ArgumentError) as caught:
        read_csv(path, **how)
    assert message in str(caught.value)


def test_a_text_is_read_whatever_its_line_ends(tmp_path: Path) -> None:
    """UTF-8 only, and the message names the line of another encoding."""
    path = tmp_path / "t.txt"
    path.write_bytes(b"un\r\ndeux\rtrois")
    assert read_text(path) == "un\ndeux\ntrois"
    path.write_bytes("un\nété".encode("latin-1"))
    with pytest.raises(ar.ArgumentError, match=r"t\.txt, line 2: this is no UTF-8"):
        read_text(path)
    path.write_text("\n")
    with pytest.raises(ar.ArgumentError, match=r"t\.txt is empty"):
        read_text(path)


def test_words_and_marks() -> None:
    """Apostrophes stay in words; punctuation stands alone."""
    assert words("Isn't it?") == ["isn't", "it", "?"]
    assert words("Isn't it?", lower=False)[0] == "Isn't"


def test_a_standardiser_knows_the_training_part_alone() -> None:
    """Mean 0 and deviation 1 on training; the same shift on validation; predictions go back; a constant column is shifted."""
    series = np.stack([np.arange(40.0), np.full(40, 3.0)], axis=1)
    train, valid = ar.data.windows(series, 4, target=0).split(0.5, by="time")
    standardise = ar.data.Standardiser(train, targets=True)
    scaled = np.concatenate(standardise(train).x)
    assert np.allclose(scaled.mean(axis=0), 0)
    assert np.allclose(scaled.std(axis=0), [1, 0])
    assert np.concatenate(standardise(valid).x)[:, 0].min() > 1
    assert standardise(train).baseline == pytest.approx(1.0)
    assert np.allclose(standardise.restore(standardise(valid).y), valid.y)
    assert np.allclose(standardise.restore_inputs(standardise(valid).x[0]), valid.x[0])
    again = ar.data.Standardiser.from_state(standardise.state_dict())
    assert np.array_equal(again(valid).x[0], standardise(valid).x[0])


def test_a_standardiser_refuses_what_has_no_scale() -> None:
    """Tokens, classes, other columns."""
    with pytest.raises(ar.DtypeError, match="tokens are not standardised"):
        ar.data.Standardiser(ar.data.Sequences([[1, 2]]))
    data = ar.data.Sequences([[1.0, 2.0]], [1])
    with pytest.raises(ar.DtypeError, match="the targets are classes"):
        ar.data.Standardiser(data, targets=True)
    with pytest.raises(ar.ShapeError, match="this was fitted on 1 columns, and x has 2"):
        ar.data.Standardiser(data)(ar.data.Sequences([[[1.0, 2.0]]]))
    with pytest.raises(ar.ArgumentError, match=r"Standardiser\(train, targets=True\) does it"):
        ar.data.Standardiser(data).restore([1.0])
