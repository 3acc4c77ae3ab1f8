"""Writes docs/machines/ from the tables that run: python tools/machines_page.py

A page and a picture for each state machine of LACP, to be laid beside the standard's figure.
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from machine_drawing import draw_machine, label_of, lines_of

from pybondd.lacp import churn, marker, mux, periodic, receive, transmit
from pybondd.lacp.boxes import Box
from pybondd.lacp.machine import Arc, Machine, Unless, always, nothing

FOLDER = Path(__file__).parent.parent / "docs" / "machines"
CODE_LINES_MAX = 3
"""Longer code is read better in its file."""


@dataclass(frozen=True)
class Page:
    """What is needed to write about one machine."""

    name: str
    title: str
    machine: Machine

    @property
    def module(self) -> object:
        return MODULES[self.machine]


MODULES = {
    receive.RECEIVE: receive,
    periodic.PERIODIC: periodic,
    mux.COUPLED_MUX: mux,
    mux.INDEPENDENT_MUX: mux,
    churn.ACTOR_CHURN: churn,
    churn.PARTNER_CHURN: churn,
    transmit.TRANSMIT: transmit,
    marker.MARKER: marker,
}
PAGES = (
    Page("receive", "Receive machine", receive.RECEIVE),
    Page("periodic", "Periodic Transmission machine", periodic.PERIODIC),
    Page("mux-coupled", "Mux machine, coupled control", mux.COUPLED_MUX),
    Page("mux-independent", "Mux machine, independent control", mux.INDEPENDENT_MUX),
    Page("transmit", "Transmit machine", transmit.TRANSMIT),
    Page("churn-actor", "Actor Churn Detection machine", churn.ACTOR_CHURN),
    Page("churn-partner", "Partner Churn Detection machine", churn.PARTNER_CHURN),
    Page("marker", "Marker Responder", marker.MARKER),
)
MADE = "Made from `{file}` by `python tools/machines_page.py`; do not edit.\n"

INDEX = """# The state machines of LACP

Made by `python tools/machines_page.py`; do not edit.

LACP is seven small machines in each port (of the two tables for Mux a bond uses one). A machine
stands in one *box*; an *arc* leads to another box when its condition holds, and the box's actions
are done on entry. Boxes, conditions and actions have the names of the standard (IEEE Std
802.1AX-2014, clause 6.4), so that its figure can be laid beside the picture here. Each picture is
drawn from the table that runs, in `pybondd/lacp/`.

| machine | question | table |
|---|---|---|
{rows}
How to read a page:

- **any box** stands for an arc that starts nowhere: it is looked at first, whatever the box. It is
  not taken into the box in which the machine stands already, unless it says *again*.
- **UCT** is the standard's unconditional transfer. **at once** means that the same pass goes on.
- **each pass** is done first, every 100 ms, before the conditions are looked at: timers count
  passes. **after each pass** is forgotten what was true for one pass only.
- **while it stays** is what a pass does in a box that it does not leave.
- **unless** leaves actions out when a condition holds.
- **Linux** marks what the Linux driver does otherwise than the standard; pybondd does as
  Linux does. Where it does better, the action tells, and the option `lacp_follows` turns it off.

