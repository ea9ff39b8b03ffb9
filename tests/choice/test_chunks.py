from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lcot.choice.chunks import plan, run
from lcot.errors import DomainError, InputError
from tests.choice.double import work


def test_plan():
    chunks = plan(1000, 7, 256)
    assert [draws for draws, _ in chunks] == [256, 256, 256, 232]
    assert chunks[0][1] == 7
    assert len({seed for _, seed in chunks}) == 4
    assert plan(2000, 7, 256)[:3] == chunks[:3]  # more draws go on where fewer stopped
    with pytest.raises(DomainError, match="draws"):
        plan(0, 1)


def test_any_number_of_workers_gives_the_same():
    alone = run(work, 1000, 3, size=100)
    for workers in (1, 4):
        with ThreadPoolExecutor(workers) as pool:
            shared = run(work, 1000, 3, size=100, executor=pool)
        assert (shared["draw"] == alone["draw"]).all()
    assert len(np.unique(alone["draw"])) == 1000


def test_resumes_without_losing_or_doubling(tmp_path):
    whole = run(work, 1000, 3, size=100)
    calls = []

    def dies(draws, seed):
        calls.append(seed)
        if len(calls) == 4:
            raise RuntimeError("killed")
        return work(draws, seed)

    with pytest.raises(RuntimeError, match="killed"):
        run(dies, 1000, 3, size=100, folder=tmp_path)
    assert len(list(tmp_path.glob("chunk-*.npz"))) == 3
    calls.clear()
    seen = []

    def counts(draws, seed):
        calls.append(seed)
        return work(draws, seed)

    again = run(counts, 1000, 3, size=100, folder=tmp_path, progress=lambda done, of: seen.append((done, of)))
    assert len(calls) == 7
    assert (again["draw"] == whole["draw"]).all()
    assert seen[0] == (3, 10)
    assert seen[-1] == (10, 10)
    calls.clear()
    assert (run(counts, 1000, 3, size=100, folder=tmp_path)["draw"] == whole["draw"]).all()
    assert calls == []


def test_keeps_what_was_done_when_a_worker_fails(tmp_path):
    bad = plan(1000, 3, 100)[5][1]

    def fails(draws, seed):
        if seed == bad:
            raise RuntimeError("worker died")
        return work(draws, seed)

    with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="worker died"):
        run(fails, 1000, 3, size=100, folder=tmp_path, executor=pool)
    assert len(list(tmp_path.glob("chunk-*.npz"))) >= 5
    assert (run(work, 1000, 3, size=100, folder=tmp_path)["draw"] == run(work, 1000, 3, size=100)["draw"]).all()


def test_half_written_chunks_are_done_again(tmp_path):
    whole = run(work, 300, 3, size=100, folder=tmp_path)
    path = tmp_path / "chunk-000001.npz"
    path.write_bytes(path.read_bytes()[:200])
    (tmp_path / "chunk-000002.npz").write_bytes(b"")
    assert (run(work, 300, 3, size=100, folder=tmp_path)["draw"] == whole["draw"]).all()


def test_a_folder_of_another_sample_is_refused(tmp_path):
    run(work, 100, 3, size=100, folder=tmp_path, key="this")
    with pytest.raises(InputError, match="another sample"):
        run(work, 100, 4, size=100, folder=tmp_path, key="this")
    with pytest.raises(InputError, match="another sample"):
        run(work, 100, 3, size=100, folder=tmp_path, key="that")
