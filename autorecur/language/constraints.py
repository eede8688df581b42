"""What each operation says about the shapes of its operands, and how a contradiction is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from autorecur.errors import CellError
from autorecur.language.canonical import write
from autorecur.language.dimensions import Clash, Dimension, Dimensions
from autorecur.language.functions import is_reduction
from autorecur.language.naming import describe
from autorecur.language.roles import Roles
from autorecur.language.sizes import Size
from autorecur.language.syntax import (
    Assignment,
    Binary,
    Call,
    Expression,
    Name,
    Negative,
    Number,
    Power,
    Span,
    Stack,
    Transpose,
)
from autorecur.language.text import Source
from autorecur.language.trees import children

Shape = tuple[Dimension, Dimension]


class Contradiction(Exception):  # noqa: N818 (it is no error yet: who catches it makes one)
    """A reading that does not fit; ``progress`` tells how far it got."""

    def __init__(self, error: CellError, progress: int) -> None:
        self.error = error
        self.progress = progress
        super().__init__(str(error))


class Operand(NamedTuple):
    tree: Expression
    shape: Shape
    timed: bool
    """Holds a quantity, not only parameters and numbers."""


@dataclass(eq=False, slots=True)
class Operation:
    """``left operator right`` whose shapes are not all known yet."""

    operator: str
    source: Source
    span: Span
    left: Operand
    right: Operand
    result: Shape
    done: bool = False


class Constraints:
    """The equations' demands on dimensions; unknown ones wait until enough is known."""

    def __init__(
        self, roles: Roles, scalars: frozenset[str], given: Mapping[str, tuple[Size, Size]], convention: str
    ) -> None:
        self.roles = roles
        self.convention = convention
        self.given = given
        self.dimensions = Dimensions()
        self.fixed: dict[str, Dimension] = {}
        self.shapes: dict[str, Shape] = {}
        for name in roles.names:
            self.shapes[name] = self._shape_of_name(name, scalars)
        self.operations: list[Operation] = []
        self.operations_of: dict[str, list[Operation]] = {}
        self.unsure: set[Dimension] = set()
        self.products: dict[int, Shape] = {}
        self.sides: dict[str, tuple[Source, Span]] = {}
        self.source = Source("")
        self.progress = 0

    def _shape_of_name(self, name: str, scalars: frozenset[str]) -> Shape:
        if name in self.given:
            rows, columns = self.given[name]
            return self._fixed(rows), self._fixed(columns)
        if name in scalars:
            return Dimensions.ONE, Dimensions.ONE
        return self.dimensions.new(), self.dimensions.new()

    def _fixed(self, size: Size) -> Dimension:
        """The dimension of a size that is known by name already."""
        if size == 1:
            return Dimensions.ONE
        text = str(size)
        if text not in self.fixed:
            if " + " in text:
                parts = tuple(self._fixed(int(part) if part.isdigit() else part) for part in text.split(" + "))
                self.fixed[text] = self.dimensions.new(parts)
            else:
                self.fixed[text] = self.dimensions.new(name=text)
        return self.fixed[text]

    # ---------------------------------------------------------------- building

    def add_equation(self, assignment: Assignment, source: Source) -> None:
        self.source = source
        first = len(self.operations)
        shape, _ = self._shape(assignment.expression)
        self.operations_of.setdefault(assignment.name, []).extend(self.operations[first:])
        target = self.shapes[assignment.name]
        try:
            self._equal(target, shape)
        except Clash:
            raise self._unequal_sides(assignment, target, shape) from None
        self.progress += 1

    def _shape(self, tree: Expression) -> tuple[Shape, bool]:
        """The shape of an expression, and whether it holds a quantity."""
        match tree:
            case Number():
                return (Dimensions.ONE, Dimensions.ONE), False
            case Name(name=name, offset=offset):
                return self.shapes[name], offset is not None
            case Negative(operand=operand) | Power(operand=operand):
                return self._shape(operand)
            case Transpose(operand=operand):
                (rows, columns), timed = self._shape(operand)
                return (columns, rows), timed
            case Call(function=function, arguments=(argument,)):
                shape, timed = self._shape(argument)
                return ((Dimensions.ONE, Dimensions.ONE) if is_reduction(function) else shape), timed
            case Call(function=function, arguments=(left, right)):
                return self._operation(function, tree, left, right)
            case Stack(items=items):
                return self._stack(tree, items)
            case Binary(operator=operator, left=left, right=right):
                return self._operation(operator, tree, left, right)
        raise TypeError(f"not an expression of the language: {tree!r}")

    def _operation(self, operator: str, tree: Expression, left: Expression, right: Expression) -> tuple[Shape, bool]:
        one, two = Operand(left, *self._shape(left)), Operand(right, *self._shape(right))
        timed = one.timed or two.timed
        if isinstance(left, Number):
            return two.shape, timed
        if isinstance(right, Number):
            return one.shape, timed
        result = self.dimensions.new(), self.dimensions.new()
        operation = Operation(operator, self.source, tree.span, one, two, result)
        if operator == "@":
            self.products[id(tree)] = result
        self._note_side(operation)
        self.operations.append(operation)
        if operator == "@" and self._is_matrix_product(operation):
            self._multiply(operation, guard=True)
        else:
            self._attempt(operation)
        if not operation.done:
            for dimension in (*one.shape, *two.shape, *result):
                self.dimensions.watch(dimension, operation)
            if operator == "@":
                self.unsure.update(result)
        return result, timed

    def _is_matrix_product(self, operation: Operation) -> bool:
        """A parameter that multiplies is a matrix, unless it or its partner is known to be a number."""
        one, two = operation.left, operation.right
        if one.timed and two.timed:
            return False
        if self._is_number(one.shape) or self._is_number(two.shape):
            return False
        return not (self.unsure.intersection(one.shape) or self.unsure.intersection(two.shape))

    def _note_side(self, operation: Operation) -> None:
        """Remember the first product that shows columns, and the first that shows rows."""
        one, two = operation.left, operation.right
        if operation.operator != "@" or one.timed == two.timed:
            return
        parameter, quantity = (two, one) if one.timed else (one, two)
        if self._is_number(parameter.shape) or self._is_number(quantity.shape) or isinstance(quantity.tree, Transpose):
            return
        self.sides.setdefault("row" if one.timed else "column", (operation.source, operation.span))

    def _stack(self, tree: Stack, items: tuple[Expression, ...]) -> tuple[Shape, bool]:
        lengths, timed = [], False
        column = self.convention == "column"
        for item in items:
            (rows, columns), item_timed = self._shape(item)
            timed = timed or item_timed
            lengths.append(rows if column else columns)
            try:
                self.dimensions.bind_one(columns if column else rows)
            except Clash:
                raise self._fail(
                    "a stack holds vectors.",
                    [(self.source, item.span, f"is {describe(self, (rows, columns))}")],
                    "Stack the vectors first, then multiply." if isinstance(item, Binary) else "",
                ) from None
        length = self.dimensions.new(tuple(lengths))
        return ((length, Dimensions.ONE) if column else (Dimensions.ONE, length)), timed

    def is_made_of_numbers(self, tree: Expression, itself: str) -> bool:
        """Whether every part is a number, or could be, and some quantity in it is one for sure."""
        sure = False
        work = [tree]
        while work:
            node = work.pop()
            match node:
                case Number():
                    continue
                case Name(name=name, offset=offset):
                    number = self._is_number(self.shapes[name])
                    sure = sure or (number and offset is not None)
                    if (
                        not number
                        and name != itself
                        and (offset is not None or not self._may_be_number(self.shapes[name]))
                    ):
                        return False
                case Call(function=function) if is_reduction(function):
                    sure = True
                case Binary(operator="@") if id(node) in self.products and self._will_be_number(
                    self.products[id(node)]
                ):
                    sure = True
                case Stack():
                    return False
                case Binary(operator="@", left=left, right=right) if not (
                    isinstance(left, Number) or isinstance(right, Number)
                ):
                    return False
                case _:
                    work.extend(children(node))
        return sure

    def _may_be_number(self, shape: Shape) -> bool:
        return not any(self.dimensions.is_large(each) or self.dimensions.guard_of(each) is not None for each in shape)

    def _will_be_number(self, shape: Shape) -> bool:
        """One component long, and nothing against its being a vector."""
        length = shape[0] if self.convention == "column" else shape[1]
        return self.dimensions.is_one(length) and not self._is_large(shape)

    # ---------------------------------------------------------------- solving

    def propagate(self) -> None:
        """Work on every operation that has learned something, until none has."""
        changed = self.dimensions.changed
        while changed:
            operation = changed.pop()
            if not operation.done:
                self._attempt(operation)
            if not changed and self.dimensions.equal_sums:
                self._solve_sums()

    def force_products(self, name: str) -> None:
        """In the equation of ``name``, what is not known to be a number is a matrix or a vector."""
        for operation in self.operations_of[name]:
            if not operation.done and operation.operator == "@":
                self._multiply(operation)
                self.propagate()

    def force_elementwise(self) -> None:
        """Operands that nothing else tells apart have the same shape."""
        for operation in self.operations:
            if not operation.done and operation.operator != "@":
                self._same(operation)
                self.propagate()

    def finish(self) -> None:
        self._solve_sums(last=True)
        self.propagate()
        self.dimensions.check_sums(self._endless)

    def _attempt(self, operation: Operation) -> None:
        one, two, result = operation.left, operation.right, operation.result
        if self._is_number(one.shape) and self._may_broadcast(one, two):
            self._result_is(operation, two)
        elif self._is_number(two.shape) and self._may_broadcast(two, one):
            self._result_is(operation, one)
        elif operation.operator == "@":
            if self._is_large(one.shape) and self._is_large(two.shape):
                self._multiply(operation)
        elif self._is_number(result) or (self._is_large(one.shape) and self._is_large(two.shape)):
            self._same(operation)
        elif self._is_large(one.shape) or self._is_large(two.shape):
            self._equate(operation, one if self._is_large(one.shape) else two)

    def _may_broadcast(self, number: Operand, other: Operand) -> bool:
        """In a loss, a new name of unknown shape takes the shape of the quantity that it is compared with."""
        if not self.given or not number.timed:
            return True
        return not all(self.dimensions.is_open(each) for each in other.shape)

    def _result_is(self, operation: Operation, operand: Operand) -> None:
        operation.done = True
        self._equate(operation, operand)

    def _equate(self, operation: Operation, operand: Operand) -> None:
        try:
            self._equal(operation.result, operand.shape)
        except Clash:
            raise self._unfit_result(operation, operand) from None

    def _same(self, operation: Operation) -> None:
        operation.done = True
        one, two = operation.left, operation.right
        try:
            self._equal(one.shape, two.shape)
        except Clash:
            raise self._unequal_operands(operation) from None
        self._equate(operation, one)

    def _multiply(self, operation: Operation, guard: bool = False) -> None:
        operation.done = True
        one, two = operation.left, operation.right
        inner = one.shape[1], two.shape[0]
        try:
            self.dimensions.unify(*inner)
            transposed = any(isinstance(each.tree, Transpose) and each.timed for each in (one, two))
            if guard and not transposed:
                self.dimensions.protect(inner[0], operation)
        except Clash:
            raise self._unfit_product(operation) from None
        try:
            self._equal(operation.result, (one.shape[0], two.shape[1]))
        except Clash:
            raise self._unfit_product(operation) from None

    def _equal(self, one: Shape, two: Shape) -> None:
        """Both dimensions are equal; what cannot be is found before anything is merged, so that errors show clean shapes."""
        if not (self.dimensions.may_unify(one[0], two[0]) and self.dimensions.may_unify(one[1], two[1])):
            raise Clash
        self.dimensions.unify(one[0], two[0])
        self.dimensions.unify(one[1], two[1])

    def _is_number(self, shape: Shape) -> bool:
        return self.dimensions.is_one(shape[0]) and self.dimensions.is_one(shape[1])

    def _is_large(self, shape: Shape) -> bool:
        return self.dimensions.is_large(shape[0]) or self.dimensions.is_large(shape[1])

    def _solve_sums(self, last: bool = False) -> None:
        try:
            self.dimensions.solve_sums(last)
        except Clash:
            raise self._unequal_stacks() from None

    # ---------------------------------------------------------------- telling what does not fit

    def _fail(self, message: str, places: list[tuple[Source, Span, str]], hint: str = "") -> Contradiction:
        shown = [source.place(span, note) for source, span, note in places]
        in_loss = {place.source for place in shown if place.source}
        if in_loss:
            message = f"in {min(in_loss)}: {message}"
        return Contradiction(CellError(message, *shown, hint=hint), self.progress)

    def _unequal_sides(self, assignment: Assignment, target: Shape, shape: Shape) -> Contradiction:
        earlier = f"{assignment.name}[t] is {describe(self, target)}"
        note = f"is {describe(self, shape)}"
        places = [(self.source, assignment.expression.span, note), (self.source, assignment.span, earlier)]
        return self._fail(f"the two sides of the equation of {assignment.name} have different shapes.", places)

    def _operands(self, operation: Operation) -> list[tuple[Source, Span, str]]:
        return [
            (operation.source, each.tree.span, f"{write(each.tree)[:60]} is {describe(self, each.shape)}")
            for each in (operation.left, operation.right)
        ]

    def _unequal_operands(self, operation: Operation) -> Contradiction:
        operator = operation.operator
        what = f"'{operator}'" if len(operator) == 1 else operator
        hint = self._number_hint(operation) or (
            "For a matrix product, leave the sign out or write @." if operator == "*" else ""
        )
        return self._fail(f"{what} works on two operands of the same shape.", self._operands(operation), hint)

    def _number_hint(self, operation: Operation) -> str:
        """A vector beside a matrix, component by component: most likely the vector is meant to be one number."""
        one, two = operation.left, operation.right
        for vector, matrix in ((one, two), (two, one)):
            if isinstance(vector.tree, Name) and self._is_vector(vector.shape) and not self._is_vector(matrix.shape):
                return f"If {vector.tree.name} is one number, say so in the headers: scalar: {vector.tree.name}"
        return ""

    def _is_vector(self, shape: Shape) -> bool:
        return any(self.dimensions.is_one(each) for each in shape)

    def _unfit_result(self, operation: Operation, operand: Operand) -> Contradiction:
        note = f"{write(operand.tree)[:60]} is {describe(self, operand.shape)}"
        message = f"this has to be {describe(self, operation.result)} elsewhere in the cell."
        return self._fail(message, [(operation.source, operation.span, note)])

    def _unfit_product(self, operation: Operation) -> Contradiction:
        one, two = operation.left, operation.right
        both = one.timed and two.timed
        hint = f"For the product of components write {write(one.tree)[:60]} * {write(two.tree)[:60]}." if both else ""
        message = "this matrix product does not fit: the columns of the left factor are not the rows of the right one."
        return self._fail(message, self._operands(operation), hint)

    def guarded(self, dimension: Dimension, name: str) -> Contradiction:
        """A vector would need the size 1 where a matrix multiplies it."""
        operation = self.dimensions.guard_of(dimension)
        if operation is None:
            return self._fail(f"{name} cannot be a vector.", [])
        operation.done = True
        return self._fail("this matrix product does not fit.", self._operands(operation))

    def _unequal_stacks(self) -> Contradiction:
        return self._fail("two stacks that have to be of the same size are not.", [])

    def _endless(self, dimension: Dimension, why: str) -> Contradiction:
        find: Callable[[Dimension], Dimension] = self.dimensions.find
        name = next((name for name, shape in self.shapes.items() if dimension in map(find, shape)), None)
        places = [(use.source, use.span, "") for use in [self.roles.first_use[name]]] if name else []
        if why == "endless":
            what = (
                f"{name} would have to be longer than itself" if name else "a stack would have to be longer than itself"
            )
            return self._fail(f"{what}: it is a part of the stack that it is equal to.", places)
        return self._fail(f"the stacks that {name or 'a vector'} consists of have {why}.", places)
