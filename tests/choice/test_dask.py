"""The same sample on a real Dask cluster, whose worker dies, and whose client dies."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lcot.choice.chunks import run
from tests.choice.double import work

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(__file__).parents[2]
DRAWS, SIZE, SEED = 1200, 50, 11


def slow(draws, seed):
    time.sleep(0.1)
    return work(draws, seed)


def dies_once(marker, draws, seed):
    """Kill the worker the first time that the fifth chunk or later is worked on."""
    time.sleep(0.05)
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return work(draws, seed)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes that find this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.syspath_prepend(ROOT)
        yield from start()


def start():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0, silence_logs=50
    ) as made:
        yield made


@pytest.fixture(scope="module")
def whole():
    return run(work, DRAWS, SEED, size=SIZE)["draw"]


def test_same_draws_on_a_cluster_with_progress(cluster, whole):
    seen = []
    with distributed.Client(cluster) as client:
        made = run(
            work, DRAWS, SEED, size=SIZE, executor=client.get_executor(), progress=lambda done, of: seen.append(done)
        )
    assert (made["draw"] == whole).all()
    assert seen == list(range(1, 25))


def test_a_killed_worker_loses_nothing(cluster, whole, tmp_path):
    with distributed.Client(cluster) as client:
        kills = functools.partial(dies_once, str(tmp_path / "marker"))
        made = run(kills, DRAWS, SEED, size=SIZE, executor=client.get_executor(), folder=tmp_path / "sample")
    assert (tmp_path / "marker").exists()
    assert (made["draw"] == whole).all()
    assert len(np.unique(made["draw"])) == DRAWS


CLIENT = """
import sys
from pathlib import Path
import distributed
from lcot.choice.chunks import run
from tests.choice.test_dask import DRAWS, SEED, SIZE, slow
with distributed.Client(sys.argv[1]) as client:
    run(slow, DRAWS, SEED, size=SIZE, executor=client.get_executor(), folder=Path(sys.argv[2]))
"""


def test_a_killed_client_goes_on_where_it_stopped(cluster, whole, tmp_path):
    folder = tmp_path / "sample"
    client = subprocess.Popen([sys.executable, "-c", CLIENT, cluster.scheduler_address, str(folder)])
    deadline = time.monotonic() + 60
    while len(list(folder.glob("chunk-*.npz"))) < 4 and time.monotonic() < deadline:
        assert client.poll() is None
        time.sleep(0.02)
    client.kill()
    client.wait()
    kept = len(list(folder.glob("chunk-*.npz")))
    assert 4 <= kept < DRAWS // SIZE
    seen = []
    with distributed.Client(cluster) as other:
        made = run(
            work,
            DRAWS,
            SEED,
            size=SIZE,
            executor=other.get_executor(),
            folder=folder,
            progress=lambda done, of: seen.append(done),
        )
    assert seen[0] == kept
    assert (made["draw"] == whole).all()
