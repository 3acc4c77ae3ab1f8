"""IPv6 addresses as the kernel and iproute2 print them."""

import socket
from ipaddress import IPv6Address

import pytest

from pybondd.status.address_text import iproute2_text, kernel_text

ADDRESSES = (
    "2001:db8::1",
    "2001:db8:0:0:1:0:0:1",
    "2001:0:0:1::1",
    "fe80::1234",
    "1:0:2:3:4:5:6:7",
    "::1:2",
    "::1.2.3.4",
    "::ffff:1.2.3.4",
    "::ffff:0.0.3.4",
    "fe80::5efe:10.0.0.1",
    "2001:db8:1:1:200:5efe:10.0.0.1",
    "64:ff9b::1.2.3.4",
    "::",
    "::1",
)


@pytest.mark.parametrize("text", ADDRESSES)
def test_iproute2_prints_as_the_c_library_does(text):
    address = IPv6Address(text).packed
    assert iproute2_text(address) == socket.inet_ntop(socket.AF_INET6, address)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("::ffff:102:304", "::ffff:1.2.3.4"),
        ("::102:304", "::102:304"),
        ("fe80::5efe:a00:1", "fe80::5efe:10.0.0.1"),
        ("2001:db8:1:1:200:5efe:a00:1", "2001:db8:1:1:200:5efe:10.0.0.1"),
        ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
    ],
)
def test_the_kernel_prints_mapped_and_isatap_addresses_with_dots(text, printed):
    assert kernel_text(IPv6Address(text).packed) == printed
