"""What has LACP counted? Linux 6.12 bond_3ad.h struct bond_3ad_stats, and what pybondd adds."""

from collections import Counter
from dataclasses import dataclass, field, fields

from pybondd.wire.slow import Oddity


@dataclass(slots=True)
class LacpCounters:
    """Of one port, or summed over a bond. The names of the first nine are Linux's.

    `over_limit` counts PDUs dropped in front of the machine because too many came in one pass,
    `not_sent` PDUs that the kernel did not take, `looped` those that were our own.
    """

    lacpdu_rx: int = 0
    lacpdu_tx: int = 0
    lacpdu_unknown_rx: int = 0
    lacpdu_illegal_rx: int = 0
    marker_rx: int = 0
    marker_tx: int = 0
    marker_resp_rx: int = 0
    marker_resp_tx: int = 0
    marker_unknown_rx: int = 0
    over_limit: int = 0
    not_sent: int = 0
    looped: int = 0
    oddities: Counter[Oddity] = field(default_factory=Counter)

    def add(self, other: "LacpCounters") -> None:
        """Count what the other one has counted, too."""
        for name in (each.name for each in fields(self)):
            setattr(self, name, getattr(self, name) + getattr(other, name))
