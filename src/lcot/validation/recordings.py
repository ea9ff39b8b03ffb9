"""Users' own measurements as points: the result files of ``vllm bench serve``, AIPerf and GuideLLM.

These files state lengths, load and times, but not the machine; the reader of the file adds that. What comes out are
rows in the columns of a points file, so one reader (`lcot.validation.points`) serves both.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lcot.errors import ParseError

COLUMNS = [
    "id",
    "family",
    "system",
    "n_devices",
    "model",
    "params_note",
    "weight_dtype",
    "kv_dtype",
    "engine",
    "parallelism",
    "scenario",
    "input_len",
    "output_len",
    "concurrency_or_batch",
    "request_rate",
    "spec_decode",
    "metric",
    "value",
    "unit",
    "statistic",
    "date",
    "source_title",
    "source_url_or_repo_path",
    "quality",
    "note",
]
UNITS = {
    "ttft_ms": "ms",
    "tpot_ms": "ms",
    "output_tok_s_total": "tok/s",
    "total_tok_s_total": "tok/s",
}
Measured = list[tuple[str, str, float]]  # metric, statistic, value
Run = tuple[dict[str, Any], Measured]  # what the file states, what it measured


def read_recording(path: Path | str, stated: Mapping[str, str]) -> list[dict[str, str]]:
    """Rows of a points file from one result file.

    Parameters
    ----------
    path : Path or str
        JSON written by ``vllm bench serve``, AIPerf or GuideLLM.
    stated : mapping of str to str
        What the file does not know: ``system``, ``n_devices``, ``engine``, ``parallelism``, ``weight_dtype`` and any
        other column; these stand above what the file says.

    Returns
    -------
    list of dict
        One row per metric and statistic, in the columns of a points file.

    Raises
    ------
    ParseError
        If the file is not JSON, or of none of the three kinds.
    """
    file = Path(path)
    try:
        content: Any = json.loads(file.read_text())
    except (OSError, ValueError) as problem:
        raise ParseError(file, f"not readable as JSON ({problem})", allowed="a benchmark's result file") from None
    if not isinstance(content, dict):
        raise ParseError(file, "not a JSON object", allowed="a benchmark's result file")
    unknown = set(stated) - set(COLUMNS)
    if unknown:
        raise ParseError(file, f"no column {sorted(unknown)[0]!r} in a points file", allowed=", ".join(COLUMNS))
    for key, reader in READERS.items():
        if key in content:
            return _rows(file, reader(content), stated)
    raise ParseError(file, "of no known kind", allowed="the JSON of vllm bench serve, AIPerf or GuideLLM")


def write_rows(rows: list[dict[str, str]], path: Path | str) -> None:
    """Write rows as a points file (CSV)."""
    with Path(path).open("w", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def _rows(file: Path, runs: list[Run], stated: Mapping[str, str]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for place, (facts, measured) in enumerate(runs):
        known = {key: str(value) for key, value in facts.items() if value is not None}
        if not measured:
            raise ParseError(file, f"run {place} holds no time to first token, time per token or throughput")
        for metric, statistic, value in measured:
            row = dict.fromkeys(COLUMNS, "")
            row |= {"source_title": file.stem, "source_url_or_repo_path": file.name, "quality": "A"}
            row |= known | dict(stated)
            row |= {"id": f"{file.stem}-{place}-{metric}-{statistic}", "metric": metric, "statistic": statistic}
            rows.append(row | {"value": repr(value), "unit": UNITS[metric]})
    return rows


def _scenario(concurrency: float | None, rate: float | None) -> str:
    if rate is not None and concurrency is None:
        return "server"
    return "offline" if concurrency is None else ("single_stream" if concurrency <= 1 else "closed_loop")


def _finite(value: Any) -> float | None:
    """A positive finite number, or None for ``inf`` and for what is absent."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < float("inf") else None


def _facts(concurrency: float | None, rate: float | None, **others: Any) -> dict[str, Any]:
    return {
        "scenario": _scenario(concurrency, rate),
        "concurrency_or_batch": concurrency,
        "request_rate": rate,
        **others,
    }


