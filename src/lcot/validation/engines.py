"""Which engine entry a row means: by name, version or date, and the maker of the chips."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lcot.errors import UnknownName
from lcot.facts import catalog
from lcot.facts.types import Engine, System


def version_of(text: str) -> tuple[int, ...]:
    """Leading numbers of a version; empty where there is none.

    >>> version_of("1.2.0rc6.post3")
    (1, 2, 0)
    """
    found = re.match(r"\s*v?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def in_range(version: tuple[int, ...], versions: str) -> bool:
    """Whether a version lies in a range such as ``>=0.9,<0.20``; an unknown version lies in no bounded range."""
    for bound in filter(None, (part.strip() for part in versions.split(","))):
        found = re.fullmatch(r"(>=|<=|<|>|==)\s*([\w.]+)", bound)
        if not found:
            continue  # a year, or words: no bound
        limit = version_of(found[2])
        width = max(len(limit), len(version))
        left, right = (v + (0,) * (width - len(v)) for v in (version, limit))
        holds = {">=": left >= right, "<=": left <= right, "<": left < right, ">": left > right, "==": left == right}
        if not version or not holds[found[1]]:
            return False
    return True


def engine_for(name: str, version: str, system: System, engines: Iterable[Engine]) -> Engine:
    """The engine entry for a name and a version on a system.

    Parameters
    ----------
    name : str
        Engine as the row names it, in the vocabulary's words: ``vllm``, ``trtllm`` ... [text]
    version : str
        Its version; empty: the newest. [text]
    system : System
        Where it runs.
    engines : iterable of Engine
        What is on record for the system's family.

    Returns
    -------
    Engine
        The entry of that name whose range holds the version, else the one nearest to it, else the system's usual one.

    Raises
    ------
    UnknownName
        If the family has no engine at all.
    """
    every = sorted(engines, key=lambda engine: _lowest(engine.versions))
    if not every:
        raise UnknownName("engine", name, [], system.family)
    vendor = system.chip.vendor.lower()
    named = [engine for engine in every if _is_named(engine, name)]
    ported = [engine for engine in named if engine.id.endswith("-" + vendor)]
    common = [engine for engine in named if not engine.id.endswith(PORTS)]
    wanted = version_of(version)
    for choice in (ported, common):
        holding = [engine for engine in choice if not engine.versions or in_range(wanted, engine.versions)]
        if holding:
            return holding[-1]
    if not common or vendor == "amd":  # constants fitted on one vendor's chips do not carry over
        return catalog.engine_of(system)
    older = [engine for engine in common if wanted and _lowest(engine.versions) <= wanted]
    return (older or (common[:1] if wanted else common))[-1]


PORTS = ("-amd", "-intel", "-huawei")  # entries of an engine's port to the chips of one vendor
# First month of releases, by engine: the version of a row that states only its date (public release pages)
RELEASES: dict[str, tuple[tuple[str, str], ...]] = {
    "vllm": (("2023-06", "0.1"), ("2023-12", "0.2.5"), ("2024-05", "0.4.2"), ("2024-09", "0.6.0"), ("2025-02", "0.7.2"),
             ("2025-04", "0.8.2"), ("2025-06", "0.9.0"), ("2025-10", "0.11.0"), ("2026-01", "0.13.0"),
             ("2026-02", "0.15.0"), ("2026-03", "0.17.0")),
    "trtllm": (("2023-10", "0.5"), ("2024-04", "0.9"), ("2024-10", "0.13"), ("2025-02", "0.17"), ("2025-06", "0.20"),
               ("2025-09", "1.0"), ("2026-01", "1.2")),
    "sglang": (("2024-01", "0.1"), ("2024-12", "0.4.0"), ("2025-04", "0.4.5"), ("2025-09", "0.5.2"),
               ("2026-02", "0.5.8")),
}  # fmt: skip


def version_by_date(name: str, date: str) -> str:
    """Newest release of an engine at a date, where a row states no version; empty where neither is known.

    >>> version_by_date("vllm", "2024-10")
    '0.6.0'
    """
    before = [version for month, version in RELEASES.get(name, ()) if date and month <= date]
    return before[-1] if before else ""


# nearest entries: RTP-LLM and DeepSeek's own engine use the kernels for spread experts that SGLang took from DeepSeek
SAME = {"deepseek": "sglang", "xdeepserve": "cloudmatrix-infer", "rtp-llm": "sglang", "tgi": "vllm", "llmboost": "vllm"}


def _is_named(engine: Engine, name: str) -> bool:
    plain = SAME.get(name, name).replace(".", "-")
    return re.fullmatch(re.escape(plain) + rf"(-\d{{4}})?({'|'.join(PORTS)})?", engine.id) is not None


def _lowest(versions: str) -> tuple[int, ...]:
    found = re.search(r">=?\s*([\w.]+)", versions)
    return version_of(found[1]) if found else ()
