"""Every chart once, as a Vega-Lite specification made from plain rows, for page, report and notebook."""

from lcot.report.charts.cost import cheapest, tornado, waterfall
from lcot.report.charts.front import front
from lcot.report.charts.market import fan, shares, timeline
from lcot.report.charts.speed import latency, predicted_measured, step_time

__all__ = [
    "cheapest",
    "fan",
    "front",
    "latency",
    "predicted_measured",
    "shares",
    "step_time",
    "timeline",
    "tornado",
    "waterfall",
]
