"""What is raised when octets are not what they claim to be?"""


class WireError(ValueError):
    """These octets are no valid frame, packet or field of the expected format."""


def need(octets: bytes, size_octets: int, what: str) -> None:
    """Raise WireError unless `octets` hold at least `size_octets`."""
    if len(octets) < size_octets:
        raise WireError(f"{what}: {len(octets)} octets, {size_octets} needed")


def check(holds: bool, what: str) -> None:
    """Raise WireError with the sentence `what` unless the condition holds."""
    if not holds:
        raise WireError(what)
