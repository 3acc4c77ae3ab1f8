"""Which shapes has LACP's state as JSON? Only types, so that the command line loads them quickly.

Times are seconds; an age or a timer that does not run is None.
"""

from collections.abc import Mapping
from typing import TypedDict


class ParticipantJson(TypedDict):
    """One side of a link; `state_str` are iproute2's words, `letters` eight for a narrow column."""

    system_priority: int
    system: str
    key: int
    port_priority: int
    port_number: int
    state: int
    state_str: list[str]
    letters: str


class LacpPortJson(TypedDict):
    """One port. `machines` are boxes of IEEE Std 802.1AX-2014, None before a machine's first pass.

    `variables` are the standard's booleans, `oddities` count what a stricter receiver would object
    to. `aggregator` is the one that the port is in.
    """

    aggregator: int | None
    actor: ParticipantJson
    partner: ParticipantJson
    machines: Mapping[str, str | None]
    timers_s: Mapping[str, float | None]
    variables: Mapping[str, bool]
    last_heard_s: float | None
    last_spoken_s: float | None
    actor_churn_count: int
    partner_churn_count: int
    counters: Mapping[str, int]
    oddities: Mapping[str, int]


class AggregatorJson(TypedDict):
    """One aggregator that is in use. `ports_up` is what Linux calls the number of ports."""

    id: int
    is_active: bool
    is_individual: bool
    key: int
    partner_system_priority: int
    partner_system: str
    partner_key: int
    ports: list[str]
    ports_up: int
    bandwidth_mbps: int
    port_priority_sum: int


class LacpBondJson(TypedDict):
    """The system. `selection_hold_s` is how long no port may go beyond ATTACHED."""

    system_priority: int
    system: str
    active_aggregator: int | None
    selection_hold_s: float
    follows: str
    aggregators: list[AggregatorJson]
    counters: Mapping[str, int]
