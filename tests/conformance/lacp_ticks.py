"""When did the machines of one side run? As recorded, or inferred from what they sent.

A kernel without a log of its passes tells of them by its LACPDUs: each but the farewell leaves in a
pass, and a port's LACPDUs are a multiple of three passes apart, because its transmit window opens
in every third. Between them passes are one period apart. What this leaves open (how many passes
before the first LACPDU, or around an interval in which the bond was down) gives several candidates.
"""

import itertools
from dataclasses import dataclass, replace

WINDOW = 3
"""Passes between two openings of a port's transmit window."""
SLACK_S = 0.022
"""How far an inferred pass may be from the real one: two jiffies of 10 ms and a little."""
SLACK_SEEN_S = 0.003
"""How far from the time stamp of what it sent."""
SLACK_LOGGED_S = 0.0015
SHORTEST_S = 0.1
"""A pass plans the next this much later."""
MAX_CANDIDATES = 24


@dataclass(frozen=True)
class Tick:
    """One pass; the first one `opens` when the bond was set up just before it.

    It may have been `slack` earlier or later, and by `stall` more where the machine was held up.
    """

    at: float
    slack: float
    opens: bool = False
    stall: float = 0.0


@dataclass(frozen=True)
class Session:
    """An interval in which the bond was up; set up between `since` and `opened`."""

    since: float
    opened: float
    closed: float


def recorded_ticks(instants, anchors, end, period):
    """Passes from the log; it ends a little before the capture, so the last are inferred."""
    before = [-1e9, *instants]
    ticks = [
        Tick(at, SLACK_LOGGED_S, opens=at - previous > 1)
        for previous, at in zip(before, instants, strict=False)
    ]
    rest = [anchor for anchor in anchors if anchor[0] > instants[-1] + period / 2]
    last = len(instants) - 1
    place = {key: _nearest(ticks, at) - last for at, key in anchors[: len(anchors) - len(rest)]}
    ticks += _between([(instants[-1], None), *rest], period, place)[1:]
    return extended(ticks, end, period)


def extended(ticks, end, period):
    """Go on after the last LACPDU as long as the capture ran."""
    count = int((end - ticks[-1].at) / period) if ticks else 0
    return [*ticks, *(Tick(ticks[-1].at + n * period, SLACK_S) for n in range(1, count + 1))]


def inferred_ticks(anchors, sessions, period, *, early_keys):
    """Candidates for the passes of a side, the likeliest first.

    `anchors` are (instant, key of a transmit window) of what was sent, in order. The windows of
    ports that joined before the bond was set up, `early_keys`, open in passes 3, 6, 9 and so on.
    """
    parts = [[a for a in anchors if s.since <= a[0] <= s.closed] for s in sessions]
    choices = [
        _candidates_of_session(part, session, period)
        for part, session in zip(parts, sessions, strict=True)
    ]
    found = itertools.product(*choices)
    ranked = sorted(found, key=lambda combination: sum(each[0] for each in combination))
    fitting = [c for c in ranked if _keeps_windows(parts, c, early_keys)]
    return [
        [tick for _, ticks in combination for tick in ticks]
        for combination in (fitting or ranked)[:MAX_CANDIDATES]
    ]


def _candidates_of_session(anchors, session, period):
    """(how unlikely, passes) for one interval."""
    if not anchors:
        return [(0, _with_opening(_steps(session.opened, session.closed, period)))]
    middle = _between(anchors, period)
    first, last = middle[0].at, middle[-1].at
    found = []
    earliest = session.since - 0.06
    count = 0
    while first - count * period >= earliest:
        opened = first - count * period
        unlikely = abs(opened - session.opened) if opened < session.opened + 0.06 else 9
        head = [Tick(opened + n * period, SLACK_S) for n in range(count)]
        found.append((unlikely, head))
        count += 1
    found = [each for each in found if each[0] < 9] or found[:1]
    tails = [Tick(at, SLACK_S) for at in _steps(last + period, session.closed + period, period)]
    spare = [0] if session.closed > 1e8 else [0, 1, 2]
    return [
        (unlikely + 0.05 * cut, _with_opening([*head, *middle, *tails[: len(tails) - cut]]))
        for unlikely, head in sorted(found, key=lambda each: each[0])
        for cut in spare
        if cut <= len(tails)
    ]


def _steps(start, end, period):
    count = max(0, int((end - start) / period) + 1) if end < 1e8 else 0
    return [start + n * period for n in range(count)]


def _with_opening(ticks):
    ticks = [t if isinstance(t, Tick) else Tick(t, SLACK_S) for t in ticks]
    return [replace(tick, opens=n == 0) for n, tick in enumerate(ticks)]


def _between(anchors, period, place=None):
    """Passes from the first LACPDU to the last; `place` is where windows opened last."""
    ticks = [Tick(anchors[0][0], SLACK_SEEN_S)]
    place = {**(place or {}), anchors[0][1]: 0}
    for at, key in anchors[1:]:
        elapsed = at - ticks[-1].at
        if elapsed < period / 3:
            place[key] = len(ticks) - 1
            continue
        count = _count(elapsed, period, place.get(key), len(ticks) - 1)
        step = elapsed / count
        start = ticks[-1].at
        stall = max(0.0, elapsed - count * period)
        ticks += [Tick(start + n * step, SLACK_S, stall=stall) for n in range(1, count)]
        ticks.append(Tick(at, SLACK_SEEN_S))
        place[key] = len(ticks) - 1
    return ticks


def _count(elapsed, period, last_place, here):
    """How many passes on: the likeliest number that suits the port's transmit window.

    A pass may come late, which makes all after it later; it never comes early.
    """
    most = max(1, int((elapsed + SLACK_SEEN_S * 2) / SHORTEST_S))
    nearest = max(1, round(elapsed / period))
    numbers = range(max(1, nearest - WINDOW), min(nearest + WINDOW, most) + 1)
    if last_place is not None:
        numbers = [n for n in numbers if (here + n - last_place) % WINDOW == 0] or [nearest]
    return min(numbers, key=lambda n: abs(n * period - elapsed))


def _keeps_windows(parts, combination, early_keys):
    """Do all LACPDUs of each transmit window stay multiples of three passes apart?"""
    ticks = [tick for _, session in combination for tick in session]
    places = {key: {WINDOW - 1} for key in early_keys}
    for at, key in itertools.chain(*parts):
        places.setdefault(key, set()).add(_nearest(ticks, at) % WINDOW)
    return all(len(phases) == 1 for phases in places.values())


def _nearest(ticks, at):
    return min(range(len(ticks)), key=lambda n: abs(ticks[n].at - at))
