"""`pybondd status`: show bonds and their ports."""

import json
from collections.abc import Callable
from typing import Final, cast

import click

from pybondd.cli.card import ALB_MODES, LACP_MODE, card, oneline
from pybondd.cli.client import ask, none_running
from pybondd.cli.errors import show
from pybondd.cli.palette import color_option
from pybondd.daemon.paths import running_bonds
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal
from pybondd.daemon.shapes import StatusJson
from pybondd.status.alb_shapes import AlbBondJson
from pybondd.status.lacp_shapes import LacpBondJson


@click.command()
@click.argument("bond", required=False)
@click.option(
    "-j", "--json", "as_json", is_flag=True, help="JSON with the keys of `ip -d -j link`."
)
@click.option("-p", "--pretty", is_flag=True, help="Indent the JSON.")
@click.option(
    "--proc", "view", flag_value="proc", help="The text of /proc/net/bonding, byte for byte."
)
@click.option(
    "--lacp", "view", flag_value="lacp", help="Everything that LACP knows (mode 802.3ad)."
)
@click.option(
    "--alb",
    "view",
    flag_value="alb",
    help="Who carries what, and who sends to whom (balance-tlb, balance-alb).",
)
@click.option(
    "--clients",
    "view",
    flag_value="clients",
    help="The text of debugfs' rlb_hash_table, byte for byte (balance-alb).",
)
@click.option("--oneline", "view", flag_value="oneline", help="One line for each bond.")
@color_option
def command(bond: str | None, as_json: bool, pretty: bool, view: str | None) -> int:
    """Show BOND, or every bond that runs."""
    bonds = [bond] if bond else running_bonds()
    if not bonds:
        raise CommandRefusedError(none_running())
    view = view or "card"
    if (as_json or pretty) and view not in TEXTS:
        shown = [JSON_VIEWS.get(view, _status)(name) for name in bonds]
        print(json.dumps(shown[0] if bond else shown, indent=4 if pretty else None))
        return 0
    return _each(bonds, VIEWS[view])


def _print_card(name: str) -> None:
    print("\n".join(card(_status(name))))


def _print_proc(name: str) -> None:
    print(ask(name, "GET", "/proc"), end="")


def _print_oneline(name: str) -> None:
    print(oneline(_status(name)))


def _print_lacp(name: str) -> None:
    from pybondd.cli.lacp_card import lacp_card

    status = _status(name)
    print("\n".join(lacp_card(status, _negotiated(status))))


def _print_alb(name: str) -> None:
    from pybondd.cli.alb_card import alb_card

    status = _status(name)
    print("\n".join(alb_card(status, _balanced(status))))


def _print_clients(name: str) -> None:
    from pybondd.status.rlb_hash_table import rlb_hash_table

    receive = _balanced(_status(name))["receive"]
    if receive is None:
        why = "in balance-tlb every client knows one address only, so there is no list of them"
        raise CommandRefusedError(Refusal(f"{name} keeps no clients", why, BALANCE_REMEDY))
    print(rlb_hash_table(receive), end="")


def _lacp_only(name: str) -> object:
    """What the `lacp` of bond and ports say, under the names."""
    status = _status(name)
    ports = [
        {"ifname": each["ifname"], "lacp": each["pybondd"]["lacp"]} for each in status["ports"]
    ]
    return {"ifname": status["ifname"], "lacp": _negotiated(status), "ports": ports}


def _alb_only(name: str) -> object:
    """What the `alb` of bond and ports say, under the names."""
    status = _status(name)
    ports = [{"ifname": each["ifname"], "alb": each["pybondd"]["alb"]} for each in status["ports"]]
    return {"ifname": status["ifname"], "alb": _balanced(status), "ports": ports}


VIEWS: Final[dict[str, Callable[[str], None]]] = {
    "card": _print_card,
    "proc": _print_proc,
    "lacp": _print_lacp,
    "alb": _print_alb,
    "clients": _print_clients,
    "oneline": _print_oneline,
}
JSON_VIEWS: Final[dict[str, Callable[[str], object]]] = {"lacp": _lacp_only, "alb": _alb_only}
TEXTS: Final = frozenset({"proc", "clients"})
"""Views that are Linux's own text, which has no JSON."""
BALANCE_REMEDY: Final = "pybondd up BOND --mode balance-alb PORT..."


def _negotiated(status: StatusJson) -> LacpBondJson:
    """Raises CommandRefusedError where there is no LACP, and where it may not be seen."""
    lacp, mode = status["pybondd"]["lacp"], status["linkinfo"]["info_data"]["mode"]
    if lacp is not None:
        return lacp
    name = status["ifname"]
    if mode != LACP_MODE:
        why = f"its mode is {mode}"
        what, remedy = f"{name} speaks no LACP", "pybondd up BOND --mode 802.3ad PORT..."
        raise CommandRefusedError(Refusal(what, why, remedy))
    raise CommandRefusedError(
        Refusal(
            f"the LACP of {name} is not shown",
            "as in Linux, who negotiates with whom is for CAP_NET_ADMIN only",
            f"sudo pybondd status {name} --lacp",
            exit_code=Exit.NO_PRIVILEGE,
        )
    )


def _balanced(status: StatusJson) -> AlbBondJson:
    """Raises CommandRefusedError in a mode that has no such tables."""
    alb = status["pybondd"]["alb"]
    if alb is None:
        mode, modes = status["linkinfo"]["info_data"]["mode"], " or ".join(ALB_MODES)
        what, why = f"{status['ifname']} balances no load", f"its mode is {mode}, not {modes}"
        raise CommandRefusedError(Refusal(what, why, BALANCE_REMEDY))
    return alb


def _status(name: str) -> StatusJson:
    # The daemon of the same version wrote it; checking each key again would only repeat the shape.
    return cast("StatusJson", ask(name, "GET", "/status"))


def _each(bonds: list[str], print_one: Callable[[str], None]) -> int:
    """Print every bond; a dead one does not hide the others. The worst exit code wins."""
    codes = [0]
    for name in bonds:
        try:
            print_one(name)
        except CommandRefusedError as refused:
            codes.append(show(refused.refusal))
    return max(codes)
