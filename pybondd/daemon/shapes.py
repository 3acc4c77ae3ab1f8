"""What does the control socket answer? The shapes of its JSON, for both ends of it.

The keys outside `pybondd` are those of `ip -d -j link` (iproute2 6.1).
"""

from collections.abc import Mapping
from typing import TypedDict

from pybondd.status.alb_shapes import AlbBondJson, AlbPortJson
from pybondd.status.lacp_shapes import LacpBondJson, LacpPortJson

InfoJson = Mapping[str, object]
"""info_data or info_slave_data; the keys and their order are iproute2's."""


class LinkInfoJson(TypedDict):
    """`linkinfo` of the bond."""

    info_kind: str
    info_data: InfoJson


class PortExtraJson(TypedDict):
    """What iproute2 does not say of a port. Counts are frames and octets through pybondd.

    `lacp` is None in a mode without LACP, and for a reader whom Linux would not show the details.
    `alb` is None in every mode but balance-tlb and balance-alb.
    """

    link: str
    speed_mbps: int | None
    duplex: str | None
    isolation: str
    sent_frames: int
    sent_octets: int
    received_frames: int
    received_octets: int
    lacp: LacpPortJson | None
    alb: AlbPortJson | None


class PortJson(TypedDict):
    """One port."""

    ifname: str
    ifindex: int
    address: str
    mtu: int
    operstate: str
    info_slave_data: InfoJson
    pybondd: PortExtraJson


class DatapathJson(TypedDict):
    """Which packet path runs, and why not the other one ("" for the compiled one)."""

    kind: str
    why: str


class BondExtraJson(TypedDict):
    """What iproute2 does not say of a bond. `since` is seconds of the wall clock."""

    pid: int
    speed_mbps: int | None
    since: float
    uptime_s: float
    datapath: DatapathJson
    isolation: str
    table_generation: int
    counters: Mapping[str, int]
    failovers: int
    last_report: str
    log: str


class AllBondExtraJson(BondExtraJson):
    """The same with what the bond itself adds to the daemon's knowledge."""

    lacp: LacpBondJson | None
    alb: AlbBondJson | None


class StatusJson(TypedDict):
    """The answer to GET /status."""

    ifname: str
    ifindex: int
    address: str
    mtu: int
    operstate: str
    linkinfo: LinkInfoJson
    ports: list[PortJson]
    pybondd: AllBondExtraJson


class AnswerJson(TypedDict):
    """The answer to GET /explain/port/NAME; `reason` is None for a port that carries traffic."""

    port: str
    carries: bool
    reason: str | None
    what: str
    why: str
    remedy: str
    met: list[str]
    notes: list[str]


class ChoiceJson(TypedDict):
    """What one hash policy makes of a flow; `steps` are pairs of what is done and its result."""

    policy: str
    is_in_use: bool
    hash: int | None
    port: str
    steps: list[tuple[str, str]]


class FlowAnswerJson(TypedDict):
    """The answer to GET /explain/flow; the fields are those of explain/flow_answer.py."""

    port: str
    what: str
    why: str
    source_mac: str
    then: str | None
    back: str
    steps: list[tuple[str, str]]
    choices: list[ChoiceJson]


class EntryJson(TypedDict):
    """One entry on the control socket. `time` is seconds of the wall clock, for people only."""

    sequence: int
    time: float
    monotonic_ns: int
    cause: str
    reports: list[dict[str, str]]
    effects: list[str]
    lost: int
