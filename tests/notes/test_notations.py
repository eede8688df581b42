"""The page on notations is true: it names every key with every value, and its example can be used."""

from __future__ import annotations

import re
from pathlib import Path

import autorecur as ar
from autorecur.notations import NAMES
from autorecur.notations.keys import KEYS

PAGE = (Path(__file__).resolve().parent.parent.parent / "notes" / "notations.md").read_text(encoding="utf-8")


def rows() -> list[str]:
    """The table of all keys, as it should stand there; printed, it can be pasted."""
    return [f"| `{key.path}` | {key.values} | {key.meaning} |" for key in KEYS]


def test_every_key_stands_in_the_table_and_no_other() -> None:
    """Key, values and meaning as the code has them."""
    table = PAGE.split("## All keys")[1].split("\n\n")[1].splitlines()[2:]
    assert table == rows()


def test_every_notation_that_ships_is_named() -> None:
    """And no other."""
    table = PAGE.split("| ships | writes |")[1].split("\n\n")[0]
    assert tuple(re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)) == NAMES


def test_the_example_can_be_used(tmp_path: Path) -> None:
    """The file of the page is read, and puts a cell into that notation."""
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "course.toml"
    path.write_text(example, encoding="utf-8")
    derivation = ar.cells["rnn"].derive(notation=path)
    assert r"a^{\langle t-1\rangle}" in derivation["h"].latex()
    assert derivation.verify().passed
