"""Every pass with an error in it: what compares compiled with eager says so. Otherwise its agreement would mean nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from autorecur.compile import backward, equations, expand, hoist, memory, plan, program, runner, source, storage
from autorecur.compile.memory import Spot
from autorecur.compile.order import Body
from autorecur.compile.plan import BACKWARD, FORWARD, GRADIENTS, Tables
from autorecur.compile.stack import Gemm, Gradient
from autorecur.testing.compiled import Call, compare

pytestmark = pytest.mark.skipif(
    not runner.is_available("float64"), reason="numba is missing or switched off: nothing is compiled"
)
Plant = Callable[[pytest.MonkeyPatch], None]
SIZES = (("n_x", 2), ("n_h", 3))
RNN = Call(
    "h[t] = tanh(W x[t] + U h[t-1] + b)", SIZES, 4, 2, initial=("h[0]",),
    wanted=("W", "U", "b", "x", "h[0]"), weighted=("h",),
)  # fmt: skip
GATES = Call(
    "i[t] = sigmoid(W_i x[t] + U_i h[t-1] + b_i)\nf[t] = sigmoid(W_f x[t] + U_f h[t-1] + b_f)\n"
    "c[t] = f[t] * c[t-1] + i[t] * tanh(W_c x[t] + U_c h[t-1])\nh[t] = tanh(c[t])\ny[t] = V h[t]",
    (*SIZES, ("n_y", 2)), 4, 2, wanted=("W_i", "U_i", "b_i", "W_f", "U_f", "W_c", "U_c", "V", "x"),
    weighted=("h", "c", "y"),
)  # fmt: skip
AHEAD = Call(
    "g[t] = tanh(W x[t] + U g[t+1])", (("n_x", 2), ("n_g", 3)), 4, 3, (4, 2, 1), initial=("g[T+1]",),
    wanted=("W", "U", "x", "g[T+1]"), weighted=("g",),
)  # fmt: skip
KEPT = Call(
    "a[t] = W x[t] + U h[t-1]\nh[t] = tanh(a[t])", (("n_x", 2), ("n_h", 3)), 3, 2, wanted=("W",), outputs=("a", "h"),
    weighted=("a", "h"),
)  # fmt: skip
STACK = Call("h[t] = tanh(W [h[t-1], x[t]] - U h[t-1])", SIZES, 3, 2, wanted=("W", "U", "x"), weighted=("h",))
REDUCED = Call(
    "h[t] = softmax(W x[t] + U h[t-1]) * mean(x[t])", (("n_x", 3), ("n_h", 3)), 3, 2, wanted=("W", "U", "x"),
    weighted=("h",),
)  # fmt: skip
EVERY = (RNN, GATES, AHEAD, KEPT, STACK, REDUCED, replace(RNN, truncate=2))


@pytest.mark.parametrize("call", EVERY)
def test_without_an_error_they_agree(call: Call) -> None:
    """The calls that the errors are planted in."""
    assert compare(call) == []


def wrapped(owner: Any, name: str, change: Callable[..., Any]) -> Plant:
    """``change`` is given the original function and its arguments."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *args, **more: change(original, *args, **more))

    return plant


def lost_carry(original: Any, name: str, adjoint: Any, nodes: Any) -> Any:
    """What step t+1 sends is forgotten."""
    here = tuple(c for c in adjoint.contributions if c.offset == 0)
    return original(name, replace(adjoint, contributions=here), nodes)


def carry_of_this_step(original: Any, node: Any, by: int) -> Any:
    """What step t+1 sends is taken as if it belonged to t."""
    return original(node, 0)


def outer_off_by_one(original: Any, *args: Any) -> Any:
    """U gets h of its own step instead of that before."""
    outer = original(*args)
    return outer and replace(outer, right=(outer.right[0], 0))


def lost_outers(original: Any, outers: Sequence[Any], rows: Any) -> Any:
    """The gradient of the last weight is never computed."""
    return original(outers, rows)[:-1]


