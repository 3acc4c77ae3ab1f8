"""On the host: the same scenario with both kinds of bond, in the same guest."""

LIMIT_S = 90


def both(guest, scenario: str, **arguments: object) -> tuple[object, object]:
    """What the kernel's bond did, and what ours did."""
    return tuple(one(guest, scenario, kind=kind, **arguments) for kind in ("kernel", "pybondd"))


def one(guest, scenario: str, **arguments: object) -> object:
    return guest.call(f"uml_scenarios.{scenario}", timeout_s=LIMIT_S, **arguments)
