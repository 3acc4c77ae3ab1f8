"""What the real driver shows by `ip -d -j link` is what ours becomes when it is merged."""

import json

import pytest
from recordings import proc_samples

from pybondd.iproute import json_text, merge_json
from pybondd.iproute.shown import Picture, ShownBond, ShownPort

SAMPLES = proc_samples()
ROLES = {"MASTER", "SLAVE"}


def is_bond(link):
    return link.get("linkinfo", {}).get("info_kind") == "bond"


def is_port(link):
    return link.get("linkinfo", {}).get("info_slave_kind") == "bond"


def picture_of(links):
    bonds = [
        ShownBond(each["ifindex"], each["ifname"], each["linkinfo"]["info_data"])
        for each in links
        if is_bond(each)
    ]
    ports = [
        ShownPort(
            each["ifindex"], each["ifname"], each["master"], each["linkinfo"]["info_slave_data"]
        )
        for each in links
        if is_port(each)
    ]
    return Picture(tuple(bonds), tuple(ports))


def without_bonding(link):
    """The link as a kernel without bonding shows it: the bond is a TAP device."""
    plain = {**link, "flags": [flag for flag in link["flags"] if flag not in ROLES]}
    if is_bond(link):
        plain["linkinfo"] = {"info_kind": "tun", "info_data": {"type": "tap"}}
    if is_port(link):
        own = {key: value for key, value in link["linkinfo"].items() if "slave" not in key}
        plain["linkinfo"] = own
        del plain["master"]
        if not own:
            del plain["linkinfo"]
    return plain


@pytest.mark.parametrize(("name", "path"), SAMPLES, ids=[name for name, _ in SAMPLES])
def test_merged_links_are_what_the_real_driver_shows(name, path):
    links = json.loads(path.read_text())["ip_d_j_link"]
    plain = [without_bonding(link) for link in links]
    shown = merge_json.merged(plain, picture_of(links), has_details=True)
    assert json_text.compact(shown) == json_text.compact(links)
