"""The chapter on vanishing gradients: for any cell, with bounds that are numbered and checked, and plots."""

from __future__ import annotations

from pathlib import Path

import pytest

import autorecur as ar
from autorecur.page import document
from autorecur.render.blocks import Diagram, Display, Document, Heading, Stroke, Table
from autorecur.render.documents.markdown import markdown_document


def chapter(page: Document) -> list[object]:
    """The blocks between the chapter's heading and the next one."""
    titles = [(i, b) for i, b in enumerate(page.blocks) if isinstance(b, Heading)]
    starts = [i for i, b in titles if "vanishes" in b.text]
    if not starts:
        return []
    (start,) = starts
    end = min(i for i, _ in titles if i > start)
    return list(page.blocks[start + 1 : end])


@pytest.mark.parametrize("name", ["rnn", "lstm", "mlstm"])
def test_the_full_page_has_the_chapter(name: str) -> None:
    derivation = ar.cells[name].derive()
    page = document(derivation, "full")
    blocks = chapter(page)
    numbers = [n for b in blocks if isinstance(b, Display) for r in b.rows for n in r.numbers]
    assert numbers == [e.number.strip("()") for e in derivation.bounds.equations]
    plots = [b for b in blocks if isinstance(b, Diagram)]
    assert len(plots) == 4
    assert all(any(isinstance(s, Stroke) for s in p.shapes) for p in plots)
    table = next(b for b in reversed(page.blocks) if isinstance(b, Table) and b.full)
    assert any("bounds, overstepped by" in str(row) for group in table.groups for row in group)


def test_the_bounds_are_among_what_the_seal_counts() -> None:
    """The numbers of checks in the table add up to the number below it, which is that of the seal."""
    derivation = ar.cells["gru"].derive()
    page = document(derivation, "full")
    table = next(b for b in reversed(page.blocks) if isinstance(b, Table) and b.full)
    rows = [int(line[3][0]) for group in table.groups for line in group]  # type: ignore[index]
    (foot,) = table.foot
    assert foot[1] == (str(sum(rows)),)
    count = len(derivation.equations) + len(derivation.bounds.equations)
    assert f"{sum(rows)} checks** of {count} equations" in markdown_document(page)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("h[t] = tanh(W x[t] + V h[t-2])", "more than one step before"),
        ("g[t] = tanh(W x[t] + U g[t+1])", "reads later steps"),
        ("y[t] = W x[t]", "has no state"),
    ],
)
def test_a_cell_without_a_bound_is_told_why(text: str, words: str) -> None:
    page = document(ar.cell(text).derive(), "full")
    assert words in markdown_document(page)


def test_the_carousel_says_what_else_there_is() -> None:
    """diag(f) is not the whole Jacobian, and the page says through what else the memory acts."""
    text = markdown_document(document(ar.cells["lstm_peephole"].derive(), "full"))
    assert "This is not the whole Jacobian" in text
    assert "also acts through" in text
    assert "constant error carousel" not in markdown_document(document(ar.cells["rnn"].derive(), "full"))


def test_shorter_pages_have_no_chapter() -> None:
    assert chapter(document(ar.cells["lstm"].derive(), "standard")) == []


def test_every_step_and_every_sign_of_the_chapter_is_of_the_notation(tmp_path: Path) -> None:
    """Steps are counted from 0 and stand above; the stack of the states is not called s where h is."""
    profile = tmp_path / "ours.toml"
    profile.write_text(
        '[symbols]\nh = "s"\n[time]\nstyle = "superscript"\nfirst = 0\n[equations]\njacobian = "denominator"\n'
    )
    text = markdown_document(document(ar.cells["lstm"].derive(notation=profile), "full"))
    assert "One path from $c^{(t-1)}$ to $c^{(t)}$" in text
    assert "S^{(t)} = [s^{(t)},c^{(t)}]" in text
    assert "and $S$ holds all states" in text
    assert text.count("**step $t = 0$**") == text.count("**step $t = 1$**") == 2
    assert "**step $t = 2$**" not in text
    assert "0^\\top" not in text
