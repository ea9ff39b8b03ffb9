"""Power that must be provided, power that is drawn, and what it is at the meter."""

from __future__ import annotations

from lcot.cost.reading import Reading
from lcot.facts.types import Numeric, Site, System


def average_power(maximum: Numeric, idle_fraction: Numeric, utilisation: Numeric) -> Numeric:
    """Mean power of a machine that is busy part of the time.

    Parameters
    ----------
    maximum : numeric, shape (...)
        Power under full load. [W]
    idle_fraction : numeric, shape (...)
        Idle over full power. [1]
    utilisation : numeric, shape (...)
        Share of the load it could carry. [1]

    Returns
    -------
    numeric, shape (...)
        Mean power. [W]

    Notes
    -----
    .. math:: \\bar P = P (\\psi + (1 - \\psi) u)

    References
    ----------
    :cite:t:`fan2007`, eq. 1, the linear power model.
    """
    return maximum * (idle_fraction + (1.0 - idle_fraction) * utilisation)


def cooled(system: System, site: Site, reading: Reading) -> Numeric:
    """Power usage effectiveness for this system: the site's for liquid-cooled machines where it has one.

    Parameters
    ----------
    system : System
        Its ``cooling`` says whether it is liquid cooled.
    site : Site
        ``pue`` and, where known, ``pue.liquid``. [1]
    reading : Reading
        Remembers the facts used.

    Returns
    -------
    numeric, shape (...)
        Power at the meter over power of the machines. [1]

    Raises
    ------
    MissingFact
        If the site has no ``pue``.

    Notes
    -----
    .. math:: PUE = P_{site} / P_{IT}

    References
    ----------
    :cite:t:`uptime2025`.
    """
    liquid = system.facts.has("cooling") and "liquid" in system.facts.text("cooling").lower()
    key = "pue.liquid" if liquid and site.facts.has("pue.liquid") else "pue"
    return reading.number(site.facts, key, "energy")


def provided_power(system: System, site: Site, reading: Reading) -> Numeric:
    """Power that a site must provide for one system, before cooling.

    Parameters
    ----------
    system : System
        Its nameplate ``power.max``; else ``power.all_in``, which has cooling and losses in it already, so it is divided
        by the PUE and never multiplied; else ``power.typical``; else the chips' ``power.tdp`` times a declared ratio.
    site : Site
        Ratio of a system's to its chips' power. [1]
    reading : Reading
        Remembers the facts used.

    Returns
    -------
    numeric, shape (...)
        Power of the machines. [W]

    Raises
    ------
    MissingFact
        If no power of the system or its chips was published.

    Notes
    -----
    .. math:: P_{IT} = P_{max} \\;|\\; P_{all\\,in} / PUE \\;|\\; P_{typical} \\;|\\; n \\, TDP \\, \\rho

    References
    ----------
    :cite:t:`nvidia2025dgx` for nameplate power over the sum of its chips' TDP.
    """
    if system.facts.has("power.max"):
        return reading.number(system.facts, "power.max")
    if system.facts.has("power.all_in"):
        return reading.number(system.facts, "power.all_in") / cooled(system, site, reading)
    if system.facts.has("power.typical"):
        return reading.number(system.facts, "power.typical")
    chips = system.chip.facts
    if chips.has("power.tdp"):
        tdp = reading.number(chips, "power.tdp") * system.count
        whole = chips["power.tdp"].scope in ("system", "server", "rack")
        return tdp if whole else tdp * reading.number(site.facts, "power.system_over_chips", "power of the system")
    return reading.number(system.facts, "power.max", "the facility")
