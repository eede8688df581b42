"""A tape in a hundred lines: derivatives of any order of programs made of a few operations on arrays.

The lesson beside this file, ``the-tape-in-100-lines.md``, reads it from top to bottom.
"""

from itertools import count

import numpy as np

numbers = count(1)


class Variable:
    """An array that remembers how it was made: from which variables, and the rule that leads back to each of them."""

    def __init__(self, value, inputs=(), rules=()):
        self.value = np.asarray(value, dtype=float)
        self.inputs, self.rules = inputs, rules
        self.number = next(numbers)  # larger than the numbers of its inputs, which were there before

    def __add__(self, other):
        return add(self, other)

    def __sub__(self, other):
        return add(self, multiply(other, -1.0))

    def __mul__(self, other):
        return multiply(self, other)

    def __matmul__(self, other):
        return matmul(self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __repr__(self):
        return f"Variable({self.value})"


def operation(kernel, *rules):
    """An operation: its value is ``kernel(*arrays)``, and ``rules[i](g, out, *inputs)`` sends the cotangent g to input i."""

    def apply(*inputs, **attributes):
        inputs = tuple(x if isinstance(x, Variable) else Variable(x) for x in inputs)
        value = kernel(*(x.value for x in inputs), **attributes)
        return Variable(value, inputs, tuple((rule, attributes) for rule in rules))

    return apply


def unstretch(x, shape):
    """The sum over the axes along which broadcasting had repeated numbers, so that x has the shape again."""
    x = np.sum(x, axis=tuple(range(x.ndim - len(shape))))
    return np.sum(x, axis=tuple(i for i, size in enumerate(shape) if size == 1), keepdims=True)


sum_to = operation(unstretch, lambda g, out, x, shape: stretch_to(g, shape=x.value.shape))
stretch_to = operation(np.broadcast_to, lambda g, out, x, shape: sum_to(g, shape=x.value.shape))
add = operation(np.add, lambda g, out, a, b: g, lambda g, out, a, b: g)
multiply = operation(np.multiply, lambda g, out, a, b: g * b, lambda g, out, a, b: g * a)
turned = operation(np.transpose, lambda g, out, x: turned(g))
matmul = operation(np.matmul, lambda g, out, a, b: g @ turned(b), lambda g, out, a, b: turned(a) @ g)
tanh = operation(np.tanh, lambda g, out, x: g * (1 + -1 * (out * out)))
exp = operation(np.exp, lambda g, out, x: g * out)


def total(x):
    """The sum of all numbers."""
    return sum_to(x, shape=())


def behind(root):
    """Every variable that the root was computed from, and itself; the youngest first."""
    seen, pending = set(), [root]
    while pending:
        v = pending.pop()
        if v not in seen:
            seen.add(v)
            pending.extend(v.inputs)
    return sorted(seen, key=lambda v: v.number, reverse=True)


def gradient(root, *leaves):
    """The derivative of a single number by each of the leaves: variables again, which can be differentiated again."""
    cotangents = {root: Variable(np.ones(root.value.shape))}
    for v in behind(root):
        g = cotangents.get(v)
        for x, (rule, attributes) in zip(v.inputs, v.rules, strict=True):
            sent = sum_to(rule(g, v, *v.inputs, **attributes), shape=x.value.shape)
            cotangents[x] = cotangents[x] + sent if x in cotangents else sent
    return [cotangents.get(leaf, Variable(np.zeros(leaf.value.shape))) for leaf in leaves]
