"""On the host: what two systems believe of each other, read from their status texts."""

import dataclasses
import re

BLOCKS = {"actor": "details actor lacp pdu:", "partner": "details partner lacp pdu:"}

DISTRIBUTES = 0x20


@dataclasses.dataclass(frozen=True, slots=True)
class End:
    """One end of a cable, as one system tells it of itself and another of its partner."""

    system_priority: str
    system: str
    key: str
    port_priority: str
    port: str
    state: str


@dataclasses.dataclass(frozen=True, slots=True)
class Belief:
    """What a system says of one of its ports."""

    is_up: bool
    of_itself: End
    of_the_partner: End


def beliefs(status: str) -> dict[str, Belief]:
    """By port name, for the ports that LACP has something to say of."""
    sections = re.split(r"^Slave Interface: ", status, flags=re.MULTILINE)[1:]
    return {
        section.split("\n", 1)[0]: Belief("MII Status: up" in section, *ends(section))
        for section in sections
    }


def ends(section: str) -> tuple[End, End]:
    """The two blocks of a port's section, whose lines stand in the same order."""
    _, actor, partner = re.split("|".join(BLOCKS.values()), section)
    return end(actor), end(partner)


def end(block: str) -> End:
    return End(*(line.split(": ")[1] for line in block.strip().splitlines()[:6]))


def distributing(status: str) -> dict[str, Belief]:
    """Those ports whose frames may carry traffic both ways."""
    return {
        port: belief
        for port, belief in beliefs(status).items()
        if belief.is_up and int(belief.of_itself.state) & DISTRIBUTES
    }


def ports_of_active_aggregator(status: str) -> int:
    """As the bond tells it; 0 without an active aggregator."""
    found = re.search(r"Number of ports: (\d+)", status)
    return int(found[1]) if found else 0


def comparable(status: str) -> str:
    """The text without what chance decides.

    Churn is decided a minute after a port's start, which a slow run reaches and a fast does not.
    Which of several equal aggregators ports meet in hangs on whose frame comes first.
    """
    names: dict[str, str] = {}
    lines = [line for line in status.splitlines() if "Churn" not in line]
    return re.sub(
        r"(?<=Aggregator ID: )\d+",
        lambda found: names.setdefault(found[0], f"number {len(names) + 1}"),
        "\n".join(lines),
    )
