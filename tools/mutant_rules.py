"""Which faults can a statement have? Each rule changes one token, or the whole statement."""

import io
import re
import tokenize
from collections.abc import Iterator

SWAPS = {
    "==": "!=",
    "!=": "==",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "+": "-",
    "-": "+",
    "*": "+",
    "//": "*",
    "%": "+",
    "&": "|",
    "|": "&",
    "^": "|",
    "<<": ">>",
    ">>": "<<",
    "+=": "-=",
    "-=": "+=",
    "^=": "|=",
    "|=": "&=",
    "&=": "|=",
    "<<=": ">>=",
    ">>=": "<<=",
    "and": "or",
    "or": "and",
    "True": "False",
    "False": "True",
}
CAST = re.compile(r"<\s*(?:const\s+)?\w+(?:\s+\w+)*\s*\**\s*>")
CONSTANT = re.compile(r"[A-Z][A-Z0-9_]+$")
ADDRESS_OF_FOLLOWS = {"", "(", ",", "=", "[", "return", "==", "!="}


def tokens_of(text: str) -> list[tuple[str, int, int]]:
    """Tokens of one logical line as (text, start, end), without layout and comments."""
    starts = [0]
    for row in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(row))
    layout = {tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER}
    layout |= {tokenize.INDENT, tokenize.DEDENT}
    # The brackets let a condition, which is no statement, be read like one.
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in layout:
            (row, column), (end_row, end_column) = token.start, token.end
            found.append((token.string, starts[row - 1] + column, starts[end_row - 1] + end_column))
    return found


def token_faults(text: str, siblings: dict[str, str]) -> Iterator[str]:
    """The expression or statement with one token changed, for every token and change.

    `siblings` gives for each member of a named enum another member, since arithmetic on those is
    not allowed.
    """
    casts = [match.span() for match in CAST.finditer(text)]
    tokens = tokens_of(text)
    for index, (token, start, end) in enumerate(tokens):
        if any(low <= start < high for low, high in casts):
            continue
        before = tokens[index - 1][0] if index else ""
        after = tokens[index + 1][0] if index + 1 < len(tokens) else ""
        for change in changes(token, before, after, siblings):
            yield text[:start] + change + text[end:]


def changes(token: str, before: str, after: str, siblings: dict[str, str]) -> Iterator[str]:
    """What may stand in a token's place."""
    is_unary = token in {"&", "-", "*", "+"} and before in ADDRESS_OF_FOLLOWS
    if token in SWAPS and not is_unary:
        yield SWAPS[token]
    elif token == "in" and before != "not":
        yield "not in"
    elif token == "not":
        yield ""
    elif token[0].isdigit():
        number = int(token, 0)
        # The lowest bit of a word is the one that layer3+4 shifts out in the end.
        yield str(number + 1 if number else 2)
        if number > 0:
            yield str(number - 1)
    elif token in siblings:
        yield siblings[token]
    elif CONSTANT.match(token) and token != "NULL" and after != "(":
        yield f"({token} + 1)"
        yield f"({token} - 1)"


def condition_faults(text: str, siblings: dict[str, str]) -> list[str]:
    """Faulty forms of a condition."""
    return unique(text, [f"not ({text})", *token_faults(text, siblings)])


def statement_faults(text: str, siblings: dict[str, str], *, may_vanish: bool) -> list[str]:
    """Faulty forms of a simple statement; `pass` where it may be left out."""
    return unique(text, [*(["pass"] if may_vanish else []), *token_faults(text, siblings)])


def unique(original: str, faults: list[str]) -> list[str]:
    """The faults in order, each once, none like the original."""
    return [fault for fault in dict.fromkeys(faults) if fault != original]
