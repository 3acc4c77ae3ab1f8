"""The answer of GET /status, of a bond in virtual time."""

from pybondd.counters import Counters
from pybondd.daemon.picture import Surroundings, status_json
from pybondd.daemon.shapes import BondExtraJson, StatusJson


def status_of(bond, now: int, *, is_privileged: bool = True) -> StatusJson:
    extra: BondExtraJson = {
        "pid": 4711,
        "speed_mbps": bond.state.shown_speed[0],
        "since": 0.0,
        "uptime_s": now / 1e9,
        "datapath": {"kind": "compiled", "why": ""},
        "isolation": "tcx",
        "table_generation": bond.table.generation,
        "counters": {},
        "failovers": 0,
        "last_report": "",
        "log": "",
    }
    return status_json(bond, Surroundings(9, {}, Counters(), extra, now, is_privileged))
