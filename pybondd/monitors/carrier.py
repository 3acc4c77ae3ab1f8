"""MII monitor: does this port have a link, and for how long?

One pass looks at every port and proposes new link states; committing them is the bond's work,
because it concerns the mode too. Source: Linux 6.12 bond_main.c bond_miimon_inspect,
bond_check_dev_link; bonding.rst: miimon, updelay, downdelay, use_carrier.
"""

from pybondd.port import Link, Port
from pybondd.state import BondState, OptionValues
from pybondd.units import Instant

Proposals = dict[int, Link]
"""New link states by interface index; a port without a proposal keeps its state."""


def has_link(port: Port, options: OptionValues) -> bool:
    """Up, and with a carrier. With use_carrier=0 a port that cannot tell counts as connected."""
    if not port.facts.is_up:
        return False
    if options.use_carrier or port.facts.reports_link:
        return port.facts.has_carrier
    return True


def inspect(state: BondState, ports: list[Port], *, skip_updelay: bool, now: Instant) -> Proposals:
    """One pass over these ports.

    `skip_updelay`: nothing carries traffic, so the first port that comes back need not wait. It
    holds for one port only; the others wait as usual.
    """
    proposals: Proposals = {}
    for port in ports:
        link = _next_link(state, port, skip_updelay=skip_updelay, now=now)
        if link is not None:
            proposals[port.ifindex] = link
        if link is Link.UP and port.link in (Link.DOWN, Link.BACK):
            skip_updelay = False
    return proposals


def wants_to_move_at_once(state: BondState, port: Port) -> bool:
    """Should a link event of this port be acted on before the next poll?

    A loss is, unless downdelay asks to wait: with a delay the poll counts the passes, and an early
    pass would shorten it. A return waits for the poll, as the far end seldom forwards the moment
    its carrier is there (a bridge port took 20 ms, and swallowed what came meanwhile); unless
    nothing carries traffic, when any port is better than none.
    """
    link = has_link(port, state.options)
    if port.link is Link.UP:
        return not link and state.options.downdelay == 0
    if port.link is Link.DOWN:
        return link and state.options.updelay == 0 and not state.has_carrier
    return port.link is Link.BACK and not link


def _next_link(state: BondState, port: Port, *, skip_updelay: bool, now: Instant) -> Link | None:
    if has_link(port, state.options):
        return _with_link(state, port, skip_updelay=skip_updelay, now=now)
    return _without_link(state, port)


def _with_link(state: BondState, port: Port, *, skip_updelay: bool, now: Instant) -> Link | None:
    if port.link is Link.UP:
        return None
    if port.link is Link.FAIL:
        port.last_link_up_ns = now
        waited = (state.options.downdelay - port.delay) * state.options.miimon
        state.report(f"link status up again after {waited} ms", port)
        return Link.UP
    proposal = None
    if port.link is Link.DOWN:
        port.delay = state.options.updelay
        if port.delay:
            wait = 0 if skip_updelay else port.delay * state.options.miimon
            state.report(f"link status up, enabling it in {wait} ms", port)
        proposal = Link.BACK
    if skip_updelay:
        port.delay = 0
    return Link.UP if _count_down(port) else proposal


def _without_link(state: BondState, port: Port) -> Link | None:
    if port.link is Link.DOWN:
        return None
    if port.link is Link.BACK:
        waited = (state.options.updelay - port.delay) * state.options.miimon
        state.report(f"link status down again after {waited} ms", port)
        return Link.DOWN
    proposal = None
    if port.link is Link.UP:
        port.delay = state.options.downdelay
        if port.delay:
            wait = port.delay * state.options.miimon
            whose = state.role_text(port)
            state.report(f"link status down for {whose}, disabling it in {wait} ms", port)
        proposal = Link.FAIL
    return Link.DOWN if _count_down(port) else proposal


def _count_down(port: Port) -> bool:
    """Is the delay over? If not, one pass of it is."""
    if port.delay <= 0:
        return True
    port.delay -= 1
    return False
