"""When did the driver tick? Its learning frames tell: all ports at once, every so many ticks."""

from itertools import pairwise

SAME_BURST_S = 0.006
JOINED_S = 0.05
"""What a port taught when it joined was read when the recording began."""
SLIP_TICKS = 0.9
"""A tick may be late, and the next is counted from there; setting the bond down costs a part."""


def bursts(recording):
    """Times at which the ports taught the switch, and which ports did."""
    found = []
    for frame in recording.sent:
        if not frame.is_learning:
            continue
        if not found or frame.at_s - found[-1][0] > SAME_BURST_S:
            found.append((frame.at_s, set()))
        found[-1][1].add(frame.interface)
    return found


def periods(recording):
    """Ticks between periodic learning frames: lp_interval, which may change on the way."""
    values = {int(recording.options.get("lp_interval", 1))}
    for event in recording.events:
        if "lp_interval" in event["cmd"]:
            values.add(int(event["cmd"].split()[1]))
    return sorted(10 * value for value in values)


def chain(recording):
    """The longest series of bursts whole periods apart, as (time, ticks since the last)."""
    best = {}
    times = [at for at, _ in bursts(recording) if not recording.is_fresh or at > JOINED_S]
    for index, at in enumerate(times):
        best[index] = [(at, 0)]
        for before in range(index):
            for ticks in periods(recording):
                passed = (at - times[before]) / recording.tick_s
                if abs(passed - ticks) < SLIP_TICKS and len(best[before]) >= len(best[index]):
                    best[index] = [*best[before], (at, ticks)]
    return max(best.values(), key=len, default=[])


def ticks(recording, *, until_s, slips_late):
    """The times of all ticks, and the index of the first that taught; none where nothing tells.

    A round that was sent late says nothing of the next tick; one that all later ones are late by
    does: the timer slipped, at the first tick after the round before, or `slips_late` at the last.
    """
    if not recording.has_learning_frames:
        return _around_an_update(recording, until_s=until_s), 0
    anchors = _without_latency(chain(recording), recording.tick_s)
    if not anchors:
        return [], 0
    first, tick_s = anchors[0][0], recording.tick_s
    before = periods(recording)[-1] - 1
    if not recording.is_fresh:
        before = min(before, int(first / tick_s))
    times = [first - tick_s * count for count in range(before, 0, -1)]
    for (start, _), (end, count) in pairwise(anchors):
        ahead = [start + tick_s * step for step in range(count)]
        behind = [start, *(end - tick_s * step for step in range(count - 1, 0, -1))]
        times += ahead if slips_late else behind
    last = anchors[-1][0]
    times += [last + tick_s * step for step in range(int((until_s - last) / tick_s) + 1)]
    return times, before


def _around_an_update(recording, *, until_s):
    """The capture left the learning frames out. The first pair of equal ARP replies is an update,
    and so a tick."""
    replies = [each for each in recording.sent if each.arp and not each.is_arp_request]
    pairs = (one.at_s for one, two in pairwise(replies) if one.octets == two.octets)
    anchor, tick_s = next(pairs, 0), recording.tick_s
    first = anchor - tick_s * int(anchor / tick_s)
    return [first + tick_s * step for step in range(int((until_s - first) / tick_s) + 1)]


def _without_latency(anchors, tick_s):
    """No tick is later than one that follows it allows."""
    settled, latest = [], None
    for at, count in reversed(anchors):
        at = at if latest is None else min(at, latest)
        settled.append((at, count))
        latest = at - tick_s * count if count else None
    return settled[::-1]
