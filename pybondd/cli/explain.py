"""`pybondd explain`: say why."""

import json
import shutil
import sys
import textwrap
from typing import cast
from urllib.parse import quote

import click

from pybondd.cli.client import ask
from pybondd.cli.palette import Tone, color_option, paint
from pybondd.daemon.refusal import Exit
from pybondd.daemon.shapes import AnswerJson


@click.group()
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


def lines(answer: AnswerJson, *, width: int) -> list[str]:
    """What holds, then the one thing that does not, then what to do. 0 is a width without end."""
    carries = answer["carries"]
    shown = [paint(answer["what"], Tone.GOOD if carries else Tone.BAD)]
    shown += [_marked("✓", Tone.GOOD, met, width) for met in answer["met"]]
    symbol, tone = ("✓", Tone.GOOD) if carries else ("✗", Tone.BAD)
    shown.append(_marked(symbol, tone, answer["why"], width))
    if answer["remedy"]:
        shown.append(_marked("=>", Tone.BOLD, answer["remedy"], width))
    return shown


def _marked(symbol: str, tone: Tone, text: str, width: int) -> str:
    indent = " " * (len(symbol) + 3)
    rows = textwrap.wrap(text, width - len(indent)) if width else [text]
    return f"  {paint(symbol, tone)} " + f"\n{indent}".join(rows)


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
