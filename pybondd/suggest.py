"""Which known word was probably meant?"""

from collections.abc import Iterable

CLOSE_ENOUGH = 0.6
"""difflib ratio from which a word counts as a likely slip: its own default."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """`did you mean 'miimon'?`, or "" if nothing is close."""
    import difflib

    close = difflib.get_close_matches(word, list(known), n=1, cutoff=CLOSE_ENOUGH)
    return f"did you mean '{close[0]}'?" if close else ""
