"""Gradients against numbers: ``gradcheck``, and the comparison that it shares with the assertions.

Every entry of every input (a sample of a big one, and a random direction through all of it) is moved by small steps. Where
f is smooth there, the analytic value must agree to within the tolerance, relative to the largest entry of that input's
true gradient. Entries at a kink, at the edge of the domain, or out of the reach of differences are skipped and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autorecur.tape import transforms
from autorecur.tape.trees import flatten
from autorecur.testing.diagnosis import Evidence, likely_slip
from autorecur.testing.differences import curve
from autorecur.testing.inquiry import Inquiry, Settings
from autorecur.testing.literals import written_test
from autorecur.testing.point import Point, as_tensor, numbers
from autorecur.testing.report import Comparison, Report

Array = Any


def gradcheck(
    f: Callable[..., Any],
    *inputs: Any,
    order: int = 1,
    rtol: float | None = None,
    max_entries: int | None = 200,
    seed: int = 0,
) -> Report:
    """Compares the gradients of f, by reverse mode, with differences of its values, at the given inputs.

    f takes tensors and returns a tensor or a nested dict, list or tuple of them, of any shape; it is differentiated along
    a random cotangent. Inputs are arrays, tensors, floats, or nested dicts, lists and tuples of these; integers and
    anything else are passed on as they are. ``order=2`` checks the derivative of the gradient as well. ``rtol`` is the
    largest difference, relative to the largest entry of the true gradient of that input: 1e-7 for float64, 1e-4 for
    float32. Of an input with more than ``max_entries`` entries a sample of so many is drawn (by ``seed``), and one
    direction through all of them; None looks at all.

    The result is true if all is well, prints as a table, and says what is wrong if not. Entries at a kink are skipped and
    counted; if nothing is left to compare, the result is false. Raises GradientError if there is nothing to differentiate
    or f is random.

    >>> import autorecur as ar
    >>> import numpy as np
    >>> bool(ar.gradcheck(lambda x, y: ar.tanh(x * y), np.array([0.3, -1.2]), np.array([0.7, 2.0])))
    True
    >>> print(ar.gradcheck(lambda x: ar.exp(x), 0.0))
    input    shape  entries  worst  analytic      numeric       error    tolerance  reference
    input 0  ()     1        ()     0.1257302211  0.1257302211  0.0e+00  1e-07      complex step  ok
    1 entry agrees; largest relative error 0.0e+00

    """
    if order not in (1, 2):
        raise ValueError(f"gradcheck: order must be 1 or 2, not {order}")
    settings = Settings(rtol, max_entries, seed)
    point = Point(f, inputs, as_tensor, seed)
    report = compare(point, by_tape(point), settings)
    if order == 1 or not report:
        return report
    floats = [point.cotangents[i] for i in point.floats]
    gradient = Point(_gradient_of(point), [v.array for v in point.variables] + floats, as_tensor, seed + 1)
    names = [v.name for v in point.variables] + [f"cotangent {i}" for i in range(len(floats))]
    second = compare(gradient, by_tape(gradient), settings, 2, names, first=point)
    return Report(report.comparisons + second.comparisons, seed, second.diagnosis, second.curve, second.test)


def by_tape(point: Point) -> list[Array]:
    """The gradients by reverse mode."""
    _, pull = transforms.vjp(lambda *arrays: _outputs(point, arrays), *(v.array for v in point.variables))
    return [numbers(gradient) for gradient in pull([point.cotangents[i] for i in point.floats])]


def _outputs(point: Point, arrays: Sequence[Any]) -> list[Any]:
    """The tensors of floats that f returns, for tensors in place of its floats."""
    leaves = list(point.leaves)
    for variable, array in zip(point.variables, arrays, strict=True):
        leaves[variable.place] = array
    parts = flatten(point.f(*point.rebuild(leaves)))[0]
    return [parts[i] for i in point.floats]


def _gradient_of(point: Point) -> Callable[..., Any]:
    """The pull-back of f as a function of the inputs and the cotangents."""

    def gradient(*arrays: Any) -> Any:
        count = len(point.variables)
        _, pull = transforms.vjp(lambda *moved: _outputs(point, moved), *arrays[:count])
        return list(pull(list(arrays[count:])))

    return gradient


def compare(
    point: Point,
    gradients: Sequence[Array | None],
    settings: Settings,
    order: int = 1,
    names: Sequence[str] = (),
    vjp: Callable[..., Any] | None = None,
    first: Point | None = None,
) -> Report:
    """Each gradient (None: there is none) against differences.

    For the test to paste: the rule under test, if it is one; for a second derivative, the point of the first.
    """
    inquiries, comparisons = [], []
    for which, (variable, gradient) in enumerate(zip(point.variables, gradients, strict=True)):
        array = variable.array
        analytic = np.zeros(array.shape) if gradient is None else gradient
        fits = analytic.shape == array.shape
        tolerance = settings.tolerance(point, array.dtype)
        inquiry = Inquiry(point, which, analytic if fits else np.zeros(array.shape), tolerance)
        if point.finite:
            inquiry.run(settings)
        problem = "" if fits else f"the gradient has shape {analytic.shape}, and the input {array.shape}"
        inquiries.append((inquiry, analytic))
        comparisons.append(_row(inquiry, names[which] if names else variable.name, order, problem))
    report = Report(tuple(comparisons), settings.seed)
    if all(c.passed for c in comparisons):
        return report
    return _explained(report, point, inquiries, written_test(first or point, order, vjp))


def _row(inquiry: Inquiry, name: str, order: int, problem: str) -> Comparison:
    array, worst = inquiry.array, inquiry.worst
    counts = Counter(probe.verdict for probe in inquiry.probes)
    if not inquiry.point.finite:
        counts["edge"] = array.size
    return Comparison(
        name=name,
        order=order,
        shape=array.shape,
        dtype=str(array.dtype),
        entries=sum(counts.values()),
        kinks=counts["kink"],
        edges=counts["edge"],
        unresolved=counts["unresolved"],
        wrong=0 if problem else counts["wrong"],
        index=worst.index if worst else (),
        analytic=worst.analytic if worst else 0.0,
        numeric=worst.numeric if worst else 0.0,
        max_error=worst.error if worst and not problem else 0.0,
        tolerance=inquiry.tolerance,
        reference=inquiry.reference,
        problem=problem,
    )


def _explained(report: Report, point: Point, inquiries: list[tuple[Inquiry, Array]], test: str) -> Report:
    """The report with the likely slip, the curve at the worst entry, and a test to paste."""
    evidence = [
        Evidence.of(inquiry, analytic, comparison.label, not comparison.passed)
        for (inquiry, analytic), comparison in zip(inquiries, report.comparisons, strict=True)
    ]
    slips = [likely_slip(one, evidence, point) for one in evidence if one.failed]
    inquiry = inquiries[report.comparisons.index(report.worst)][0]
    shown: tuple[tuple[float, float], ...] = ()
    if not report.worst.problem and inquiry.worst is not None:
        shown = tuple(curve(inquiry.worst.line(), inquiry.worst.analytic, inquiry.worst.x))
    return report.with_hints("\n".join(slips), shown, test)
