"""Does the house keep its shape? Layers, sizes, and what may be imported where."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pybondd"
LAYERS = (
    {"units", "suggest"},
    {"wire"},
    {"port", "refusal", "forwarding", "counters", "agenda"},
    {"option"},
    {"options"},
    {"effects"},
    {"events"},
    {"state"},
    {"monitors", "balance", "lacp"},
    {"_pure", "_fast"},
    {"dispatch"},
    {"modes"},
    {"status", "naming_ports", "targets", "enslaving", "monitoring", "shared_settings"},
    {"arp_monitoring"},
    {"settings"},
    {"bond"},
    {"linux", "sim", "explain"},
    {"iproute"},
    {"config"},
    {"daemon"},
    {"lab"},
    {"cli"},
)
"""Lowest first. A room may import itself and rooms of lower layers, never one beside it."""

SEES_THE_WORLD = {"linux", "daemon", "lab", "cli", "__main__"}
WORLDLY = {"time", "random", "socket", "os", "asyncio", "threading", "subprocess", "fcntl"}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

SOURCES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def layer_of(room: str) -> int:
    return next(i for i, rooms in enumerate(LAYERS) if room in rooms)


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def own_rooms(path: Path) -> Iterator[str]:
    for module in imported_modules(path):
        parts = module.split(".")
        if parts[0] == "pybondd" and len(parts) > 1:
            yield parts[1]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_only_go_down(path):
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    for other in set(own_rooms(path)) - {room}:
        assert layer_of(other) < layer_of(room), f"{room} must not import {other}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_core_does_no_io_and_reads_no_clock(path):
    if room_of(path) not in SEES_THE_WORLD:
        banned = WORLDLY - {"random"} if room_of(path) == "sim" else WORLDLY
        assert not {m.split(".")[0] for m in imported_modules(path)} & banned


def test_every_room_has_a_layer():
    rooms = {room_of(path) for path in SOURCES} - {"__init__", "__main__"}
    assert rooms <= set().union(*LAYERS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path):
    text = path.read_text()
    assert text.count("\n") <= MAX_FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < MAX_FUNCTION_LINES, node.name


def test_a_mode_is_never_asked_for_by_number_outside_the_rooms_that_know_modes():
    """`if mode in (...)` belongs into modes/ and into the table of options."""
    knows_modes = {"modes", "option", "options", "settings", "status", "state", "enslaving"}
    knows_modes |= {"shared_settings", "daemon", "cli", "sim", "lab"}
    for path in SOURCES:
        if room_of(path) not in knows_modes:
            assert "BondMode." not in path.read_text(), path
