"""``autorecur check``: every check of every equation, for people and for programs."""

from __future__ import annotations

import json
import math

import pytest

import autorecur as ar
from autorecur.cli.checks import as_json
from autorecur.derive import Derivation
from autorecur.verify.report import Check, Report
from tests.cli.conftest import CommandLine


def test_a_table_of_all_checks(autorecur: CommandLine) -> None:
    """Each check is a line on standard output: equation, quantity, reference, error, bound, verdict."""
    outcome = autorecur("check", "rnn")
    report = ar.cells["rnn"].derive().verify()
    lines = outcome.out.splitlines()
    assert outcome.code == 0
    assert len(lines) == len(report.checks) + 2
    assert lines[0].split() == ["equation", "quantity", "reference", "error", "bound"]
    assert all(line.endswith("passed") for line in lines[1:-1])
    assert lines[-1] == report.summary()


def test_json_is_one_object(autorecur: CommandLine) -> None:
    """``--json`` prints the contract's object and nothing else, anywhere."""
    outcome = autorecur("check", "lstm", "--json", "--seed", "3")
    assert (outcome.code, outcome.err) == (0, "")
    content = json.loads(outcome.out)
    assert list(content) == ["cell", "passed", "seed", "steps", "equations", "checks"]
    assert (content["cell"], content["passed"], content["seed"]) == ("lstm", True, 3)
    assert content["equations"] == len(ar.cells["lstm"].derive().equations)
    one = next(check for check in content["checks"] if check["quantity"] == "dL/dW_i")
    assert set(one) == {"equation", "label", "quantity", "reference", "max_error", "tolerance", "passed"}
    assert one["max_error"] <= one["tolerance"] <= 1e-5


def test_json_of_what_is_no_number() -> None:
    """An error that is infinite or no number is null, which every reader of JSON knows."""
    check = Check("(1)", "h", "h[t]", "forward run", math.nan, 1e-12)
    report = Report("rnn", 0, 4, 4, {}, 2, (check,), 1)
    assert json.loads(as_json(report))["checks"][0] == {**check.as_dict(), "max_error": None}


def test_steps_and_loss_are_taken(autorecur: CommandLine) -> None:
    """The checks are those of the loss and the T that were asked for."""
    content = json.loads(autorecur("check", "rnn", "--json", "--steps", "20", "--at", "all", "--loss", "squared").out)
    assert content["steps"] == 20
    assert content["passed"]


def test_a_notation_and_a_model_are_taken(autorecur: CommandLine) -> None:
    """The checks are those of the equations that ``derive`` would print: rewritten ones, and those by components."""
    plain, row, index = (
        json.loads(autorecur("check", "rnn", "--json", *options).out)
        for options in ((), ("--notation", "row"), ("--notation", "index"))
    )
    assert plain["passed"]
    assert row["passed"]
    assert {check["max_error"] for check in row["checks"]} != {check["max_error"] for check in plain["checks"]}
    assert any(check["label"] == "h by components" for check in index["checks"])
    outcome = autorecur(
        "check", "rnn", "--json", "--topology", "many-to-one", "--layers", "2", "--notation", "transposed"
    )
    assert {"h_1", "h_2"} <= {check["label"] for check in json.loads(outcome.out)["checks"]}
    outcome = autorecur("check", "rnn", "--notation", "rows")
    assert outcome.code == 2
    assert "Did you mean 'row'?" in outcome.err


def test_a_wrong_equation_is_exit_code_1(autorecur: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table and the object name it; the exit code tells a script."""
    whole = Derivation.verify

    def with_a_slip(self: Derivation, *arguments: object, **options: object) -> object:
        return whole(self.replace("dL/db_h", "dL/da[t-1]"), *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Derivation, "verify", with_a_slip)
    outcome = autorecur("check", "rnn")
    assert outcome.code == 1
    assert all("dL/db_h" in line for line in outcome.out.splitlines() if line.endswith("FAILED"))
    content = json.loads(autorecur("check", "rnn", "--json").out)
    assert not content["passed"]
    assert {check["quantity"] for check in content["checks"] if not check["passed"]} == {"dL/db_h"}


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("gru", "lstm", "rnn", "rnn_row") else pytest.param(name, marks=pytest.mark.long)
        for name in sorted(ar.cells)
    ],
)
def test_every_built_in_cell_passes(autorecur: CommandLine, name: str) -> None:
    """All that is built in is right, at every step as at the last."""
    assert autorecur("check", name).code == 0
    assert autorecur("check", name, "--at", "all", "--seed", "1").code == 0
