"""Would a bond take these options? Asked of a bond without hands, so the rules stand only once."""

from pybondd.bond import Bond
from pybondd.config.bond_config import BondConfig
from pybondd.effects import Effect, Refuse
from pybondd.events import (
    BondOpened,
    Event,
    OptionWritten,
    PortOffered,
    PortOptionWritten,
    PortReady,
)
from pybondd.options import OPTIONS
from pybondd.port import Duplex, LinkFacts

_BOND_MAC = bytes.fromhex("020000000001")
_DOWN = LinkFacts(is_up=False, has_carrier=False)
_UP = LinkFacts(is_up=True, has_carrier=True, speed_mbps=1000, duplex=Duplex.FULL)
_NEEDS_PORTS = "active_slave"


def fresh(mode: str) -> Bond:
    """A bond as Linux makes it in this mode, before anything else is set."""
    bond = Bond("bond0", mac=_BOND_MAC)
    bond.handle(OptionWritten("mode", mode), now=0)
    return bond


def refusals(config: BondConfig, *, miimon_default: str = "") -> dict[tuple[str, str], Refuse]:
    """What a bond refuses of this, by (port or "", option); a refused option is passed over.

    `miimon_default` is written first if the configuration names no monitor.
    """
    bond = fresh(config.options.get("mode", "balance-rr"))
    pairs = [pair for pair in config.written() if pair[0] in OPTIONS]
    if miimon_default and not {"miimon", "arp_interval"} & config.options.keys():
        pairs.insert(0, ("miimon", miimon_default))
    places = {name: place for place, name in enumerate(OPTIONS)}
    pairs.sort(key=lambda pair: places[pair[0]])
    found: dict[tuple[str, str], Refuse] = {}
    for name, text in pairs:
        if name not in (_NEEDS_PORTS, "mode") and not _is_port_option(name):
            _try(bond, OptionWritten(name, text), ("", name), found)
    for ifindex, port in enumerate(config.ports, 2):
        _join(bond, ifindex, port)
    bond.handle(BondOpened(), now=0)
    bond.advance(now=0)
    if _NEEDS_PORTS in config.options:
        event = OptionWritten(_NEEDS_PORTS, config.options[_NEEDS_PORTS])
        _try(bond, event, ("", _NEEDS_PORTS), found)
    for ifindex, port in enumerate(config.ports, 2):
        for name, text in config.of_port(port).items():
            _try(bond, PortOptionWritten(ifindex, name, text), (port, name), found)
    return found


def _is_port_option(name: str) -> bool:
    return OPTIONS[name].is_per_port or name == "queue_id"


def _try(
    bond: Bond, event: Event, what: tuple[str, str], found: dict[tuple[str, str], Refuse]
) -> None:
    refuse = _refusal(bond.handle(event, now=0))
    if refuse is not None:
        found.setdefault(what, refuse)


def _refusal(effects: list[Effect]) -> Refuse | None:
    return next((effect for effect in effects if isinstance(effect, Refuse)), None)


def _join(bond: Bond, ifindex: int, name: str) -> None:
    mac = bytes.fromhex("0200000001") + bytes([ifindex % 256])
    if _refusal(bond.handle(PortOffered(ifindex, name, mac, 1500, _DOWN), now=0)) is None:
        bond.handle(PortReady(ifindex, _UP), now=0)
