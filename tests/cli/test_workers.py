"""The draws of a comparison on processes, threads and a real Dask cluster: one answer, and none lost in a crash."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from lcot.cli import run

ASKED = [
    *("compare", "llama-3.3-70b", "--speed", "50", "--rate", "20", "--finalists", "0", "--json"),
    *("--system", "dgx-h100"),
]


def answer(capsys, *more):
    run([*ASKED, *more])
    return json.loads(capsys.readouterr().out)["systems"]


@pytest.mark.parametrize(
    "where", [["--workers", "2"], ["--executor", "threads"], ["--executor", "concurrent.futures:ThreadPoolExecutor"]]
)
def test_the_answer_is_the_same_wherever(capsys, where):
    draws = ["--draws", "600", "--seed", "5"]
    assert answer(capsys, *draws, *where) == answer(capsys, *draws)


def test_what_was_kept_is_used(capsys, tmp_path):
    first = answer(capsys, "--draws", "512", "--keep", str(tmp_path))
    (folder,) = tmp_path.iterdir()
    chunks = sorted(folder.glob("chunk-*.npz"))
    assert len(chunks) == 2
    chunks[1].unlink()
    before = chunks[0].stat().st_mtime_ns
    assert answer(capsys, "--draws", "512", "--keep", str(tmp_path)) == first
    assert chunks[0].stat().st_mtime_ns == before
    assert chunks[1].exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workers", "-1"], "0 to 1024"),
        (["--executor", "prozesses"], "processes, threads"),
        (["--executor", "json:dumps"], "MODULE:NAME"),
        (["--executor", "collections:OrderedDict"], "no executor"),
        (["--executor", "no_such_module:x"], "no_such_module"),
        (["--executor", "tcp://127.0.0.1:1", "--workers", "2"], "a cluster has its own"),
        (["--keep", __file__], "a file"),
    ],
)
def test_bad_input_is_refused_in_words(capsys, arguments, words):
    with pytest.raises(SystemExit) as end:
        run([*ASKED, *arguments])
    assert end.value.code == 2
    assert words in capsys.readouterr().err


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0, silence_logs=50
    ) as made:
        yield made


def wait_for(chunks, folder, while_true=lambda: True):
    """Wait until so many chunks are kept."""
    deadline = time.monotonic() + 60
    while len(list(folder.glob("*/chunk-*.npz"))) < chunks and time.monotonic() < deadline:
        assert while_true()
        time.sleep(0.01)


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_loses_a_worker_and_then_its_client(capsys, cluster, tmp_path):
    draws = ["--draws", "4096"]
    here = answer(capsys, *draws)
    there = ["--executor", cluster.scheduler_address, "--keep", str(tmp_path)]
    client = subprocess.Popen(
        [sys.executable, "-m", "lcot", *ASKED, *draws, *there], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for(1, tmp_path, lambda: client.poll() is None)
    client.kill()
    client.wait()
    kept = len(list(tmp_path.glob("*/chunk-*.npz")))
    assert 1 <= kept < 16
    workers = [worker.process.pid for worker in cluster.workers.values()]

    def kill_one():
        wait_for(kept + 1, tmp_path)
        os.kill(workers[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    assert answer(capsys, *draws, *there) == here
    killer.join()
    assert len(list(tmp_path.glob("*/chunk-*.npz"))) == 16


def test_ranges_through_the_simulator(capsys):
    asked = ["compare", "llama-3.1-8b", "--system", "dgx-h100", "--speed", "60", "--rate", "40", "--draws", "64"]
    run([*asked, "--finalists", "1", "--json"])
    closed = json.loads(capsys.readouterr().out)["systems"][0]
    run([*asked, "--finalists", "1", "--ranges", "simulated", "--workers", "1", "--json"])
    seen = json.loads(capsys.readouterr().out)["systems"][0]
    assert closed["under_load"]["draw_runs"] == 0
    assert seen["under_load"]["draw_runs"] > 16
    assert 0 < seen["under_load"]["interpolation_error"] < 0.2
    assert seen["usd_per_mtok"]["p50"] == pytest.approx(closed["usd_per_mtok"]["p50"], rel=0.3)
    with pytest.raises(SystemExit):
        run([*asked, "--finalists", "0", "--ranges", "simulated"])
    assert "finalists" in capsys.readouterr().err