Linux takes at most one arc of each machine in a pass; the standard takes arcs until none is
enabled. `Machine.step_once` is the one, `Machine.settle` the other, and a test holds that both end
in the same box. In each pass a port runs its machines in this order: Receive, Periodic
Transmission, Selection (no machine: `pybondd/lacp/selection.py`), Mux, Transmit, Churn Detection.
The Receive machine runs once more whenever an LACPDU comes in, the Marker Responder whenever a
Marker does.
"""


def pages() -> dict[str, str]:
    """Every file of docs/machines, by its name."""
    files = {"README.md": index()}
    for page in PAGES:
        files[f"{page.name}.md"] = text_of(page)
        files[f"{page.name}.svg"] = draw_machine(page.machine, title=page.title)
    return files


def index() -> str:
    rows = "".join(
        f"| [{page.title}]({page.name}.md) | {question_of(page)} | `{file_of(page)}` |\n"
        for page in PAGES
    )
    return INDEX.format(rows=rows)


def file_of(page: Page) -> str:
    return f"pybondd/lacp/{Path(inspect.getfile(page.module)).name}"


def question_of(page: Page) -> str:
    first_line = inspect.getdoc(page.module).splitlines()[0]
    return first_line.partition(": ")[2]


def text_of(page: Page) -> str:
    about = inspect.getdoc(page.module).partition("\n\n")[2]
    return "\n".join(
        [
            f"# {page.title}: {question_of(page)}\n",
            MADE.format(file=file_of(page)),
            f"{about}\n",
            f"![{page.title}, as told in the text below]({page.name}.svg)\n",
            "## The table\n",
            f"{page.machine.source}.\n",
            "```text",
            *table_of(page.machine),
            "```\n",
            "## Conditions\n",
            *meanings(conditions_of(page.machine)),
            "## Actions\n",
            *meanings(actions_of(page.machine)),
            "How to read this: [the machines](README.md)",
            "",
        ]
    )


# The table, for a terminal.


def table_of(machine: Machine) -> Iterator[str]:
    for title, action in (
        ("each pass", machine.every_pass),
        ("after each pass", machine.after_pass),
    ):
        if action is not nothing:
            yield f"{title}: {action.__name__}"
    yield ""
    if machine.global_arcs:
        yield "any box"
        yield from arcs_of(machine.global_arcs)
        yield ""
    for box in machine.boxes:
        yield box.name
        yield from (f"    {line}" for line in lines_of(machine.entry[box]))
        yield from stays(machine, box)
        yield from arcs_of(machine.arcs_from[box])
        yield ""


def stays(machine: Machine, box: Box) -> Iterator[str]:
    if machine.during[box]:
        yield "    while it stays:"
        yield from (f"        {line}" for line in lines_of(machine.during[box]))


def arcs_of(arcs: tuple[Arc, ...]) -> Iterator[str]:
    width = max((len(arc.target.name) for arc in arcs), default=0)
    for arc in arcs:
        again = " (again)" if arc.again else ""
        yield f"  --> {arc.target.name:<{width}}  {label_of(arc)}{again}"
        if arc.linux:
            yield f"      {'':<{width}}  Linux: {arc.linux}"


# What the names mean.


def conditions_of(machine: Machine) -> list[Callable[..., object]]:
    found = [arc.condition for arc in machine.arcs if arc.condition is not always]
    for actions in machine.entry.values():
        found += [action.condition for action in actions if isinstance(action, Unless)]
    return list(dict.fromkeys(found))


def actions_of(machine: Machine) -> list[Callable[..., object]]:
    found = [machine.every_pass]
    for actions in (*machine.entry.values(), *machine.during.values()):
        for action in actions:
            found += action.actions if isinstance(action, Unless) else [action]
    found.append(machine.after_pass)
    return [action for action in dict.fromkeys(found) if action is not nothing]


def meanings(functions: list[Callable[..., object]]) -> Iterator[str]:
    yield "| name | what it says | in Python |"
    yield "|---|---|---|"
    for function in functions:
        says = " ".join((inspect.getdoc(function) or "").split())
        yield f"| `{function.__name__}` | {says} | {code_of(function)} |"
    yield ""


def code_of(function: Callable[..., object]) -> str:
    """The body in one line if it is short."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    body = definition.body[1:] if ast.get_docstring(definition) else definition.body
    body = [each for each in body if not isinstance(each, ast.Assert)]
    lines = "\n".join(ast.unparse(each) for each in body).splitlines()
    if len(lines) > CODE_LINES_MAX or any(line.startswith(" ") for line in lines[1:-1]):
        return "see the file"
    code = re.sub(r":; +", ": ", "; ".join(lines)).removeprefix("return ")
    return "`" + code.replace("|", "\\|") + "`"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    files = pages()
    for old in FOLDER.iterdir():
        if old.name not in files:
            old.unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    sys.exit(main())
