"""What does a frame of the bond's own say, in a few words for the log?"""

from pybondd.wire.slow import Lacpdu, Malformed, Marker, PortState, is_slow_protocol, parse_slow


def frame_words(frame: bytes) -> str:
    """`LACPDU ATGSCD-- to ATG-----`: the sender's state, and what it knows of its partner's."""
    if not is_slow_protocol(frame):
        return f"frame of {len(frame)} octets"
    said = parse_slow(frame)
    match said:
        case Lacpdu(actor, partner):
            ours, theirs = (PortState(side.state).letters for side in (actor, partner))
            return f"LACPDU {ours} to {theirs}"
        case Marker(is_response=True):
            return "Marker Response"
        case Marker():
            return "Marker"
        case Malformed():
            return f"slow protocol frame {said.value}"
