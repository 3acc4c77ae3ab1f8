"""Lab failover: a cable is cut under an active-backup bond, and repaired. What is lost?"""

from dataclasses import dataclass

from pybondd.lab.drawing import draw_story
from pybondd.lab.lab import Lab, Telling
from pybondd.lab.measures import cable_of_probe, lost, outage_ns, silence_ns
from pybondd.lab.picture import draw
from pybondd.lab.recording import Action, Recording
from pybondd.lab.stage import Deed
from pybondd.units import MILLISECOND_NS, Instant, milliseconds

PROBES_MIN = 1000
LOSS_MARGIN = 50
"""Probes (and milliseconds) granted beyond miimon: a failover found by polling alone loses up to
miimon, and a busy machine wakes the daemon late."""


@dataclass(frozen=True, slots=True)
class Losses:
    """How many probes were lost in each phase of the story."""

    before_cut: int
    at_cut: int
    at_repair: int


def losses(recording: Recording, cut_ns: Instant, repair_ns: Instant) -> Losses:
    """Whose fault each loss is.

    What was sent before the cut and lost with it counts to the cut: on a busy machine frames wait
    in the bond's queue and meet a cable that has gone. So the cut's losses begin after the last
    probe that was answered before it; what was answered later may have waited too.
    """
    answered = [p.sent_ns for p in recording.probes if min(p.answered_ns, default=cut_ns) < cut_ns]
    last_good_ns = answered[-1] if answered else recording.started_ns
    gone = [probe.sent_ns for probe in recording.probes if probe.is_lost]
    before = sum(sent_ns < last_good_ns for sent_ns in gone)
    after = sum(sent_ns >= repair_ns for sent_ns in gone)
    return Losses(before, len(gone) - before - after, after)


def judge(recording: Recording) -> tuple[str, ...]:
    """Why this was no failover: one sentence for each thing that did not happen; () if it did."""
    cut_ns = recording.moment_of(Action.CUT)
    repair_ns = recording.moment_of(Action.REPAIR)
    if cut_ns is None or repair_ns is None:
        return ("no cable was cut and repaired",)
    probes = recording.probes
    lost_probes = losses(recording, cut_ns, repair_ns)
    allowed = recording.setup.miimon_ms + LOSS_MARGIN
    complaints = {
        f"only {len(probes)} probes were sent": len(probes) <= PROBES_MIN,
        "no probe took another cable after the cut": not _has_moved(recording, cut_ns, repair_ns),
        f"{lost_probes.at_cut} probes were lost at the cut, more than {allowed}": (
            lost_probes.at_cut > allowed
        ),
        f"{lost_probes.before_cut} probes were lost before the cut": lost_probes.before_cut > 0,
        f"{lost_probes.at_repair} probes were lost at the repair": lost_probes.at_repair > 0,
    }
    return tuple(text for text, is_so in complaints.items() if is_so)


def tell(recording: Recording, width: int, is_coloured: bool) -> Telling:
    """The failover's pictures and numbers."""
    setup = recording.setup
    count, gone = len(recording.probes), lost(recording.probes)
    outage_ms = outage_ns(recording.probes) / MILLISECOND_NS
    outage = f"outage {outage_ms:.1f} ms" if gone else "no outage"
    silence_ms = silence_ns(recording.probes) / MILLISECOND_NS
    cut_ns = recording.moment_of(Action.CUT) or recording.started_ns
    repair_ns = recording.moment_of(Action.REPAIR) or recording.ended_ns
    lost_probes = losses(recording, cut_ns, repair_ns)
    result = (
        f"{lost_probes.at_cut} of {count} probes lost at the cut, {lost_probes.at_repair} at the "
        f"repair; {outage} (longest silence of the run {silence_ms:.1f} ms)"
    )
    svg = draw_story(
        recording,
        headline=f"A cable is cut: {gone} of {count} probes lost, {outage}",
        subtitle=f"{setup.mode}, miimon {setup.miimon_ms} ms, 1000 probes a second over a real "
        "bond of real interfaces in a private network",
    )
    picture = tuple(draw(recording, width=width, is_coloured=is_coloured))
    return Telling(result, picture, svg, judge(recording))


def _has_moved(recording: Recording, cut_ns: Instant, repair_ns: Instant) -> bool:
    """Whether a probe sent while the cable was cut took another cable and was answered."""
    cut_cable = next(i.cable for i in recording.incidents if i.action is Action.CUT)
    cables = cable_of_probe(recording)
    return any(
        cut_ns < probe.sent_ns < repair_ns
        and not probe.is_lost
        and any(cable != cut_cable for cable in cables.get(probe.sequence, ()))
        for probe in recording.probes
    )


FAILOVER = Lab(
    name="failover",
    mode="active-backup",
    options=(),
    has_far_bond=False,
    count=3000,
    burst=1,
    steps=(
        Deed(milliseconds(1000), Action.CUT, "eth0"),
        Deed(milliseconds(1000), Action.REPAIR, "eth0"),
    ),
    tell=tell,
    try_next=(
        "pybondd lab failover --cables 1    what the second cable is good for",
        "pybondd lab broadcast              a cut that loses nothing at all",
        "pybondd lab xor                    one flow, one port: who decides?",
    ),
)
