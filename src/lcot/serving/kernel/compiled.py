"""Compile the kernel once, and keep the machine code under a hash of all the kernel's sources.

numba's own cache looks only at the file that holds a function, so a change in a file that it calls would go
unseen. Here every source of this folder is in the stamp, and the folder for the code is numba's own choice:
``NUMBA_CACHE_DIR``, else beside the sources, else the user's cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import caching, cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array


@cache
def source_hash() -> str:
    """SHA-256 over the sources of the kernel. [text]"""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _stamped(locator: Any) -> Any:
    def get_source_stamp(_: Any) -> str:
        return source_hash()

    return type(locator.__name__, (locator,), {"get_source_stamp": get_source_stamp})


class _Store(caching.CompileResultCacheImpl):
    _locator_classes = [_stamped(locator) for locator in caching.CompileResultCacheImpl._locator_classes[:3]]  # noqa: RUF012  # pyright: ignore


class _KernelCache(caching.FunctionCache):
    _impl_class = _Store


def compiled(function: Callable[..., Any]) -> Any:
    """Entry point of the kernel, compiled without the interpreter lock and kept between processes.

    Parameters
    ----------
    function : callable
        The function to compile. [function]

    Returns
    -------
    callable
        Its compiled form. [function]
    """
    dispatcher: Any = numba.njit(nogil=True)(function)
    if hasattr(dispatcher, "_cache"):  # not where numba is switched off
        dispatcher._cache = _KernelCache(function)
    return dispatcher


def _without_count(_: Any, array: Any) -> Any:
    """The same array without its reference count, which costs an atomic operation wherever a part takes a view.

    The caller of the kernel holds every array for the whole call.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        view = make_array(signature.args[0])(context, builder, value=values[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        return view._getvalue()

    return array(array), generate


borrowed: Any = intrinsic(_without_count)
part: Callable[[Callable[..., Any]], Any] = numba.njit(nogil=True, forceinline=True)
