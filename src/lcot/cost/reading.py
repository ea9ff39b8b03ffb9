"""Facts read for one bill, remembered so that the bill can name them and show its declared estimates."""

from __future__ import annotations

from dataclasses import dataclass, field

from lcot.facts.types import Fact, Facts, Numeric


@dataclass(frozen=True, slots=True)
class Reading:
    """The facts asked for so far, by ``owner.key``."""

    seen: dict[str, Fact] = field(default_factory=dict[str, Fact])

    def number(self, facts: Facts, key: str, needed_for: str = "") -> Numeric:
        """SI value of a fact, remembered. Raises `MissingFact` where nothing was found.

        Parameters
        ----------
        facts : Facts
            The facts of one thing.
        key : str
            Which of them.
        needed_for : str
            What the number is for, told in the error.

        Returns
        -------
        numeric, shape (...)
            The value in SI.

        Raises
        ------
        MissingFact
            If there is no sourced value.
        """
        value = facts.number(key, needed_for)
        self.seen[f"{facts.owner}.{key}"] = facts[key]
        return value

    @property
    def used(self) -> tuple[str, ...]:
        """Every fact read, "owner.key"."""
        return tuple(self.seen)

    @property
    def estimates(self) -> tuple[str, ...]:
        """The declared estimates among them."""
        return tuple(name for name, fact in self.seen.items() if fact.is_estimate)
