"""What the tests of this folder stand on: a yard to build networks in, if we may."""

import os

import pytest
from netns import Yard


@pytest.fixture
def yard():
    with Yard() as built:
        yield built


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
    for socket in tmp_path.glob("*.sock"):
        built.call("down", socket.stem)