def swapped_outers(original: Any, outers: Sequence[Any], rows: Any) -> Any:
    """Of stacked gradients the last two change places."""
    found = []
    for gradient in original(outers, rows):
        *rest, one, other = (None, *gradient.outers)
        if one is not None:
            rest = [*rest, replace(one, weight=other.weight), replace(other, weight=one.weight)][1:]
            gradient = Gradient(tuple(rest))
        found.append(gradient)
    return tuple(found)


def swapped_blocks(original: Any, *args: Any) -> list[Gemm]:
    """Weights are stacked the other way round than the quantities."""
    return [replace(gemm, blocks=gemm.blocks[::-1]) for gemm in original(*args)]


def never_accumulated(original: Any, *args: Any) -> list[Gemm]:
    """The second product of a sum writes over the first."""
    return [replace(gemm, accumulate=False) for gemm in original(*args)]


def no_shares(original: Any, *args: Any) -> Any:
    """What goes to a bias is never added up."""
    return original(*args[:-1], {})


def reversed_parts(original: Any, *args: Any) -> tuple[Body, ...]:
    """Within a step everything comes in the wrong order."""
    return tuple(Body(body.direction, body.parts[::-1]) for body in original(*args))


def reversed_time(original: Any, *args: Any) -> tuple[Body, ...]:
    """Loops run against time."""
    return tuple(Body(-body.direction, body.parts) for body in original(*args))


def wrong_step(original: Any, self: Tables, name: str, away: int) -> Any:
    """Products read their own step where they should read the one before or behind."""
    return original(self, name, 0)


def wrong_step_in_loops(original: Any, self: Any, name: str, distance: int, offset: str) -> str:
    """Functions read their own step where they should read another."""
    return str(original(self, name, 0, offset))


def not_cleared(slot: int) -> Callable[..., None]:
    """A workspace keeps what the call before left there."""

    def fill(original: Any, self: Tables, which: int, *args: Any) -> None:
        if which != slot:
            original(self, which, *args)

    return fill


def cut_elsewhere(original: Any, self: Tables, names: Any) -> Any:
    """A carry is cleared one step too early or too late."""
    return [[*line[:-1], -line[-1]] for line in original(self, names)]


def no_cut(original: Any, self: Tables, names: Any) -> Any:
    """Truncation is forgotten."""
    return []


def longer_chunks(original: Any, **tables: Any) -> Any:
    """Truncation cuts every k + 1 steps."""
    return original(**{**tables, "truncate": tables["truncate"] and tables["truncate"] + 1})


def leaking_rows(original: Any, self: Tables, name: str, away: int) -> Any:
    """A sequence that has ended reads on in what lies beside it."""
    place, slot = self.home(name) if name not in self.plan.staged else (None, FORWARD)
    if place is None:
        spot = Spot(self.plan.staged[name].offset, self.plan.staged[name].width, 0, away)
    else:
        spot = place.spot(name, away)
    return spot.place(slot, self.plan.itemsize), spot.width


def overwritten_output(
    original: Any, eqs: Any, segments: Any, readers: Any, slots: Any, in_rows: Any, wanted: Any
) -> Any:
    """What is kept for the outside is written over all the same."""
    return original(eqs, segments, readers, slots, in_rows, replace(wanted, kept={}))


def short_lived(original: Any, name: str, *args: Any) -> int:
    """What the backward program will read is kept for one step alone."""
    found = original(name, *args)
    wanted = args[-1]
    return 1 if name not in wanted.contiguous else int(found)


def same_place() -> Callable[..., int]:
    """The second region lies where the first does."""
    begins: list[int] = []

    def taken(original: Any, self: Any, count: int) -> int:
        begins.append(int(original(self, count)))
        return begins[-2] if len(begins) == 2 else begins[-1]

    return taken


def always_ready(original: Any, *args: Any) -> bool:
    """A product with a state leaves the loop."""
    return True


def one_block(original: Any, product: Any, piece: Any, start: Any, size: Any) -> Any:
    """Every part of a concatenation meets the first columns of the weight."""
    return original(product, piece, 0, size)


