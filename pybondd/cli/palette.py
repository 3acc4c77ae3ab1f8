"""May this output be coloured, and what does each colour mean?"""

import os
import sys
from enum import Enum

import click

RESET = "\x1b[0m"


class Tone(Enum):
    """What a piece of text says; never the only way in which it says it."""

    PLAIN = ""
    GOOD = "\x1b[32m"
    CHANGING = "\x1b[33m"
    BAD = "\x1b[31m"
    DIM = "\x1b[2m"
    BOLD = "\x1b[1m"


def _choose(ctx: click.Context, _parameter: click.Parameter, word: str | None) -> None:
    if word is not None:
        ctx.find_root().color = {"always": True, "never": False}.get(word)


color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    expose_value=False,
    callback=_choose,
    help="Colours; auto obeys NO_COLOR and FORCE_COLOR and is off in a pipe.",
)
"""--color, before or after the verb. The choice rides on click's context."""


def is_coloured() -> bool:
    """Whether standard output gets colours: --color, then NO_COLOR, FORCE_COLOR, a terminal."""
    context = click.get_current_context(silent=True)
    chosen = context.find_root().color if context else None
    if chosen is not None:
        return chosen
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, tone: Tone) -> str:
    """The text in this tone, or as it is where colours are off."""
    if tone is Tone.PLAIN or not is_coloured():
        return text
    return f"{tone.value}{text}{RESET}"
