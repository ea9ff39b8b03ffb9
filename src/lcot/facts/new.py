"""A commented template for a chip and system of one's own, in one file that loads as it stands."""

from __future__ import annotations

from lcot.errors import UnknownName

TIERS = {"gpu": ("hbm",), "wafer": ("sram",), "lpu": ("sram",), "rdu": ("sram", "hbm", "ddr"), "mesh": ("sram", "gddr")}
LEVELS = {
    "gpu": ("scale_up", "scale_out"),
    "wafer": ("scale_up", "scale_out"),
    "lpu": ("node", "scale_up"),
    "rdu": ("scale_up", "scale_out"),
    "mesh": ("scale_up",),
}
WHAT = {
    "gpu": "a GPU or another chip with its own memory, in a switched domain",
    "wafer": "a wafer: scale_up is the mesh between its cores, scale_out the link from wafer to wafer",
    "lpu": "chips that hold weights in SRAM and form one long pipeline; node is the group that splits a layer",
    "rdu": "a reconfigurable dataflow chip with SRAM, HBM and DDR",
    "mesh": "chips that forward over their own links (ring, torus or mesh) without a switch",
}
HEAD = """\
# {what}.
# Fill in what you know. null means: looked for and not found; a calculation that needs it names the fact it misses.
# Units: TFLOP/s PFLOP/s GB GiB TB/s GB/s ns us W kW USD kUSD MUSD USD/h ... Each value needs a source declared below,
# or "source: estimate" with low, high and a note.
# Use it with: lcot compare MODEL --system THIS-FILE.yaml
id: my-system
name: My system
vendor: Me
status: announced            # shipping | announced | retired
count: 8                     # chips in the smallest thing that is sold
sources: {{}}
  # sheet:
  #   title: Data sheet of my chip
  #   kind: datasheet        # datasheet filing paper measured press analyst secondary estimate
  #   url: https://example.org/sheet.pdf
  #   date: 2026-11-01
chip:
  id: my-chip
  name: My chip
  vendor: Me
  family: {family}
  tiers: [{tiers}]           # memory, nearest to the compute first
  levels: [{levels}]         # fabric, nearest first
  facts:
    # Dense peak, without sparsity, by number format: bf16 fp8 int8 fp4.
    # peak.bf16: {{value: 1000, unit: TFLOP/s, source: sheet, at: page 2}}
    peak.bf16: {{value: null}}
    peak.fp8: {{value: null}}
"""
TIER = """\
    memory.{tier}.capacity: {{value: null}}
    memory.{tier}.bandwidth: {{value: null}}
"""
LEVEL = """\
    # One way, per chip.
    fabric.{level}.bandwidth: {{value: null}}
    fabric.{level}.latency: {{value: null}}   # one hop
    fabric.{level}.size: {{value: null}}      # chips in it, unit "1"
    fabric.{level}.topology: {{value: null}}  # switch ring torus2d torus3d mesh2d all_to_all dragonfly none
"""
TAIL = """\
    power.tdp: {value: null}      # with scope: chip, package, module, board, card, server, system, wafer, rack
facts:
  # What the price includes is its scope: chip, modules, card, server, rack, system, bom.
  # price: {value: 300, low: 250, high: 400, unit: kUSD, scope: server, source: estimate, note: what it rests on}
  price: {value: null}
  power.max: {value: null}        # with scope: server, rack ...
  available: {value: null}        # 2027-03: first shipment
"""


def new(family: str) -> str:
    """A template for one architecture family. Raises `UnknownName`."""
    if family not in TIERS:
        raise UnknownName("family", family, TIERS)
    tiers, levels = TIERS[family], LEVELS[family]
    what = WHAT[family][0].upper() + WHAT[family][1:]
    head = HEAD.format(what=what, family=family, tiers=", ".join(tiers), levels=", ".join(levels))
    memory = "".join(TIER.format(tier=tier) for tier in tiers)
    return head + memory + "".join(LEVEL.format(level=level) for level in levels) + TAIL
