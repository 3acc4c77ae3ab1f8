"""How do all mutants fit into one build?

Each statement of a region is replaced by a switch over one global number: mutant 17 runs its faulty
form, every other number the right one. So 500 mutants cost one compilation, not 500. Where a
language has no room for a switch (`if`, `elif`, `while`, `range`) the condition becomes a chain of
conditional expressions.

A region runs from a line `# mutants: on, killed by TEST-FILE ...` to `# mutants: off` or the end.
"""

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from mutant_rules import condition_faults, statement_faults

REGION = re.compile(r"\s*# mutants: (on, killed by (?P<tests>.+)|off)$")
FUNCTION = re.compile(r"\s*(cdef|cpdef|def)\b.*\(")
DECLARATION = re.compile(r"cdef\s+(?P<type>.+?[\s*])(?P<name>\w+)\s*=\s*(?P<value>.+)$", re.DOTALL)
CONDITION = re.compile(r"(?P<word>if|elif|while)\b\s*(?P<condition>.+?)\s*:$", re.DOTALL)
COUNTED = re.compile(r"(?P<head>for \w+ in range\()(?P<arguments>.+)\):$", re.DOTALL)
ENUM = re.compile(r"cdef enum \w+:\n((?:    \w+.*\n)+)")
UNTOUCHED = (
    "cdef ",
    "def ",
    "cpdef ",
    "else:",
    "try:",
    "finally:",
    "with ",
    "pass",
    '"',
    "@",
    "for ",
)


Place: TypeAlias = tuple[str, int, str, tuple[str, ...]]
"""File, line, function, and the tests that must notice."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault."""

    number: int
    file: str
    line: int
    function: str
    original: str
    faulty: str
    tests: tuple[str, ...]


@dataclass(slots=True)
class Switchboard:
    """Rewrites source files and numbers the faults in them, from 1."""

    siblings: dict[str, str]
    mutants: list[Mutant] = field(default_factory=list)

    def rewrite(self, file: str, source: str) -> str:
        """The source with all its faults switched in."""
        written: list[str] = []
        tests: tuple[str, ...] = ()
        function, function_indent = "", -1
        for line, text in logical_lines(source):
            body = text.strip()
            indent = len(text) - len(text.lstrip())
            if region := REGION.match(text):
                tests = tuple((region["tests"] or "").split())
            if body and not body.startswith("#") and indent <= function_indent:
                function, function_indent = "", -1
            place = (file, line, function, tests)
            if tests and function and body and not body.startswith("#"):
                is_nested = indent > function_indent + 4
                text = "\n".join(self.switched(body, " " * indent, place, is_nested=is_nested))
            if FUNCTION.match(text) and body.endswith(":"):
                function, function_indent = function_name(body), indent
            written.append(text)
        return "\n".join(written) + "\n"

    def switched(self, body: str, indent: str, place: Place, *, is_nested: bool) -> Iterator[str]:
        """One statement as a switch over its faults."""
        if declared := DECLARATION.match(body):
            yield f"{indent}cdef {declared['type']}{declared['name']}"
            body = f"{declared['name']} = {declared['value']}"
        if condition := CONDITION.match(body):
            chain = self.chain(condition["condition"], place)
            yield f"{indent}{condition['word']} {chain}:"
        elif counted := COUNTED.match(body):
            # The last of three arguments is the stride, whose sign must be known when compiling.
            arguments = [argument.strip() for argument in counted["arguments"].split(",")]
            limits = [self.chain(argument, place, is_condition=False) for argument in arguments[:2]]
            yield f"{indent}{counted['head']}{', '.join(limits + arguments[2:])}):"
        elif body.startswith(UNTOUCHED):
            yield indent + body
        else:
            may_vanish = is_nested or not body.startswith("return")
            faults = statement_faults(body, self.siblings, may_vanish=may_vanish)
            word = "if"
            for fault in faults:
                yield f"{indent}{word} active_mutant == {self.number(place, body, fault)}:"
                yield f"{indent}    {fault}"
                word = "elif"
            yield f"{indent}else:\n{indent}    {body}" if faults else indent + body

    def chain(self, original: str, place: Place, *, is_condition: bool = True) -> str:
        """A condition, or a number, as a chain of conditional expressions over its faults."""
        # A truth value on every branch, or Cython finds no common type for `a & b` and `not a`.
        form = "(not not ({}))" if is_condition else "({})"
        text = form.format(original)
        for fault in condition_faults(original, self.siblings)[0 if is_condition else 1 :]:
            number = self.number(place, original, fault)
            text = f"({form.format(fault)} if active_mutant == {number} else {text})"
        return text

    def number(self, place: Place, original: str, faulty: str) -> int:
        """Note one more mutant."""
        file, line, function, tests = place
        number = len(self.mutants) + 1
        self.mutants.append(Mutant(number, file, line, function, original, faulty, tests))
        return number


def logical_lines(source: str) -> Iterator[tuple[int, str]]:
    """Each statement with the rows it spans, and each comment or blank row, with its number."""
    rows = source.splitlines()
    ends = {}
    start = None
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT}:
            continue
        start = token.start[0] if start is None else start
        if token.type == tokenize.NEWLINE:
            ends[start] = token.end[0]
            start = None
    row = 1
    while row <= len(rows):
        end = ends.get(row, row)
        yield row, without_comment("\n".join(rows[row - 1 : end]))
        row = end + 1


def without_comment(text: str) -> str:
    """A one-row statement without the comment at its end."""
    if "\n" in text or text.lstrip().startswith("#") or '"' in text:
        return text
    return text.split("  #")[0].rstrip()


def function_name(header: str) -> str:
    """The name in a function's header."""
    return header.split("(")[0].split()[-1].lstrip("*")


def enum_siblings(sources: Iterator[str]) -> dict[str, str]:
    """For each member of a named enum another: first and second stand for each other, and so on."""
    siblings = {}
    for source in sources:
        for block in ENUM.findall(source):
            members = [row.split("=")[0].strip() for row in block.splitlines()]
            pairs = zip(members[::2], members[1::2], strict=False)
            siblings |= {one: other for pair in pairs for one, other in (pair, pair[::-1])}
    return siblings
