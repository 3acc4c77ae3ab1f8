"""What does Linux's driver know that pybondd cannot do yet? The one place that says so.

Whoever builds one of these removes its lines here.
"""

import errno

from pybondd.daemon.refusal import Exit, Refusal
from pybondd.option import BondMode
from pybondd.options import OPTIONS
from pybondd.refusal import RefusedError

UNBUILT_MODES = frozenset({BondMode.BALANCE_TLB, BondMode.BALANCE_ALB})
"""Their core is there (modes/balance_tlb.py, balance_alb.py), but not their data plane."""

_WHY = "pybondd has modes 0 to 4 with the carrier monitor so far"


def refusal_of(name: str, text: str) -> Refusal | None:
    """The refusal for writing `text` to an option, or None if that is built (or unreadable)."""
    if name == "mode":
        return _mode(text)
    if name in ("arp_interval", "ns_ip6_target"):
        return _arp(name, text)
    return None


def _mode(text: str) -> Refusal | None:
    try:
        mode = BondMode(OPTIONS["mode"].parse(text))
    except RefusedError:
        return None
    if mode not in UNBUILT_MODES:
        return None
    return Refusal(
        f"mode {OPTIONS['mode'].name_of(mode)} is not built yet",
        _WHY,
        "take one of the modes 0 to 4; the kernel's bond has all seven",
        errno.EOPNOTSUPP,
        Exit.USAGE,
    )


def _arp(name: str, text: str) -> Refusal | None:
    if name == "arp_interval" and text.strip().strip("0") in ("", "off", "default"):
        return None
    return Refusal(
        f"{name} is not built yet",
        _WHY + ", not the ARP monitor",
        "watch the carrier instead: miimon=100",
        errno.EOPNOTSUPP,
        Exit.USAGE,
    )
