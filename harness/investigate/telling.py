"""An answer as text for a terminal: the theory first, then who does the same, who does not and why, and when."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Sequence

from cases.case import Op, parse
from cases.layer import Ends
from harness.diagnose.places import axis_name
from harness.investigate.answer import Answer
from harness.investigate.observing import Seen
from harness.investigate.padding import Other
from harness.investigate.question import by
from harness.report.text import clean

WIDTH = 80
AS_ASKED = "it does what was asked about, and was told otherwise"
_PADDING = (
    *("padding", "output_padding", "output_shape", "ceil_mode", "count_include_pad", "divisor", "transpose_kernel"),
    "use_consistent_padding",
)


def told(answer: Answer) -> str:
    """The whole answer."""
    return "\n".join([*_head(answer), *_theory(answer), *_observed(answer), *_others(answer), *_end(answer)]) + "\n"


def _head(answer: Answer) -> Iterator[str]:
    yield answer.text
    yield f"on an input of {by(answer.sizes)}{', chosen since none was given' if answer.chosen else ''}"
    if answer.shown != answer.sizes:
        yield from _wrapped(
            f"Looked at on {by(answer.shown)}, padded alike: the same modulo the stride, and no window meets both ends."
        )


def _theory(answer: Answer) -> Iterator[str]:
    theory = answer.theory
    yield ""
    yield f"By the arithmetic ({', '.join(theory.claims) or 'no claim speaks of it'}): o = {by(answer.o)}"
    yield f"  {applied(answer.op, theory.ends)}"
    for axis, matrix in theory.matrices:
        yield (
            f"  its operator along {axis}, a row for each output, the kernel being 1, 2 …"
            if _kernel(answer)
            else (f"  its operator along {axis}, a row for each output")
        )
        yield textwrap.indent(matrix, "    ")


def _observed(answer: Answer) -> Iterator[str]:
    yield ""
    yield "Said just so" if answer.observed else "Said just so (nothing was observed: no framework is installed here)"
    yield from _rows(answer, answer.seen)


def _others(answer: Answer) -> Iterator[str]:
    for other in answer.others:
        yield ""
        yield from _wrapped(other_way(answer, other))
        if other.sentence:
            yield from _wrapped(other.sentence, "  ")
        yield from _rows(answer, [one for one in answer.seen_otherwise if one.case_id == other.theory.case_id])
    if not answer.others:
        yield ""
        yield from _wrapped("No other way to say the padding leads to an output of this size.")


def other_way(answer: Answer, other: Other) -> str:
    """What another way to say the padding is, and when it is the same."""
    what = "the same size, another operator" if other.sentence else "the same operator"
    when = f" ({other.when} it is the same)"
    if other.when in ("at every size", "at no size"):
        when = ", at every size"
    return f"With {other.label}: {what}{when}. It {applied(answer.op, other.theory.ends)}."


def _rows(answer: Answer, rows: Sequence[Seen]) -> Iterator[str]:
    """What was computed as the arithmetic says, then what was not and why, then who cannot say it."""
    agreeing = [one for one in rows if one.status == "agrees"]
    unrun = [one for one in rows if one.error == "not observed"]
    unsaid = [one for one in rows if one.status == "unsupported" and one not in unrun]
    if agreeing:
        yield "  computed as the arithmetic says"
        yield from _aligned(agreeing)
    if unrun:
        yield "  said as"
        yield from _aligned(unrun)
    for one in rows:
        if one not in agreeing and one not in unsaid and one not in unrun:
            yield from _otherwise(answer, one)
    if unsaid:
        yield "  no way to say it"
        for reason in dict.fromkeys(one.error for one in unsaid):
            yield from _wrapped(clean(reason), "    ", "      ")


def _otherwise(answer: Answer, one: Seen) -> Iterator[str]:
    """A route that did not do as the arithmetic says of what it was told."""
    what = f"  {one.status.replace('_', ' ')} by {who(one)}:"
    if not one.o:
        yield from _wrapped(f"{what} {clean(one.error)}", "", "    ")
        return
    yield from _wrapped(f"{what} o = {by(one.o)}, {applied(answer.op, one.ends)}", "", "    ")
    yield from _wrapped(clean(one.sentence) or AS_ASKED, "    ")
    for title, matrix in zip(("by the arithmetic", "observed"), one.matrices, strict=False):
        yield f"    {title}"
        yield textwrap.indent(matrix, "      ")


def _aligned(rows: Sequence[Seen]) -> Iterator[str]:
    """A line for each route: who, and how the padding is said there."""
    told = dict.fromkeys((who(one), argument(one.call)) for one in rows)
    width = max(len(name) for name, _ in told)
    for name, said in told:
        yield from _wrapped(f"{name.ljust(width)}  {said}".rstrip(), "    ", " " * (width + 6))


def argument(call: str) -> str:
    """The arguments of a call that are about its padding."""
    parsed = ast.parse(call, mode="eval").body
    assert isinstance(parsed, ast.Call)
    return ", ".join(f"{one.arg}={ast.unparse(one.value)}" for one in parsed.keywords if one.arg in _PADDING)


def who(one: Seen) -> str:
    """The route, with what it ran on."""
    route = one.route.partition("(")[0]
    if not one.version:
        return route
    return f"{route} {one.version}" if route.startswith(one.framework) else f"{route}, {one.framework} {one.version}"


def _end(answer: Answer) -> Iterator[str]:
    for failure in answer.failures:
        yield ""
        yield from _wrapped(clean(failure))


def applied(op: Op, ends: Sequence[Ends]) -> str:
    """'pads (0, 1) along each axis', 'crops (2, 1) along H and (1, 0) along W'."""
    if not ends:
        return "no padding can be read off"
    verb = "crops" if op == "conv_transpose" else "pads"
    rank = len(ends)
    if len(set(ends)) == 1:
        where = " along each axis" if rank > 1 else ""
        return f"{verb} {_pair(ends[0])}{where}"
    return f"{verb} " + ", ".join(f"{_pair(end)} along {axis_name(axis, rank)}" for axis, end in enumerate(ends))


def _pair(ends: Ends) -> str:
    return f"({ends[0]}, {ends[1]})"


def _kernel(answer: Answer) -> bool:
    return not parse(answer.theory.case_id).pools


def _wrapped(text: str, indent: str = "", further: str | None = None) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if further is None else further,
        break_long_words=False,
        break_on_hyphens=False,
    )
