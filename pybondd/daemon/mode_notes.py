"""What should people know of the mode that they have chosen?"""

from pybondd.option import BondMode
from pybondd.state import OptionValues

_LACP = "LACP: a port carries traffic once its partner has agreed, which takes about 3 s"
"""Ports join first and the bond is set up then, as with ifenslave: so the choice of an aggregator
is made in the first pass. The other way round Linux, and we, hold it for 8 s."""

_ALB = (
    "balance-alb: clients are told of a port soon after it is back; if the switch forwards on it "
    "later than that, set updelay to what the switch needs (spanning tree: 30000)"
)
"""Linux's driver says so too, when it is loaded for this mode (bond_main.c bond_check_params)."""


def mode_notes(options: OptionValues) -> list[str]:
    """What to tell when the bond comes up; mostly nothing."""
    if options.mode is BondMode.IEEE8023AD:
        return [_LACP]
    return [_ALB] if options.mode is BondMode.BALANCE_ALB and not options.updelay else []
