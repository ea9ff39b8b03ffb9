"""The machine code of the kernel: compiled once, kept between processes, loaded without the compiler.

The code is keyed by a hash of all sources of this folder, the compiler's version and the processor. It lies beside
the sources, or, where that folder cannot be written, in the user's cache.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lcot.kept import fetch, keep, places
from lcot.serving.kernel.records import ARRAYS

HERE = Path(__file__).parent


@cache
def _key() -> str:
    """What the machine code depends on. [text]"""
    import llvmlite
    import llvmlite.binding as llvm

    digest = hashlib.sha256()
    for path in sorted(HERE.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for text in (llvmlite.__version__, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()):
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:32]


def _name() -> str:
    return f"kernel-{_key()}.o"


def ready() -> bool:
    """Whether the machine code is there, so that nothing has to be compiled.

    Returns
    -------
    bool
        True where a run starts at once.
    """
    return any(place.exists() for place in places(HERE, _name()))


def _code() -> bytes:
    """Name of the entry, a line feed, and the object file; compiled if it is nowhere kept."""
    code = fetch(HERE, _name())
    if code is None:
        from lcot.serving.kernel.compiled import machine_code

        name, machine = machine_code()
        code = name.encode() + b"\n" + machine
        keep(HERE, _name(), code)
    return code


@cache
def _loaded() -> tuple[Any, Callable[[int, int], int]]:
    """The linked code, which must stay, and its entry."""
    import llvmlite.binding as llvm

    name, _, machine = _code().partition(b"\n")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault", jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(machine))
    engine.finalize_object()
    address = engine.get_function_address(name.decode())
    return engine, ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)(address)


def run(arrays: Mapping[str, np.ndarray], budget: int) -> int:
    """Run the kernel on its arrays, without the interpreter lock.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        By name, as `records.ARRAYS` lists them.
    budget : int
        Events after which to come back. [1]

    Returns
    -------
    int
        The trace is done (0), its next chunk is needed (1), or the budget is used (2).

    Raises
    ------
    TypeError
        If an array is not of the kind that the kernel reads.
    """
    places = np.ones((len(ARRAYS), 5), np.int64)
    for i, (name, (dtype, axes)) in enumerate(ARRAYS.items()):
        array = arrays[name]
        if array.dtype != dtype or array.ndim != axes or not array.flags.c_contiguous:
            raise TypeError(f"{name} is {array.dtype} with {array.ndim} axes; the kernel reads {dtype} with {axes}")
        places[i, 0] = array.ctypes.data
        places[i, 1 : 1 + axes] = array.shape
    return _loaded()[1](places.ctypes.data, budget)
