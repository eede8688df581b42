"""What numba lacks for code on bare memory: pointers made of addresses, and calls of functions by address.

Importing this module imports numba.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import core, extending

from autorecur.compile.native import ARITIES, MOST_POINTERS

numba: Any = core
types, cgutils, intrinsic = numba.types, numba.cgutils, extending.intrinsic
WORD, INT, BYTES = ir.IntType(64), ir.IntType(32), ir.IntType(8).as_pointer()


def _pointer(typing: Any, address: Any, element: Any) -> Any:
    """``pointer(address, real)``: the numbers that begin at an address."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(element.dtype)(types.int64, element), code


def _stack(typing: Any) -> Any:
    """``stack()``: memory for the addresses of one call."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return cgutils.alloca_once(builder, WORD, size=ir.Constant(WORD, MOST_POINTERS), zfill=True)

    return types.CPointer(types.int64)(), code


def _call(typing: Any, address: Any, count: Any, places: Any, rows: Any, sizes: Any) -> Any:
    """``call(address, count, places, rows, sizes)``: a function of ``compile/native.py`` that takes ``count`` pointers."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        function, number, addresses, rows, sizes = arguments
        result = cgutils.alloca_once(builder, BYTES)
        error = cgutils.alloca_once(builder, BYTES)
        done = builder.append_basic_block("done")
        choice = builder.switch(number, done)
        for arity in ARITIES:
            block = builder.append_basic_block(f"call{arity}")
            choice.add_case(ir.Constant(WORD, arity), block)
            builder.position_at_end(block)
            words = [builder.load(builder.gep(addresses, [ir.Constant(WORD, i)])) for i in range(arity)]
            pointers = [builder.inttoptr(word, BYTES) for word in words]
            given = [result, error, *pointers, rows, sizes]
            kind = ir.FunctionType(INT, [value.type for value in given])
            builder.call(builder.inttoptr(function, kind.as_pointer()), given)
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    given = (types.int64, types.int64, types.CPointer(types.int64), types.int64, types.CPointer(types.int64))
    return types.void(*given), code


def _call_blas(typing: Any, address: Any, arguments: Any) -> Any:
    """``call_blas(address, (…))``: a BLAS routine, which is given the address of each argument as in Fortran.

    Sizes (int64 here) become the routine's 32-bit integers, letters (uint8) and numbers stay what they are, pointers go as
    they are.
    """

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        given = []
        for i, kind in enumerate(signature.args[1]):
            value = builder.extract_value(values[1], i)
            if isinstance(kind, types.CPointer):
                given.append(value)
                continue
            if isinstance(kind, types.Integer) and kind.bitwidth == 64:
                value = builder.trunc(value, INT)
            place = cgutils.alloca_once(builder, value.type)
            builder.store(value, place)
            given.append(place)
        routine = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        builder.call(builder.inttoptr(values[0], routine.as_pointer()), given)
        return context.get_dummy_value()

    return types.void(types.int64, arguments), code


def _ask(typing: Any, address: Any) -> Any:
    """``ask(address)``: the integer that a function without arguments returns."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        function = builder.inttoptr(arguments[0], ir.FunctionType(INT, []).as_pointer())
        return builder.sext(builder.call(function, []), WORD)

    return types.int64(types.int64), code


def _tell(typing: Any, address: Any, number: Any) -> Any:
    """``tell(address, number)``: a function of one integer."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        function = builder.inttoptr(arguments[0], ir.FunctionType(ir.VoidType(), [INT]).as_pointer())
        builder.call(function, [builder.trunc(arguments[1], INT)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), code


def _perform(typing: Any, address: Any, program: Any, bases: Any, code: Any, t: Any, rows: Any) -> Any:
    """``perform(address, program, bases, code, t, rows)``: the function of the machine that carries out an instruction."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given = [cgutils.alloca_once(builder, BYTES), cgutils.alloca_once(builder, BYTES), *arguments[1:]]
        kind = ir.FunctionType(INT, [value.type for value in given])
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), given)
        return context.get_dummy_value()

    words = types.CPointer(types.int64)
    return types.void(types.int64, words, words, types.int64, types.int64, types.int64), made


pointer, stack, call, perform = map(intrinsic, (_pointer, _stack, _call, _perform))
call_blas, ask, tell = map(intrinsic, (_call_blas, _ask, _tell))