def no_signs(original: Any, root: Any) -> Any:
    """A difference is taken for a sum."""
    return [(1, term) for _, term in original(root)]


def sums_for_means(original: Mapping[Any, Any], root: Any) -> Any:
    """A softmax that is not divided by its sum."""
    forms = {op: (lambda x: x) if op.name == "softmax" else form for op, form in expand._FORMS.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expand, "_FORMS", forms)
        return original(root)  # type: ignore[operator]


def smallest_for_largest(original: Any, kind: str, name: str, value: str) -> str:
    """A sum keeps its last summand alone."""
    return f"{name} = {value}" if kind == "sum" else str(original(kind, name, value))


PLANTED: list[tuple[str, Plant, Call]] = [
    ("backward: the contribution from t+1 is lost", wrapped(backward, "_adjoint_equations", lost_carry), RNN),
    ("backward: carries off by one in t", wrapped(backward, "shift", carry_of_this_step), GATES),
    ("backward: the weight's product off by one in t", wrapped(backward, "_as_outer", outer_off_by_one), RNN),
    ("deferred: a weight's product is missing", wrapped(program, "deferred", lost_outers), RNN),
    ("deferred: stacked in the wrong order", wrapped(program, "deferred", swapped_outers), GATES),
    ("deferred: a bias is missing", wrapped(program, "function", no_shares), RNN),
    ("stack: weights in the wrong order", wrapped(program, "stacked", swapped_blocks), GATES),
    ("stack: a product written over another", wrapped(program, "stacked", never_accumulated), RNN),
    ("order: read before it is written", wrapped(program, "bodies", reversed_parts), GATES),
    ("order: against time", wrapped(program, "bodies", reversed_time), RNN),
    ("plan: products off by one in t", wrapped(Tables, "located", wrong_step), RNN),
    ("source: functions off by one in t", wrapped(source._Writer, "address", wrong_step_in_loops), GATES),
    ("plan: initial states not cleared", wrapped(Tables, "fill", not_cleared(FORWARD)), GATES),
    ("plan: carries not cleared", wrapped(Tables, "fill", not_cleared(BACKWARD)), GATES),
    ("plan: gradients not cleared", wrapped(Tables, "fill", not_cleared(GRADIENTS)), GATES),
    ("plan: truncation cuts on the wrong side", wrapped(Tables, "cuts", cut_elsewhere), replace(RNN, truncate=2)),
    ("plan: truncation does not cut", wrapped(Tables, "cuts", no_cut), replace(RNN, truncate=2)),
    ("plan: truncation off by one", wrapped(plan.runner, "assemble", longer_chunks), replace(RNN, truncate=2)),
    ("plan: padding leaks", wrapped(Tables, "copied", leaking_rows), AHEAD),
    ("storage: an output is written over", wrapped(storage, "_in_place", overwritten_output), KEPT),
    ("storage: too few steps are kept", wrapped(storage, "_slots", short_lived), GATES),
    ("memory: two regions in one place", wrapped(memory.Memory, "taken", same_place()), RNN),
    ("hoist: what needs a state leaves the loop", wrapped(hoist, "_ready", always_ready), GATES),
    (
        "equations: a concatenation split in the wrong place",
        wrapped(equations, "_product_with_block", one_block),
        STACK,
    ),
    ("equations: signs of products are lost", wrapped(equations, "summands", no_signs), STACK),
    ("expand: half a softmax", wrapped(equations, "expanded", sums_for_means), REDUCED),
    ("source: a sum of one", wrapped(source, "_reduced", smallest_for_largest), REDUCED),
]


@pytest.mark.parametrize(("plant", "call"), [(p, c) for _, p, c in PLANTED], ids=[name for name, _, _ in PLANTED])
def test_an_error_in_a_pass_is_seen(plant: Plant, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that differ from the tape's; nothing crashes, nothing is refused."""
    plant(monkeypatch)
    assert compare(call) != []
