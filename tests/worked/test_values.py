"""Numbers of one's own from a file: what fits is computed with, what does not is refused where it stands."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import autorecur as ar
from autorecur.cli import run
from autorecur.page import document

NOTE = Path(__file__).resolve().parents[2] / "notes" / "worked-example.md"
EXAMPLE = re.search(r"```toml\n(.*?)```", NOTE.read_text(encoding="utf-8"), re.S)[1]  # type: ignore[index]
"""The file that the page of the notes shows, for the built-in cell rnn."""


def example(tmp_path: Path, text: str, name: str = "my.toml") -> Any:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return ar.cells["rnn"].derive().worked_example(path)


def message(tmp_path: Path, text: str, name: str = "my.toml") -> str:
    with pytest.raises(ar.AutorecurError) as raised:
        example(tmp_path, text, name)
    assert isinstance(raised.value, ar.CellError | ar.ShapeError)
    return str(raised.value)


def changed(old: str, new: str) -> str:
    assert EXAMPLE.count(old) == 1, old
    return EXAMPLE.replace(old, new)


def test_the_file_of_the_notes_is_computed(tmp_path: Path) -> None:
    found = example(tmp_path, EXAMPLE)
    given = tomllib.loads(EXAMPLE)
    assert found.steps == given["steps"]
    assert found["L"].value[0, 0] > found["L (new)"].value[0, 0]
    assert found.given.numbers["W_h", None].texts == ("0.5", "-0.3", "0.1", "0.4")
    assert found.given.numbers["h", 0].texts == ("0.2", "-0.1")
    assert float(found.given.rate) == given["learning_rate"]


def test_the_rows_that_the_notes_show_are_those_of_the_file(tmp_path: Path) -> None:
    """Label, numbers, result: as they stand there."""
    found = example(tmp_path, EXAMPLE)
    shown = re.search(r"```text\n(.*?)```", NOTE.read_text(encoding="utf-8"), re.S)[1]  # type: ignore[index]
    lines = [line.split(" = ") for line in shown.strip().splitlines()]
    assert len(lines) > 3
    for label, *_, result in lines:
        assert found[label.strip()].result == result.strip()


def test_json_says_the_same(tmp_path: Path) -> None:
    """With or without tables, whatever the suffix."""
    table = tomllib.loads(EXAMPLE)
    flat = {key: value for key, value in table.items() if not isinstance(value, dict)}
    flat |= {name: value for group in table.values() if isinstance(group, dict) for name, value in group.items()}
    wanted = [row.result for row in example(tmp_path, EXAMPLE).rows]
    for name, content in (("my.json", table), ("my.json", flat), ("numbers", table)):
        assert [row.result for row in example(tmp_path, json.dumps(content), name).rows] == wanted


ERRORS = {
    "unknown key": ("b_h =", "b_q =", ("'b_q' is no parameter, input or initial state", "'b_y'", "my.toml:7", "^^^")),
    "unknown table": ("[inputs]", "[input]", ("there is no table 'input'", "'inputs'", "my.toml:11")),
    "missing key": ("b_y = [0.1]\n", "", ("'b_y' of shape (n_y,) is missing",)),
    "wrong shape": ("b_h = [0.1, 0.2]", "b_h = [0.1, 0.2, 0.3]", ("(3,)", "n_h", "2", "my.toml:7")),
    "too few rows": (
        "W_h = [[0.5, -0.3], [0.1, 0.4]]",
        "W_h = [0.5, -0.3]",
        ("'W_h' has the shape (2,), but (n_h, n_h)",),
    ),
    "uneven rows": ("[0.1, 0.4]]", "[0.1]]", ("the lines of 'W_h' are not equally long: 2, 1", "my.toml:5")),
    "no number": (
        "b_y = [0.1]",
        'b_y = ["a lot"]',
        ("'b_y' holds the text 'a lot' where a number is needed", "my.toml:9"),
    ),
    "a truth": ("b_y = [0.1]", "b_y = [true]", ("'b_y' holds true",)),
    "not finite": ("b_y = [0.1]", "b_y = [nan]", ("'b_y' holds NaN",)),
    "empty": ("b_y = [0.1]", "b_y = []", ("'b_y' holds an empty list",)),
    "no steps": ("steps = 2", "steps = 0", ("steps is a whole number from 1 to 6, not 0", "my.toml:1")),
    "other steps": ("steps = 2", "steps = 3", ("'x' has the shape (2, 1), but (T, n_x) is needed", "T = 3")),
    "rate": (
        "learning_rate = 0.1",
        "learning_rate = -0.1",
        ("learning_rate is a positive number, not -0.1", "my.toml:2"),
    ),
    "later state": ('"h[0]"', '"h[1]"', ("'h[1]' is no parameter, input or initial state",)),
    "no TOML": ("b_y = [0.1]", "b_y = [0.1", ("my.toml is no TOML", "my.toml:1")),
    "twice": ("b_y = [0.1]", "b_y = [0.1]\nb_y = [0.2]", ("my.toml is no TOML", "my.toml:10")),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_what_does_not_fit_is_refused_where_it_stands(tmp_path: Path, kind: str) -> None:
    old, new, wanted = ERRORS[kind]
    found = message(tmp_path, changed(old, new))
    assert [part for part in wanted if part not in found] == [], found


def test_json_errors_say_where(tmp_path: Path) -> None:
    lines = json.dumps(tomllib.loads(EXAMPLE), indent=1)
    assert "my.json:" in message(tmp_path, lines.replace('"b_h"', '"b_q"'), "my.json")
    assert "my.json is no JSON" in message(tmp_path, lines[:-3], "my.json")
    assert "'W_h' is given twice" in message(tmp_path, lines.replace('"W_x"', '"W_h"'), "my.json")
    assert "must hold names with their numbers" in message(tmp_path, "[1, 2]", "my.json")
    assert "can be read" in message(tmp_path, '{"W_h": ' + "[" * 100_000, "my.json")


def test_more_than_a_hand_computes_is_refused(tmp_path: Path) -> None:
    """Components, steps, and files that are no handful of numbers."""
    scalar = ar.cell("h[t] = w * h[t-1] + x[t]").derive(loss="squared")
    with pytest.raises(ar.CellError, match="7 steps are too many"):
        scalar.worked_example({"w": [0.5], "x": [[1]] * 7, "target": [1]})
    with pytest.raises(ar.CellError, match="n_h = 5 is too large"):
        scalar.worked_example({"w": [0.5] * 5, "x": [[1] * 5], "target": [1] * 5})
    assert "too large for a few numbers" in message(tmp_path, EXAMPLE + "#" * 1_100_000)


def test_a_path_that_is_no_file(tmp_path: Path) -> None:
    derivation = ar.cells["rnn"].derive()
    with pytest.raises(ar.CellError, match=r"none\.toml cannot be read: No such file"):
        derivation.worked_example(tmp_path / "none.toml")
    with pytest.raises(ar.CellError, match="cannot be read"):
        derivation.worked_example(tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ar.CellError, match="is not UTF-8"):
        derivation.worked_example(tmp_path / "binary.toml")
    with pytest.raises(ar.CellError, match="a mapping or the path"):
        derivation.worked_example(7)


def test_the_brief_page_has_no_room_for_numbers(tmp_path: Path) -> None:
    with pytest.raises(ar.RenderError, match="the brief page has no room"):
        document(ar.cells["rnn"].derive(), "brief", values=tomllib.loads(EXAMPLE))


@pytest.mark.parametrize(("content", "code"), [(EXAMPLE, 0), (None, 2), (EXAMPLE.replace("b_y", "b_q"), 2)])
def test_the_command_line_takes_a_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: str | None, code: int
) -> None:
    """Bad input is exit code 2, one message, and no document."""
    path, output = tmp_path / "my.toml", tmp_path / "page.md"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert run(["derive", "rnn", "--values", str(path), "-o", str(output)]) == code
    assert output.exists() == (code == 0)
    told = capfd.readouterr().err
    assert "Traceback" not in told
    assert told.count("error: ") == (code != 0)
