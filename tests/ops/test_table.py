"""Every op of the table by the facts that it states: its values, for every shape, dtype and layout of its inputs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from autorecur.errors import AutorecurError
from autorecur.ops import FUNCTIONS, TABLE, Op
from autorecur.tape.transforms import vjp
from tests.ops.numerical import error
from tests.ops.samples import (
    DIFFERENTIABLE,
    Sample,
    empties,
    incomplete,
    kinks,
    pulled,
    reference,
    samples,
    smooth_samples,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

every_op = pytest.mark.parametrize("op", TABLE.values(), ids=str)
REFUSALS = (ValueError, TypeError, IndexError, AutorecurError)


def by_reference(sample: Sample) -> Any:
    """The value by NumPy or SciPy, without their warnings."""
    known = reference(sample.op)
    assert known, f"the facts do not say what {sample.op.name} is worth"
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return known(*sample.arrays, **sample.attributes)


def quietly(f: Callable[..., Any], *arguments: Any) -> Any:
    """The value of a function where numbers are allowed to be out of its domain."""
    with np.errstate(all="ignore"):
        return f(*arguments)


# ---------------------------------------------------------------- facts


def test_every_op_of_the_table_states_its_facts() -> None:
    """How it is called, its value by NumPy or SciPy, and what it does at its kinks: no op goes without."""
    assert incomplete() == {}


def test_a_new_op_without_facts_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """An op that is put into the table does not pass before it has its facts."""
    new = Op("cube", "unheard of", lambda shape: shape, lambda x: x**3, (lambda g, out, x: g * (3 * x * x),))
    bent = replace(TABLE["abs"], name="fold")
    monkeypatch.setattr("autorecur.ops.TABLE", MappingProxyType({**TABLE, "cube": new, "fold": bent}))
    found = incomplete()
    assert {name: found[name] for name in ("cube", "fold")} == {
        "cube": ["a way to call it", "its value by NumPy or SciPy"],
        "fold": ["its value by NumPy or SciPy", "what it does at its kink"],
    }


@every_op
def test_the_columns_of_a_row_fit_together(op: Op) -> None:
    """One rule an input (one for all, if there may be any number), names that agree, a formula for each function."""
    assert TABLE[op.name] is op
    assert len(op.pullbacks) == abs(op.arity)
    if op.name in FUNCTIONS and op.kind == "elementwise":
        assert op.formula is not None


@pytest.mark.parametrize("op", [op for op in DIFFERENTIABLE if op.kink is not None], ids=str)
def test_the_distance_to_a_kink_is_zero_at_the_kink(op: Op) -> None:
    """Where the facts document a choice, the op knows that there is one; the other samples lie far from it."""
    for sample, _ in kinks(op):
        assert np.min(op.kink(*sample.arrays, **sample.attributes)) == 0  # type: ignore[misc]
    assert len(smooth_samples(op)) > 2


# ---------------------------------------------------------------- values


@every_op
def test_values_are_those_of_numpy(op: Op) -> None:
    """Number by number and dtype by dtype, whatever the shapes of the operands, also where they are broadcast."""
    for sample in samples(op):
        expected = by_reference(sample)
        assert np.result_type(sample.value()) == np.result_type(expected), sample
        assert error(sample.value(), expected) < 1e-14, sample


@every_op
def test_shape_rules_say_what_kernels_give(op: Op) -> None:
    """The shape rule alone tells the shape of the value."""
    for sample in samples(op):
        given = [array.shape for array in sample.arrays]
        assert tuple(op.shape(*given, **sample.attributes)) == np.shape(sample.value()), sample


@every_op
def test_float32_stays_float32(op: Op) -> None:
    """The value has the dtype that NumPy's has, and the numbers of float64 to the rounding of float32."""
    for sample in smooth_samples(op):
        short = sample.changed(lambda x: x.astype(np.float32) if x.dtype.kind == "f" else x)
        exact = short.changed(lambda x: x.astype(float) if x.dtype.kind == "f" else x)
        assert np.result_type(short.value()) == np.result_type(by_reference(short)), sample
        assert error(short.value(), exact.value()) < 2e-5, sample


