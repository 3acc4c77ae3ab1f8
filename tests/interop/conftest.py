"""What the tests of this folder stand on: a yard to build networks in, if we may."""

import os
import socket
from types import SimpleNamespace

import pytest
from netns import Yard


@pytest.fixture
def yard():
    with Yard() as built:
        yield built


@pytest.fixture
def cable(yard):
    """eth0 here, to which the host is deaf as to every port, and the other end over there."""
    from pybondd.linux.isolation import isolate
    from pybondd.linux.netlink import Route

    here, there = yard.namespace(), yard.namespace()
    yard.cable(here, "eth0", there, "eth0")
    with there.entered():
        far = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        far.bind(("eth0", 0))
    with here.entered(), Route() as route, far:
        ifindex = route.interface("eth0").ifindex
        isolation = isolate(route, ifindex)
        yield SimpleNamespace(here=here, there=there, far=far, ifindex=ifindex)
        isolation.undo()


def pytest_collection_modifyitems(items):
    reason = why_not()
    if reason:
        for item in items:
            if "root" in item.keywords:
                item.add_marker(pytest.mark.skip(reason=reason))


def why_not():
    """Why tests that need privileges cannot run here; "" if they can."""
    if os.geteuid():
        return "needs root: network namespaces and packet sockets"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "needs /dev/net/tun"
    return ""


@pytest.fixture
def bonded(yard, tmp_path):
    from bonded import BondedHost

    built = BondedHost(yard, tmp_path)
    yield built
    for control in tmp_path.glob("*.sock"):
        built.call("down", control.stem)
