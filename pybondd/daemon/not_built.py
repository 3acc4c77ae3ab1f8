"""What does Linux's driver know that pybondd cannot do yet? The one place that says so.

Whoever builds one of these removes its lines here.
"""

import errno

from pybondd.daemon.refusal import Exit, Refusal


def refusal_of(name: str, text: str) -> Refusal | None:
    """The refusal for writing `text` to an option, or None if that is built (or unreadable)."""
    if name not in ("arp_interval", "ns_ip6_target"):
        return None
    if name == "arp_interval" and text.strip().strip("0") in ("", "off", "default"):
        return None
    return Refusal(
        f"{name} is not built yet",
        "pybondd has the carrier monitor so far, not the ARP monitor",
        "watch the carrier instead: miimon=100",
        errno.EOPNOTSUPP,
        Exit.USAGE,
    )