@every_op
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.bool_], ids=["int64", "int32", "bool"])
def test_integers_are_carried(op: Op, dtype: Any) -> None:
    """Where NumPy takes integers, the op does, with the same value and dtype; what NumPy refuses, it refuses.

    Booleans are numbers to some functions and not to others; where an op takes them, it does as NumPy does.
    """
    for sample in samples(op):
        whole = quietly(sample.changed, lambda x: np.rint(2 * x).astype(dtype) if x.dtype.kind == "f" else x)
        try:
            expected = by_reference(whole)
        except (TypeError, ValueError):
            if dtype is not np.bool_:
                with pytest.raises(REFUSALS):
                    quietly(whole.value)
            continue
        try:
            found = quietly(whole.value)
        except TypeError:
            assert dtype is np.bool_
            continue
        assert np.result_type(found) == np.result_type(expected), whole
        assert np.allclose(found, expected, rtol=1e-13, atol=1e-13, equal_nan=True), whole


# ---------------------------------------------------------------- arrays of every kind


@every_op
def test_arrays_without_numbers(op: Op) -> None:
    """Sizes of 0 give what NumPy gives, and cotangents of the shape of the inputs; what NumPy refuses, the op refuses."""
    accepted = 0
    for sample in empties(op):
        try:
            expected = by_reference(sample)
        except (ValueError, IndexError, TypeError):
            with pytest.raises(REFUSALS):
                quietly(sample.value)
            continue
        accepted += 1
        assert np.shape(quietly(sample.value)) == np.shape(expected), sample
        assert np.array_equal(quietly(sample.value), expected, equal_nan=True), sample
        if sample.floats:
            _, pull = quietly(vjp, sample.traced, *sample.primals)
            for found, x in zip(quietly(pull, quietly(sample.cotangent)), sample.primals, strict=True):
                assert (found.shape, found.dtype) == (x.shape, x.dtype), sample
    assert accepted, f"no sample of {op.name} has no numbers in it"


def spread(x: np.ndarray) -> np.ndarray:
    """Every second number of a larger array, along each axis."""
    wide = np.zeros([2 * size for size in x.shape], x.dtype)
    view = wide[(*(slice(None, None, 2) for _ in x.shape), ...)]
    view[...] = x
    return view


def backwards(x: np.ndarray) -> np.ndarray:
    """The same numbers, stored in reverse along each axis."""
    turn = (*(slice(None, None, -1) for _ in x.shape), ...)
    return x[turn].copy()[turn]


def column_major(x: np.ndarray) -> np.ndarray:
    """The same numbers, stored column by column."""
    return x.copy(order="F")


@every_op
@pytest.mark.parametrize("layout", [spread, backwards, column_major], ids=lambda f: f.__name__)
def test_the_layout_in_memory_changes_nothing(op: Op, layout: Callable[[np.ndarray], np.ndarray]) -> None:
    """Strided, reversed and column-major inputs give the same value and the same cotangents, to the order of sums."""
    for sample in samples(op):
        other = sample.changed(layout)
        assert error(other.value(), sample.value()) < 1e-15, sample
        g = sample.cotangent()
        for found, expected in zip(other.pulled(np.asarray(layout(g))), sample.pulled(g), strict=True):
            assert error(found, expected) < 1e-14, sample


@every_op
def test_inputs_are_never_changed(op: Op) -> None:
    """Neither the kernel nor a rule writes into what it is given, even if it could."""
    for sample in samples(op):
        inputs = [array.copy() for array in sample.arrays]
        out = np.array(op.kernel(*inputs, **sample.attributes))
        g = sample.cotangent()
        given = (g.copy(), out.copy(), *inputs)
        pulled(op, sample.floats, given[0], given[1], given[2:], sample.attributes)
        for now, before in zip(given, (g, out, *sample.arrays), strict=True):
            assert np.array_equal(now, before, equal_nan=now.dtype.kind == "f"), sample
