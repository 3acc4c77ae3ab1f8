"""The JSON of `ip link show` with what our bonds and their ports have to say.

Source: iproute2 6.1 as it prints bonds of the kernel's driver; the recordings in
tests/conformance/data/proc-samples.
"""

from pybondd.iproute.shown import BOND_KIND, Picture, ShownBond, ShownPort, flags_with

Link = dict[str, object]
_BEFORE_MASTER = ("qdisc", "mtu")
_BEFORE_LINK_INFO = ("max_mtu", "min_mtu", "allmulti", "promiscuity")


def merged(links: list[Link], picture: Picture, *, has_details: bool) -> list[Link]:
    """The same links, those of ours as the kernel's driver would have them shown."""
    return [_one(link, picture, has_details=has_details) for link in links]


def is_ours(link: Link, picture: Picture, *, kind: str | None, master: str | None) -> bool:
    """Whether a filter `type kind` or `master name` of `ip link show` fits a link of ours."""
    bond, port = picture.bond(_key(link)), picture.port(_key(link))
    if master is not None and (port is None or port.master != master):
        return False
    if kind == BOND_KIND:
        return bond is not None
    return kind is None or (kind == "bond_slave" and port is not None)


def _one(link: Link, picture: Picture, *, has_details: bool) -> Link:
    bond, port = picture.bond(_key(link)), picture.port(_key(link))
    if bond is not None:
        link = _as_bond(link, bond, has_details=has_details)
    if port is not None:
        link = _as_port(link, port, has_details=has_details)
    return link


def _key(link: Link) -> int | str:
    """`-br` shows no index."""
    key = link.get("ifindex", link.get("ifname", ""))
    assert isinstance(key, int | str)
    return key


def _as_bond(link: Link, bond: ShownBond, *, has_details: bool) -> Link:
    link = _with_flag(link, "MASTER")
    if not has_details:
        return link
    ours = {"info_kind": BOND_KIND, "info_data": dict(bond.info_data)}
    return _with_link_info(link, {**_link_info(link), **ours})


def _as_port(link: Link, port: ShownPort, *, has_details: bool) -> Link:
    link = _with_flag(link, "SLAVE")
    if "mtu" in link:
        link = _after(link, _BEFORE_MASTER, "master", port.master)
    if not has_details:
        return link
    ours = {"info_slave_kind": BOND_KIND, "info_slave_data": dict(port.info_slave_data)}
    return _with_link_info(link, {**_link_info(link), **ours})


def _link_info(link: Link) -> Link:
    found = link.get("linkinfo", {})
    assert isinstance(found, dict)
    return found


def _with_link_info(link: Link, link_info: Link) -> Link:
    if "linkinfo" in link:
        return {**link, "linkinfo": link_info}
    return _after(link, _BEFORE_LINK_INFO, "linkinfo", link_info)


def _with_flag(link: Link, role: str) -> Link:
    flags = link.get("flags")
    return {**link, "flags": flags_with(flags, role)} if isinstance(flags, list) else link


def _after(link: Link, places: tuple[str, ...], key: str, value: object) -> Link:
    """The link with one key more, behind the first of `places` that there is, or at the end."""
    before = next((place for place in places if place in link), None)
    made: Link = {}
    for name, old in link.items():
        made[name] = old
        if name == before:
            made[key] = value
    made[key] = value
    return made
