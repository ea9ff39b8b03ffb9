"""The kernel's machine code: shared between processes, loaded without the compiler, kept where it can be."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from lcot.serving.kernel import native
from lcot.serving.kernel.records import ARRAYS

LEAST = """
import sys
import numpy as np
from lcot.serving.replay import simulate
from lcot.serving.types import Policy, Requests
from lcot.steptime.types import StepTable
zero, one, pieces = np.zeros(1), np.ones(1, np.int64), np.zeros((1, 1, 3))
table = StepTable(np.zeros((2, 1, 3)), np.arange(3.0), pieces, np.ones(1), np.zeros((1,) * 5), (zero,) * 5, 64.0)
simulate(table, Requests(zero, one, one), Policy(max_sequences=1, max_batched_tokens=1))
"""


def test_another_process_loads_the_code_without_the_compiler():
    exec(LEAST, {})
    assert native.ready()
    code = LEAST + "sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_code_goes_to_the_users_cache_where_the_sources_are_read_only(tmp_path, monkeypatch):
    barred = tmp_path / "file"
    barred.write_text("")  # a folder below a file cannot be made
    monkeypatch.setattr(native, "HERE", barred)
    monkeypatch.setattr(native, "_key", lambda: "0")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = tmp_path / "cache" / "lcot" / "kernel-0.o"
    monkeypatch.setattr("lcot.serving.kernel.compiled.machine_code", lambda: ("entry", b"code"))
    assert not native.ready()
    assert native._code() == b"entry\ncode"
    assert place.read_bytes() == b"entry\ncode"
    assert list(place.parent.iterdir()) == [place]
    monkeypatch.setattr("lcot.serving.kernel.compiled.machine_code", pytest.fail)
    assert native._code() == b"entry\ncode"


def test_an_array_of_another_kind_is_refused():
    arrays = {name: np.zeros((1,) * axes, dtype) for name, (dtype, axes) in ARRAYS.items()}
    with pytest.raises(TypeError, match="hashes is float64"):
        native.run(arrays | {"hashes": np.zeros(1)}, 0)
