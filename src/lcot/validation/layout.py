"""How rows write layouts, and what they mean.

The short forms are ``tp`` (tensor ranks of attention), ``dp`` (data-parallel attention), ``pp`` (pipeline stages),
``ep`` (ranks over which whole experts are spread), ``mtp`` or ``etp`` (tensor ranks within an expert).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lcot.validation.types import Layout

NUMBER = re.compile(r"\b(tp|dp|pp|ep|mtp|etp)\s*[=:]?\s*(\d+)\b", re.IGNORECASE)
POOL = re.compile(r"(prefill|decode)\s+(\d+)\s*x\s*\(([^)]*)\)", re.IGNORECASE)
SHARES = re.compile(r"(\d+)\s*P\s*(?:\(\s*(\d+)\s*GPU[^)]*\))?\s*\+?\s*(\d+)\s*D\b\s*(?:\(\s*(\d+)\s*GPU[^)]*\))?")
NAMED = re.compile(r"(prefill|decode)\b(?:\s+unit)?\s+((?:(?:tp|dp|pp|ep)\s*=?\s*\d+[\s+/,]*)+)", re.IGNORECASE)
# other ways to write the short forms
SPELLED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), short)
    for pattern, short in (
        (r"decode (\d+) RDU", r"decode TP\1"),
        (r".*decode (?:group|nodes)\b.*?(\d+) GPUs.*", r"decode EP\1"),
        (r"\bDEP[-=: ]?(\d+)", r"dp\1 ep\1"),  # attention data parallel, experts spread
        (r"\bTEP[-=: ]?(\d+)", r"tp\1 ep\1"),
        (r"\bt(?:ensor)?[-_ ]parallel(?:ism)?(?:[-_ ]size)?[ =:]*(\d+)", r"tp\1"),
        (r"\bd(?:ata)?[-_ ]parallel(?:ism)?(?:[-_ ]size)?[ =:]*(\d+)", r"dp\1"),
        (r"\bp(?:ipeline)?[-_ ]parallel(?:ism)?(?:[-_ ]size)?[ =:]*(\d+)", r"pp\1"),
        (r"\be(?:xpert)?[-_ ]parallel(?:ism)?(?:[-_ ]size)?[ =:]+(\d+)", r"ep\1"),
        (r"\b(\d+)[- ]way (tp|dp|pp|ep)\b", r"\2\1"),
        (r"\b(tp|dp|pp|ep)-(\d+)", r"\1\2"),
        (r"(?<![a-z])((?:tp|dp|pp|ep)\d+)(?=(?:tp|dp|pp|ep)\d)", r"\1 "),
        (r"^(\d+) ?(?:x|replicas of|copies of|instances of) ?((?:tp|pp|dp|ep)\d+.*)$", r"\2 x \1 replicas"),
        (r"^(?:1|single|one) (?:GPU|chip|card|device|accelerator)s?$|^single$", r"tp1"),
    )
)
SQUARED = re.compile(r"tp(\d+)(?: dp(\d+))? mtp(\d+) ep\3", re.IGNORECASE)
SQUARING = "aiconfigurator"  # the source that writes such layouts
NODE = 8  # accelerators of the machines that these runs were made on
WHOLE = re.compile(r"\(\s*(\d+)\s*(?:GPUs|chips each)|=\s*(\d+)\s*GPUs|^(\d+)\s*GPUs", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layouts:
    """The layout of a row: of the pool that decodes, or of the only one, and of the pool that prefills."""

    main: Layout | None = None
    prefill: Layout | None = None


def as_run(text: str, devices: int, source: str) -> tuple[str, int]:
    """The layout and devices of a row whose source counted the ranks of the experts twice.

    The end-to-end runs shipped with aiconfigurator write a group of k accelerators with k ranks over experts as
    ``tp<k*k> mtp<k> ep<k>`` (or ``dp<k*k>``) on k*k accelerators. The same source holds 83 of these 210 runs a
    second time, with the same times to nine digits, as ``tp<k> ep<k>`` on k: they were made on 4 and on 8. Smaller
    layouts, which fit one machine, stay as they are.

    Parameters
    ----------
    text : str
        The layout as the row writes it. [text]
    devices : int
        Accelerators that the row states. [1]
    source : str
        Title of the row's source. [text]

    Returns
    -------
    tuple of str and int
        Layout and accelerators; those given where the rule does not apply.

    Examples
    --------
    >>> as_run("tp64 mtp8 ep8", 64, "End-to-end runs shipped with aiconfigurator 0.12")
    ('tp8 ep8', 8)
    """
    found = SQUARED.fullmatch(text.strip())
    if not found or devices <= NODE or SQUARING not in source.lower():
        return text, devices
    tensor, data, ranks = int(found[1]), int(found[2] or 1), int(found[3])
    if tensor * data != devices or devices != ranks * ranks:
        return text, devices
    if data > 1:
        return (text, devices) if data % ranks else (f"tp{tensor} dp{data // ranks} ep{ranks}", ranks)
    return f"tp{ranks} ep{ranks}", ranks


def read_layout(text: str, devices: int, mixture: bool = True, parts: int = 1, scenario: str = "") -> Layouts:
    """The layout that a row states.

    Parameters
    ----------
    text : str
        As the row writes it; empty where it does not. [text]
    devices : int
        Accelerators that the row states; 0 where it does not. [1]
    mixture : bool
        Whether the model has experts; else what is said of them is dropped. [1]
    parts : int
        Dies or cores of one accelerator that the text may count instead. [1]
    scenario : str
        Scenario of the row: ``prefill_only`` rows name the prefill pool. [text]

    Returns
    -------
    Layouts
        None where nothing is stated that makes a layout.
    """
    plain = text.strip().strip("\"'")
    for pattern, short in SPELLED:
        plain = pattern.sub(short, plain)
    if not plain:
        return Layouts()
    pools = _pools(plain, mixture)
    if pools is None:
        return Layouts(_in_chips(_single(plain, devices, mixture), devices, parts))
    prefill, decode = pools
    if decode is None or scenario == "prefill_only":
        return Layouts(_in_chips(prefill or decode, devices, parts))
    if prefill is None:
        return Layouts(_in_chips(decode, devices, parts))
    if prefill.chips + decode.chips == devices * parts:
        return Layouts(
            _in_chips(decode, decode.chips // parts, parts), _in_chips(prefill, prefill.chips // parts, parts)
        )
    return Layouts(decode, prefill)


def _pools(text: str, mixture: bool) -> tuple[Layout | None, Layout | None] | None:
    """Prefill and decode pools; None where the text speaks of one pool only."""
    found = {kind.lower(): (int(copies), body) for kind, copies, body in POOL.findall(text)}
    if found:
        both = [found.get(kind) for kind in ("prefill", "decode")]
        first, second = (_of(_numbers(pool[1]), mixture, pool[0]) if pool else None for pool in both)
        return first, second
    shares = SHARES.search(text)
    named = {kind.lower(): _numbers(body) for kind, body in NAMED.findall(text)}
    if shares:
        common = {} if named else _numbers(text)
        first = _sized(named.get("prefill", common), shares[2])
        second = _sized(named.get("decode", common), shares[4])
        return _of(first, mixture, int(shares[1])), _of(second, mixture, int(shares[3]))
    if named:
        pools = [_of(named[kind], mixture) if kind in named else None for kind in ("prefill", "decode")]
        return pools[0], pools[1]
    return None


def _single(text: str, devices: int, mixture: bool) -> Layout | None:
    numbers = _numbers(text)
    replicas = re.search(r"x\s*(\d+)\s*replicas", text, re.IGNORECASE)
    whole = WHOLE.search(text)
    size = next((int(n) for n in whole.groups() if n), 0) if whole else 0
    if not numbers:
        return None
    if "each" in text and size and "dp" in numbers:  # so many copies, each on so many chips
        return _of({"tp": size}, mixture, numbers["dp"])
    if set(numbers) == {"dp"} and "attention" not in text:  # data parallel and nothing else: whole copies
        width = devices // numbers["dp"] if devices and devices % numbers["dp"] == 0 else 1
        return _of({"tp": width}, mixture, numbers["dp"])
    if re.search(r"\+\s*(ep\b(?!\d)|expert parallel)", text, re.IGNORECASE):
        numbers["ep"] = numbers.get("tp", 1) * numbers.get("dp", 1)
    return _of(numbers, mixture, int(replicas[1]) if replicas else 1)


def _numbers(text: str) -> dict[str, int]:
    return {name.lower(): int(number) for name, number in NUMBER.findall(text)}


def _sized(numbers: dict[str, int], size: str) -> dict[str, int]:
    """A pool of ``size`` chips whose attention is data parallel where the tensor ranks leave chips over."""
    if not size:
        return numbers
    data = int(size) // numbers.get("tp", 1)
    return {**numbers, "dp": data, "ep": int(size)}


def _of(numbers: dict[str, int], mixture: bool, copies: int = 1) -> Layout:
    tensor, data, pipeline = numbers.get("tp", 1), numbers.get("dp", 1), numbers.get("pp", 1)
    expert = numbers.get("ep", 1)
    expert_tensor = numbers.get("mtp", numbers.get("etp", 1))
    stage = tensor * data
    if mixture and expert > stage and expert_tensor == 1 and expert % stage == 0:
        # experts over more ranks than attention was said to have: the attention of these runs spans the same
        # ranks, data parallel where no tensor width is given and tensor parallel where data is given as one
        if "dp" in numbers:
            tensor = expert // data
        else:
            data = expert // tensor
        stage = tensor * data
    if not mixture:
        return Layout(copies, tensor, data, pipeline)
    if expert == 1 and expert_tensor == 1:  # beyond one machine experts are spread whole
        expert, expert_tensor = (stage, 1) if data > 1 and stage > NODE else (1, stage)
    return Layout(copies, tensor, data, pipeline, expert, expert_tensor)


def _in_chips(layout: Layout | None, devices: int, parts: int) -> Layout | None:
    """The same layout counted in chips, where the text counted dies or cores.

    Ranks of one chip are joined: data-parallel ranks first, then tensor ranks, and experts with them.
    """
    if layout is None or parts == 1 or not devices or layout.chips != devices * parts:
        return layout
    both = layout.data % parts == 0
    joined = replace(layout, data=layout.data // parts) if both else replace(layout, tensor=layout.tensor // parts)
    if layout.expert % parts == 0 and layout.expert > 1:
        return replace(joined, expert=layout.expert // parts)
    if layout.expert_tensor % parts == 0:
        return replace(joined, expert_tensor=layout.expert_tensor // parts)
    return joined
