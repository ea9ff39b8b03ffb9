"""How the parts of the kernel are compiled: one unit of machine code that knows neither Python nor its compiler."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numba
from numba.extending import intrinsic

part: Callable[[Callable[..., Any]], Any] = numba.njit(nogil=True, forceinline=True, error_model="numpy")
C_LIBRARY = ("sqrt", "floor", "ceil")  # what any process has
_NOTHING = "define internal void @NRT_MemInfo_call_dtor(ptr %0) {\n  ret void\n}"
_whole = numba.types.int64
_SIGNATURE = _whole(numba.types.CPointer(_whole), _whole)


def _as_pointer(_: Any, address: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        from llvmlite import ir

        return builder.inttoptr(values[0], ir.PointerType(ir.IntType(8)))

    return numba.types.voidptr(address), generate


_pointer: Any = intrinsic(_as_pointer)


_array: Any = numba.carray  # pyright: ignore[reportPrivateImportUsage]


@part
def line(places: Any, i: Any, dtype: Any) -> Any:
    """Array ``i`` of those handed over, with one axis."""
    return _array(_pointer(places[5 * i]), (places[5 * i + 1],), dtype)


@part
def plane(places: Any, i: Any, dtype: Any) -> Any:
    """Array ``i`` of those handed over, with two axes."""
    return _array(_pointer(places[5 * i]), (places[5 * i + 1], places[5 * i + 2]), dtype)


@part
def solid(places: Any, i: Any, dtype: Any) -> Any:
    """Array ``i`` of those handed over, with three axes."""
    shape = (places[5 * i + 1], places[5 * i + 2], places[5 * i + 3])
    return _array(_pointer(places[5 * i]), shape, dtype)


@part
def hyper(places: Any, i: Any, dtype: Any) -> Any:
    """Array ``i`` of those handed over, with four axes."""
    shape = (places[5 * i + 1], places[5 * i + 2], places[5 * i + 3], places[5 * i + 4])
    return _array(_pointer(places[5 * i]), shape, dtype)


def machine_code() -> tuple[str, bytes]:
    """Compile the kernel.

    Returns
    -------
    tuple
        Name of the entry, and the object file. [text], [byte]
    """
    import llvmlite.binding as llvm

    from lcot.serving.kernel.loop import run

    compile_for_c: Any = numba.cfunc
    made = compile_for_c(_SIGNATURE, nopython=True, error_model="numpy")(run)
    library = made._library
    text = _counting_nothing(str(library._final_module))
    return made.native_name, library.codegen._tm.emit_object(llvm.parse_assembly(text))


def _counting_nothing(text: str) -> str:
    """The code with what it would call outside of itself filled in; raises `AssertionError` where that is unknown.

    The arrays are the caller's and have no reference count, so the one call to end it is never made.
    """
    text = re.sub(r"declare (?:\S+ )*void @NRT_MemInfo_call_dtor\(.*", _NOTHING, text)
    called = re.findall(r"^declare .*?@\"?([^\"(\s]+)", text, re.M)
    outside = [name for name in called if not name.startswith("llvm.") and name not in C_LIBRARY]
    assert not outside, f"the kernel calls {', '.join(outside)}, which no process without the compiler has"
    return text
