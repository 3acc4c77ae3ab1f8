"""How does `ip` read the value of a bonding option, and what does the bond get to read?

Each reader takes the option's name and the word, and returns the text for the bond. It raises
MisuseError with iproute2's words. Source: iproute2 6.1 as it answers.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TypeAlias

from pybondd.iproute.misuse import MisuseError, wrong_argument

Reader: TypeAlias = Callable[[str, str], str]

_NUMBER = re.compile(r"\s*\+?(?:(0[xX][0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))")
_MAC_OCTETS = 6


def unsigned(bits: int, complaint: str = "") -> Reader:
    """A number from 0 to 2^bits - 1; hexadecimal after 0x, octal after 0, as in C."""

    def read(name: str, word: str) -> str:
        number = c_number(word)
        if number is None or number >= 1 << bits:
            raise wrong_argument(word, complaint or f"invalid {name}")
        return str(number)

    return read


def signed_32_bits(name: str, word: str) -> str:
    """A number of a C int."""
    number = c_number(word.removeprefix("-"))
    if number is None:
        raise wrong_argument(word, f"{name} is invalid")
    number = -number if word.startswith("-") else number
    if not -(1 << 31) <= number < 1 << 31:
        raise wrong_argument(word, f"{name} is invalid")
    return str(number)


def one_of(values: Mapping[str, int]) -> Reader:
    """A name, or its number."""

    def read(name: str, word: str) -> str:
        for known, number in values.items():
            if word == known or (word.isdigit() and int(word) == number):
                return known
        raise wrong_argument(word, f"invalid {name}")

    return read


def switch(name: str, word: str) -> str:
    """`on` or `off`, as the options that came after iproute2 6.1 are read."""
    if word not in ("on", "off"):
        raise MisuseError(f'Error: argument of "{name}" must be "on" or "off", not "{word}"')
    return word


def device(_name: str, word: str) -> str:
    """The name of an interface; whether there is one is not known here."""
    return word


def ipv4_list(_name: str, word: str) -> str:
    """Addresses separated by commas; octets missing at the end are zero."""
    return ",".join(str(_ipv4(each)) for each in filter(None, word.split(",")))


def ipv6_list(_name: str, word: str) -> str:
    """Addresses separated by commas."""
    return ",".join(str(_ipv6(each)) for each in filter(None, word.split(",")))


def mac(_name: str, word: str) -> str:
    """Six octets in hexadecimal."""
    octets = word.split(":")
    if len(octets) != _MAC_OCTETS or not all(re.fullmatch("[0-9a-fA-F]{1,2}", o) for o in octets):
        raise MisuseError(f'"{word}" is invalid lladdr.', 1)
    return ":".join(f"{int(octet, 16):02x}" for octet in octets)


def c_number(word: str) -> int | None:
    """The number that C's strtoul with base 0 reads from the whole word; None if it reads none."""
    matched = _NUMBER.fullmatch(word)
    if matched is None:
        return None
    hexadecimal, octal, decimal = matched.groups()
    if hexadecimal is not None:
        return int(hexadecimal, 16)
    return int(octal, 8) if octal is not None else int(decimal)


def _ipv4(word: str) -> IPv4Address:
    numbers = [c_number(part) for part in word.split(".")]
    octets = [number for number in numbers if number is not None and number < 256]
    if len(octets) != len(numbers) or len(octets) > 4:
        raise MisuseError(f'Error: an IP address is expected rather than "{word}"', 1)
    return IPv4Address(bytes(octets).ljust(4, b"\0"))


def _ipv6(word: str) -> IPv6Address:
    try:
        return IPv6Address(word)
    except AddressValueError:
        raise MisuseError(f'Error: inet6 address is expected rather than "{word}".', 1) from None
