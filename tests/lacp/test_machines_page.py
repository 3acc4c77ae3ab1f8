"""Are the pages of the machines what the tables say today, and complete?"""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "docs" / "machines"


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("machines_page")


def test_the_pages_of_the_machines_are_made_from_the_tables(tool):
    """If this fails: python tools/machines_page.py"""
    stored = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert stored == tool.pages()


def test_every_machine_has_a_page(tool):
    assert {page.machine for page in tool.PAGES} == set(tool.MODULES)
    in_code = set()
    for module in set(tool.MODULES.values()):
        in_code |= {value for value in vars(module).values() if isinstance(value, tool.Machine)}
    assert in_code == set(tool.MODULES)


def test_a_page_names_every_box_arc_condition_and_action(tool):
    for page in tool.PAGES:
        text, picture = tool.text_of(page), (FOLDER / f"{page.name}.svg").read_text()
        for box in page.machine.boxes:
            assert re.search(rf"^{box.name}$", text, re.MULTILINE)
            assert f">{box.name}<" in picture
        assert text.count("-->") == len(page.machine.arcs)
        for function in tool.conditions_of(page.machine) + tool.actions_of(page.machine):
            assert f"| `{function.__name__}` |" in text
        for arc in page.machine.arcs:
            assert tool.label_of(arc) in picture
            assert arc.linux in text


def test_no_label_leaves_the_paper(tool):
    """Text is measured by a generous estimate, as no font is the same everywhere."""
    for page in tool.PAGES:
        picture = (FOLDER / f"{page.name}.svg").read_text()
        width = float(re.search(r'width="(\d+)"', picture).group(1))
        pattern = r'<text class="f-\w+" x="([\d.-]+)" y="[\d.-]+" font-size="([\d.]+)" '
        pattern += r'text-anchor="(\w+)"[^>]*>([^<]*)<'
        for x, size, anchor, words in re.findall(pattern, picture):
            length = len(words) * float(size) * 0.58
            start = float(x) - (length if anchor == "end" else 0)
            assert start >= 0, words
            assert start + length <= width, words
