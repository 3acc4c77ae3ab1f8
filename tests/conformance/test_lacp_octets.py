"""Do we read and write every recorded slow protocol frame as the real driver does?"""

import json

import pytest
from recordings import RECORDINGS

from pybondd.wire.ethernet import parse_address
from pybondd.wire.slow import (
    Lacpdu,
    Marker,
    Participant,
    build_lacpdu,
    is_slow_protocol,
    oddities,
    parse_slow,
)

FOLDER = RECORDINGS / "lacp-traces"
PATHS = sorted(FOLDER.rglob("*.json"))
FIELDS = ("sysprio", "sys", "key", "pprio", "port", "state")


def recorded_frames(value):
    """Everything in a recording that has octets, however deep it stands."""
    if isinstance(value, dict):
        if isinstance(value.get("hex"), str):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from recorded_frames(each)


def participant(decoded):
    sysprio, system, *rest = (decoded[field] for field in FIELDS)
    return Participant(sysprio, parse_address(system), *rest)


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.relative_to(FOLDER).as_posix())
def test_every_recorded_lacpdu_is_read_and_written_again_to_the_octet(path):
    for entry in recorded_frames(json.loads(path.read_text())):
        frame = bytes.fromhex(entry["hex"])
        if not is_slow_protocol(frame):
            continue
        said = parse_slow(frame)
        if not isinstance(said, Lacpdu):
            # Some recordings inject what is no LACPDU. The driver itself sends nothing but these.
            assert entry.get("dir") != "out" or isinstance(said, Marker)
            continue
        if entry.get("dir") == "out":
            assert oddities(frame) == ()
        if not oddities(frame):
            assert build_lacpdu(said, source=frame[6:12]) == frame
        decoded = entry.get("dec", {})
        for side in ("actor", "partner"):
            if side in decoded:
                assert getattr(said, side) == participant(decoded[side])
