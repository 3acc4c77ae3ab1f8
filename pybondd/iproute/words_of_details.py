"""The line of `ip -d link show` about a bond or about a port, from the keys of its JSON.

Source: iproute2 6.1 as it prints bonds of the kernel's driver.
"""

from collections.abc import Iterator, Mapping

_OTHER_NAMES = {
    "num_peer_notif": "num_grat_arp",
    "ad_lacp_active": "lacp_active",
    "ad_lacp_rate": "lacp_rate",
}
_BITS = "_str"
"""Keys that end so list the bits that are set."""


def bond_words(info_data: Mapping[str, object]) -> str:
    """From `bond mode` on, with a blank at the end."""
    return "".join(f"{word} " for word in ("bond", *_words(info_data, "")))


def port_words(info_slave_data: Mapping[str, object]) -> str:
    """From `bond_slave state` on, with a blank at the end."""
    return "".join(f"{word} " for word in ("bond_slave", *_words(info_slave_data, "")))


def _words(shown: Mapping[str, object], prefix: str) -> Iterator[str]:
    for key, value in shown.items():
        if isinstance(value, Mapping):
            yield from _words(value, "ad_")
            continue
        yield prefix + _OTHER_NAMES.get(key, key)
        if value is None:
            yield "none"
        elif isinstance(value, list):
            listed = ",".join(str(each) for each in value)
            yield f"<{listed}>" if key.endswith(_BITS) else listed
        else:
            yield str(value)