def _found(pairs: list[tuple[str, str, Any]]) -> Measured:
    return [(metric, name, number) for metric, name, value in pairs if (number := _finite(value)) is not None]


def _vllm(content: dict[str, Any]) -> list[Run]:
    done = _finite(content.get("completed")) or 1.0
    facts = _facts(
        _finite(content.get("max_concurrency")),
        _finite(content.get("request_rate")),
        engine=content.get("backend"),
        model=content.get("model_id"),
        date=content.get("date"),
        input_len=content.get("total_input_tokens", 0) / done,
        output_len=content.get("total_output_tokens", 0) / done,
    )
    names = (("mean", "mean"), ("median", "p50"), ("p99", "p99"))
    pairs = [(f"{m}_ms", ours, content.get(f"{theirs}_{m}_ms")) for m in ("ttft", "tpot") for theirs, ours in names]
    pairs += [
        ("output_tok_s_total", "mean", content.get("output_throughput")),
        ("total_tok_s_total", "mean", content.get("total_token_throughput")),
    ]
    return [(facts, _found(pairs))]


def _aiperf(content: dict[str, Any]) -> list[Run]:
    settings: dict[str, Any] = content.get("input_config") or {}
    load: dict[str, Any] = settings.get("loadgen") or {}
    models: list[str] = (settings.get("endpoint") or {}).get("model_names") or []

    def part(name: str, statistic: str) -> Any:
        return (content.get(name) or {}).get(statistic)

    facts = _facts(
        _finite(load.get("concurrency")),
        _finite(load.get("request_rate")),
        model=models[0] if models else None,
        input_len=part("input_sequence_length", "avg"),
        output_len=part("output_sequence_length", "avg"),
    )
    names = (("avg", "mean"), ("p50", "p50"), ("p99", "p99"))
    metrics = (("ttft_ms", "time_to_first_token"), ("tpot_ms", "inter_token_latency"))
    pairs = [(ours, name, part(theirs, statistic)) for ours, theirs in metrics for statistic, name in names]
    pairs.append(("output_tok_s_total", "mean", part("output_token_throughput", "avg")))
    return [(facts, _found(pairs))]


def _guidellm(content: dict[str, Any]) -> list[Run]:
    runs: list[Run] = []
    for benchmark in content["benchmarks"]:
        metrics: dict[str, Any] = benchmark.get("metrics") or {}

        def part(name: str, statistic: str, metrics: dict[str, Any] = metrics) -> Any:
            found: dict[str, Any] = (metrics.get(name) or {}).get("successful") or {}
            return found.get(statistic, (found.get("percentiles") or {}).get(statistic))

        strategy: dict[str, Any] = (benchmark.get("args") or benchmark.get("config") or {}).get("strategy") or {}
        streams = _finite(strategy.get("streams"))
        facts = _facts(
            streams if streams is not None else (1.0 if strategy.get("type_") == "synchronous" else None),
            _finite(strategy.get("rate")),
            model=(content.get("args") or {}).get("model"),
            input_len=part("prompt_token_count", "mean"),
            output_len=part("output_token_count", "mean"),
        )
        names = (("mean", "mean"), ("median", "p50"), ("p99", "p99"))
        ours = (("ttft_ms", "time_to_first_token_ms"), ("tpot_ms", "inter_token_latency_ms"))
        pairs = [(metric, name, part(theirs, statistic)) for metric, theirs in ours for statistic, name in names]
        pairs += [
            ("output_tok_s_total", "mean", part("output_tokens_per_second", "mean")),
            ("total_tok_s_total", "mean", part("tokens_per_second", "mean")),
        ]
        runs.append((facts, _found(pairs)))
    return runs


# the key that tells one kind of file from the others
READERS: dict[str, Callable[[dict[str, Any]], list[Run]]] = {
    "mean_ttft_ms": _vllm,
    "time_to_first_token": _aiperf,
    "benchmarks": _guidellm,
}
