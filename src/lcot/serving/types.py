"""Traffic in, service out."""

from __future__ import annotations

from dataclasses import dataclass

from lcot.facts.types import Numeric


@dataclass(frozen=True, slots=True)
class Target:
    """The service level asked for. None: not asked."""

    speed: float | None = None  # tokens/s a user, at least: 1 / time per output token
    time_to_first_token: float | None = None  # s, at most (P95 unless said otherwise)


@dataclass(frozen=True, slots=True)
class Traffic:
    """A load of requests alike. ``rate`` None means: fill to capacity, then apply the site's load factor."""

    input_tokens: Numeric
    output_tokens: Numeric
    rate: Numeric | None = None  # request/s over the whole fleet
    cached_fraction: Numeric = 0.0  # of input tokens, served from the prefix cache
    burstiness: Numeric = 1.0  # coefficient of variation of inter-arrival times


@dataclass(frozen=True, slots=True)
class Served:
    """What users get from one fleet under one load, in the steady state or from a simulation."""

    copies: Numeric  # model copies in service
    systems: Numeric  # whole systems bought
    batch: Numeric  # sequences decoding per copy
    rate: Numeric  # request/s delivered by the fleet
    capacity: Numeric  # request/s that the purchased systems can deliver within the target
    time_per_output_token: Numeric  # s
    time_to_first_token: Numeric  # s, mean
    prefill_seconds: Numeric  # bottleneck seconds per request spent on fresh input
    cached_seconds: Numeric  # bottleneck seconds per request spent on cached input
    decode_seconds: Numeric  # bottleneck seconds per request spent on output
    cached_token_seconds: Numeric  # bottleneck seconds that one more cached token in every request would cost
    power: Numeric  # W of the fleet at this load, before PUE
    limit: str = ""  # what binds: speed, time to first token, KV capacity, compute, rate

    @property
    def utilisation(self) -> Numeric:
        """Tokens delivered over tokens that the purchased systems can deliver within the target. [1]"""
        return self.rate / self.capacity
