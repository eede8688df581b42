"""Names for the sizes that inference found: each after its vector, ``n_h`` after ``h``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from autorecur.language.dimensions import Clash, Dimension
from autorecur.language.sizes import Size
from autorecur.ops.linear import add_sizes

if TYPE_CHECKING:
    from autorecur.language.constraints import Constraints, Shape
    from autorecur.language.roles import Roles

_ACCENT = re.compile(r"_(?:tilde|hat|bar)(?=_|$)")


def name_dimensions(
    constraints: Constraints, roles: Roles, given: Mapping[str, object] | None = None
) -> Callable[[Dimension], Size]:
    """A function from dimensions to sizes.

    States give their name first, then inputs, then other quantities, last what only a loss uses; vectors before matrices.
    """
    dimensions, shapes = constraints.dimensions, constraints.shapes
    along, across = (0, 1) if constraints.convention == "column" else (1, 0)
    names = {root: name for root, name in enumerate(dimensions.name) if name and dimensions.find(root) == root}
    taken = set(names.values())
    ordered = [*roles.states, *roles.inputs, *roles.assigned]
    ordered.sort(key=lambda name: given is not None and bool(given) and name not in given)
    vectors = [name for name in ordered if dimensions.is_one(shapes[name][across])]
    for letter, axis, group in (("n", along, vectors), ("n", along, ordered), ("m", across, ordered)):
        for name in group:
            root = dimensions.find(shapes[name][axis])
            if root != dimensions.ONE and root not in names and dimensions.parts[root] is None:
                names[root] = _free(letter, name, taken)
                taken.add(names[root])

    def size(dimension: Dimension) -> Size:
        root = dimensions.find(dimension)
        if dimensions.parts[root] is not None:
            return add_sizes(
                *(1 if part == dimensions.ONE else names.get(part, "?") for part in dimensions.expand(root))
            )
        return 1 if root == dimensions.ONE else names.get(root, "?")

    return size


def _free(letter: str, name: str, taken: set[str]) -> str:
    for candidate in (f"{letter}_{_ACCENT.sub('', name)}", f"{letter}_{name}"):
        if candidate not in taken:
            return candidate
    return next(new for number in range(2, len(taken) + 3) if (new := f"{letter}_{name}_{number}") not in taken)


def describe(constraints: Constraints, shape: Shape) -> str:
    """A shape in the cell's own symbols, as far as it is known: ``n_h × 1``; what may be a vector is shown as one."""
    dimensions = constraints.dimensions
    size = name_dimensions(constraints, constraints.roles, constraints.given)
    across = 1 if constraints.convention == "column" else 0
    units = {dimensions.find(constraints.shapes[name][across]) for name in constraints.roles.offsets}

    def shown(dimension: Dimension) -> Size:
        root = dimensions.find(dimension)
        return 1 if root in units and dimensions.is_open(root) else size(root)

    try:
        rows, columns = shown(shape[0]), shown(shape[1])
    except Clash:
        return "endless"
    return "a number" if rows == columns == 1 else f"{rows} × {columns}"
