"""Where are the recordings of the real driver?"""

import json
import os
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
RECORDINGS = Path(os.environ.get("PYBONDD_CONFORMANCE_DATA", HERE / "data"))
"""Another directory of the same layout may be named; its files are then used instead."""
IS_OWN_DATA = RECORDINGS == HERE / "data"
JITTER = tomllib.loads((HERE / "jitter.toml").read_text())
"""Recordings whose outcome hangs on their own jitter, by name, with the reason."""


def read_json(name):
    """The recording `name`, or None where this directory has none."""
    path = RECORDINGS / name
    return json.loads(path.read_text()) if path.exists() else None


def proc_samples():
    """Every proc sample as (id, path of its sidecar)."""
    folder = RECORDINGS / "proc-samples"
    return [
        (path.relative_to(folder).with_suffix("").as_posix(), path)
        for path in sorted(folder.rglob("*.json"))
        if path.with_suffix(".txt").exists()
    ]
