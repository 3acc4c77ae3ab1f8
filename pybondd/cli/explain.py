"""`pybondd explain`: say why."""

import json
import shutil
import sys
import textwrap
from typing import cast
from urllib.parse import quote, urlencode

import click

from pybondd.cli.client import ask
from pybondd.cli.palette import Tone, color_option, paint
from pybondd.daemon.refusal import Exit
from pybondd.daemon.shapes import AnswerJson, ChoiceJson, FlowAnswerJson

STEP_WIDTH = 52
"""Long enough for two IPv4 addresses; what is longer pushes its number to the right."""


@click.group(no_args_is_help=False)
def command() -> None:
    """Say why a bond does what it does."""


@command.command("port")
@click.argument("bond")
@click.argument("port")
@click.option("-j", "--json", "as_json", is_flag=True, help="The answer as JSON.")
@color_option
def port_command(bond: str, port: str, as_json: bool) -> int:
    """Say whether PORT carries traffic of BOND; if not, the first condition that is not met.

    The exit code is 0 if it does, 1 if it does not.
    """
    answer = cast("AnswerJson", ask(bond, "GET", f"/explain/port/{quote(port, safe='')}"))
    print(json.dumps(answer) if as_json else "\n".join(lines(answer, width=_width())))
    return Exit.DONE if answer["carries"] else Exit.REFUSED


@command.command("flow")
@click.argument("bond")
@click.option("--src", required=True, help="IP address that the packets come from.")
@click.option("--dst", required=True, help="IP address that they go to.")
@click.option(
    "--proto", help="tcp (if a port is given), udp, sctp, igmp, nd, arp-request, arp-reply, other."
)
@click.option("--sport", help="Source port.")
@click.option("--dport", help="Destination port.")
@click.option("--vlan", help="VLAN number of an interface above the bond.")
@click.option("--to", help="MAC address of the next hop: layer2 policies hash it.")
@click.option("-j", "--json", "as_json", is_flag=True, help="The answer as JSON.")
@color_option
def flow_command(bond: str, as_json: bool, **given: str | None) -> int:
    """Say which port of BOND a flow takes, by which hash, and what the other policies would do."""
    query = urlencode({name: text for name, text in given.items() if text is not None})
    answer = cast("FlowAnswerJson", ask(bond, "GET", f"/explain/flow?{query}"))
    print(json.dumps(answer) if as_json else "\n".join(flow_lines(answer)))
    return Exit.DONE


def flow_lines(answer: FlowAnswerJson) -> list[str]:
    """The port, how the hash came about, and what other policies and a failure would change."""
    shown = [paint(answer["what"], Tone.BOLD), f"  {answer['why']}"]
    used = (choice for choice in answer["choices"] if choice["is_in_use"])
    steps = [step for choice in used for step in choice["steps"]] + answer["steps"]
    shown += [f"    {text:<{STEP_WIDTH}}{number}" for text, number in steps]
    if answer["source_mac"]:
        shown.append(f"  its source address is {answer['source_mac']}")
    others = [_other(choice) for choice in answer["choices"] if not choice["is_in_use"]]
    if others:
        shown.append(f"  other policies: {'   '.join(others)}")
    if answer["then"] is not None:
        shown.append(f"  if {answer['port']} fails: {answer['then'] or 'no port is left'}")
    if answer["back"]:
        shown.append(paint(f"  {answer['back']}", Tone.DIM))
    return shown


def _other(choice: ChoiceJson) -> str:
    return f"{choice['policy']} -> {choice['port'] or 'needs --to'}"


def lines(answer: AnswerJson, *, width: int) -> list[str]:
    """What holds, then the one thing that does not, then what to do. 0 is a width without end."""
    carries = answer["carries"]
    shown = [paint(answer["what"], Tone.GOOD if carries else Tone.BAD)]
    shown += [_marked("✓", Tone.GOOD, met, width) for met in answer["met"]]
    symbol, tone = ("✓", Tone.GOOD) if carries else ("✗", Tone.BAD)
    shown.append(_marked(symbol, tone, answer["why"], width))
    shown += [_marked("·", Tone.DIM, note, width) for note in answer["notes"]]
    if answer["remedy"]:
        shown.append(_marked("=>", Tone.BOLD, answer["remedy"], width))
    return shown


def _marked(symbol: str, tone: Tone, text: str, width: int) -> str:
    indent = " " * (len(symbol) + 3)
    rows = textwrap.wrap(text, width - len(indent)) if width else [text]
    return f"  {paint(symbol, tone)} " + f"\n{indent}".join(rows)


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
