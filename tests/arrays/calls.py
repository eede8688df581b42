"""One text, called with NumPy and with our functions: values, dtypes, layouts and derivatives must agree."""

from __future__ import annotations

from typing import Any

import numpy as np

import autorecur as ar
from autorecur.testing import assert_gradients

Shapes = tuple[tuple[int, ...], ...]


def drawn(shapes: Shapes) -> list[np.ndarray]:
    generator = np.random.default_rng(len(str(shapes)))
    return [np.asarray(generator.standard_normal(shape)) for shape in shapes]


def called(module: Any, text: str, arrays: Any) -> Any:
    """The value of a text in which ``m`` is the module, ``np`` NumPy, and a, b, c are the arrays."""
    return eval(text, {"m": module, "np": np}, dict(zip("abc", arrays, strict=False)))


def listed(value: Any) -> list[Any]:
    """Several results as a list, one as a list of one."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def assert_like_numpy(text: str, shapes: Shapes) -> None:
    """The same shapes, dtypes and numbers: of floats of both widths, of integers and booleans, and of reversed views."""
    arrays = drawn(shapes)
    turned = [array[(slice(None, None, -1),) * array.ndim] for array in arrays]
    whole = [np.asarray(np.rint(3 * array)) for array in arrays]
    trials = [
        arrays,
        turned,
        *([array.astype(kind) for array in whole] for kind in (np.float32, np.int64, np.int16, bool)),
    ]
    for given in trials:
        found, expected = listed(called(ar, text, given)), listed(called(np, text, given))
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert isinstance(one, ar.Tensor)
            assert (one.shape, one.dtype) == (np.shape(other), np.asarray(other).dtype), (text, given[0].dtype)
            tolerance = 1e-5 if one.dtype == np.float32 else 1e-13
            np.testing.assert_allclose(one.numpy(), other, rtol=tolerance, atol=tolerance)


def assert_differentiable(text: str, shapes: Shapes) -> None:
    """First and second derivatives, of sums of third powers of the results, are those that differences give."""

    def f(*tensors: Any) -> Any:
        parts = [(part * part * part).sum() for part in listed(called(ar, text, tensors))]
        return sum(parts[1:], parts[0])

    assert_gradients(f, *drawn(shapes), order=2)


def message(error: type[Exception], text: str, *arrays: Any) -> str:
    """What a call that must fail says."""
    try:
        called(ar, text, arrays)
    except error as raised:
        return str(raised)
    raise AssertionError(f"{text} was accepted")
