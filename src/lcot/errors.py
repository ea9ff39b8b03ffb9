"""The errors LCOT raises, each with what is wrong, where, and what is allowed.

::

    LcotError                 anything a user can cause; the command line prints it and exits with 2
    ├── InputError            a value, key, file or option is wrong
    │   ├── UnknownName       an id, key, unit or option that does not exist; offers the nearest names
    │   ├── DomainError       a number outside its domain
    │   └── ParseError        a file that is not what it should be; carries file, line and key
    ├── MissingFact           a calculation needs a fact that has no sourced value
    └── Infeasible            no deployment meets what was asked; carries the limit that binds
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class LcotError(Exception):
    """Anything a user can cause. The message stands alone, without a traceback."""

    exit_code = 2


class InputError(LcotError):
    """A value, key, file or option is wrong."""


class UnknownName(InputError):
    """A name that does not exist; the message offers the nearest ones."""

    def __init__(self, what: str, name: str, allowed: Iterable[str], where: str = "") -> None:
        names = sorted(allowed)
        self.what, self.name, self.allowed = what, name, names
        self.nearest = get_close_matches(name, names, n=3, cutoff=0.5)
        place = f"{where}: " if where else ""
        if self.nearest:
            hint = "did you mean " + " or ".join(repr(n) for n in self.nearest) + "?"
        else:
            shown = ", ".join(names[:12]) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")
            hint = f"allowed: {shown}" if names else "none is known"
        super().__init__(f"{place}unknown {what} {name!r}; {hint}")


class DomainError(InputError):
    """A number outside its domain."""

    def __init__(self, name: str, value: object, allowed: str, where: str = "") -> None:
        self.name, self.value, self.allowed = name, value, allowed
        place = f"{where}: " if where else ""
        super().__init__(f"{place}{name} is {value!r}; allowed: {allowed}")


class ParseError(InputError):
    """A file that is not what it should be."""

    def __init__(
        self, file: object, problem: str, *, line: int | None = None, key: str = "", allowed: str = ""
    ) -> None:
        self.file, self.problem, self.line, self.key, self.allowed = str(file), problem, line, key, allowed
        place = str(file) + (f":{line}" if line is not None else "") + (f": {key}" if key else "")
        super().__init__(f"{place}: {problem}" + (f"; allowed: {allowed}" if allowed else ""))


class MissingFact(LcotError):
    """A calculation needs a fact that has no sourced value."""

    def __init__(self, owner: str, key: str, needed_for: str = "") -> None:
        self.owner, self.key, self.needed_for = owner, key, needed_for
        why = f" (needed for {needed_for})" if needed_for else ""
        super().__init__(
            f"no sourced value for {owner}.{key}{why}; "
            f"supply one with --set {owner}.{key}='VALUE UNIT' or in a file of your own"
        )


class Infeasible(LcotError):
    """No deployment meets what was asked. Of two with one limit, the one that reached more is the nearer."""

    def __init__(self, reason: str, limit: str = "", reached: float = 0.0) -> None:
        self.reason, self.limit, self.reached = reason, limit, reached
        super().__init__(reason)
