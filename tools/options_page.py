"""Writes docs/options.md from the table that runs: python tools/options_page.py"""

from pathlib import Path

from pybondd.option import BondMode, Option
from pybondd.options import OPTIONS

PAGE = Path(__file__).parent.parent / "docs" / "options.md"
HEAD = """# Options

Made from `pybondd/options.py` by `python tools/options_page.py`; do not edit.
Names, values and rules are those of the Linux bonding driver. Times are in milliseconds unless said
otherwise. "Modes" are the numbers of the modes in which the option can be written (else EACCES);
"when" tells what must hold (else EBUSY or ENOTEMPTY).

| option | values | default | modes | when | meaning |
|---|---|---|---|---|---|
"""


def values_of(option: Option) -> str:
    if option.is_raw:
        return "text"
    if option.high is not None:
        return f"{option.low or 0} to {option.high}"
    return ", ".join(f"`{name}` {number}" for name, number in option.values.items())


def row(option: Option) -> str:
    modes = [str(int(mode)) for mode in BondMode if mode not in option.rejects]
    needs = ["bond down"] if option.needs_bond_down else []
    needs += ["no ports"] if option.needs_no_ports else []
    default = "" if option.default is None else option.name_of(option.default)
    name = f"`{option.name}`" + (" (per port)" if option.is_per_port else "")
    shown_modes = "all" if len(modes) == len(BondMode) else " ".join(modes)
    cells = (name, values_of(option), default, shown_modes, ", ".join(needs), option.meaning)
    return "| " + " | ".join(cells) + " |\n"


def page() -> str:
    return HEAD + "".join(row(option) for option in OPTIONS.values())


if __name__ == "__main__":
    PAGE.write_text(page())
