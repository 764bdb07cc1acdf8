"""What differs between the parameters that are claimed and those that were found, in the guide's terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations

from cases.case import Axis, Case
from cases.conventions import same, same_transposed
from harness.diagnose.geometry import Geometry, Sweep, claimed
from harness.diagnose.places import axis_name, by
from harness.diagnose.record import Cause, Kind
from harness.records import Probe

Ends = tuple[int, int]
Found = tuple[Kind, str]


def causes(case: Case, probe: Probe, found: Geometry) -> list[Cause]:
    """All that differs from what is claimed, each kind once."""
    theory = claimed(case)
    said: list[Cause] = []
    if not found.straight:
        said.append(Cause("axes_exchanged", _turned(found)))
    exchanged = _exchanged(case, theory.axes, found.axes) if found.straight else ""
    if exchanged:
        said.append(Cause("axes_exchanged", f"{exchanged} exchanged between the axes: {_letters(exchanged, found)}"))
    for letter, kind, ignored in (("s", "stride", "strides"), ("d", "dilation", "dilation")):
        mine, theirs = ([getattr(sweep, letter) for sweep in axes] for axes in (found.axes, theory.axes))
        if mine != theirs and letter not in exchanged:
            text = f"{letter} = {by(mine)} where {letter} = {by(theirs)} is claimed"
            said.append(Cause(kind, f"{ignored} ignored: {text}" if set(mine) == {1} else text))  # type: ignore[arg-type]
    if "p" in exchanged:
        return said
    return said + _grouped(case, lambda axis: _ends(case, probe, axis, theory.axes[axis], found.axes[axis]))


def _turned(found: Geometry) -> str:
    rank = len(found.order)
    pairs = [f"{axis_name(axis, rank)} along {axis_name(own, rank)}" for axis, own in enumerate(found.order)]
    return f"the axes are exchanged: windows step {', '.join(pairs)} of the input"


def _letters(letters: str, found: Geometry) -> str:
    return ", ".join(
        f"{letter} = {by([getattr(sweep, letter) for sweep in found.axes])}" for letter in letters.split(" and ")
    )


def _exchanged(case: Case, theory: Sequence[Sweep], found: Sequence[Sweep]) -> str:
    """Letters whose values stand at other axes: 's', 'd and p' …; all by one and the same exchange."""
    for order in permutations(range(len(theory))):
        letters = []
        for letter in "sdp":
            theirs = [getattr(sweep, letter) for sweep in theory]
            mine = [getattr(sweep, letter) for sweep in found]
            if mine != theirs and mine == [theirs[own] for own in order]:
                letters.append(letter)
        if "p" in letters and not case.transposed:
            ends = [(case.axes[own].p_before, case.axes[own].p_after) for own in order]
            if any(sweep.after(*end) != end[1] for sweep, end in zip(found, ends, strict=True)):
                letters.remove("p")
        if letters:
            return " and ".join(letters)
    return ""


def _grouped(case: Case, tell: Callable[[int], Found | None]) -> list[Cause]:
    """What is to be told of each axis, by kind: once, where it is the same of all."""
    kinds: dict[Kind, dict[str, list[int]]] = {}
    for axis in range(case.rank):
        found = tell(axis)
        if found is not None:
            kinds.setdefault(found[0], {}).setdefault(found[1], []).append(axis)
    said = []
    for kind, texts in kinds.items():
        words = []
        for text, axes in texts.items():
            where = " and ".join(axis_name(axis, case.rank) for axis in axes)
            words.append(text if len(axes) == case.rank else f"along {where} {text}")
        said.append(Cause(kind, "; ".join(words)))
    return said


def _ends(case: Case, probe: Probe, axis: int, theory: Sweep, found: Sweep) -> Found | None:
    """What differs at the ends of one axis."""
    if case.transposed:
        return _cropped(case.axes[axis], case.padding, probe, theory, found)
    said = case.axes[axis]
    counted = _counted(case, said, theory, found)
    if counted is not None:
        return counted
    wanted = (said.p_before, said.p_after)
    ends = (found.p, found.after(*wanted))
    if case.ceil_mode and found.o == theory.o and found.p == theory.p and found.s == theory.s:
        ends = wanted  # the last window may overhang
    if ends == wanted:
        return None
    name, ends = next(_fitting(said, found, case.padding), ("", ends))
    text = f"pads ({ends[0]}, {ends[1]}){name and f', as {name} does'}; {_says(case.padding, wanted)}"
    return "padding", text + _shifted(theory, found, "input")


def _counted(case: Case, said: Axis, theory: Sweep, found: Sweep) -> Found | None:
    """Whether there is only another number of windows, and why."""
    if found.o == theory.o or (found.s, found.d, found.p) != (theory.s, theory.d, theory.p):
        return None
    total = said.i + said.p_before + said.p_after - said.k_hat
    if case.ceil_mode and found.o == total // said.s + 1:
        return "rounded_down", f"rounded down: o = {found.o} where ceil mode says {theory.o}"
    if not case.ceil_mode and found.o == -(-total // said.s) + 1:
        return "rounded_up", f"rounded up: o = {found.o} where ⌊{total}/{said.s}⌋ + 1 = {theory.o}"
    if found.o < theory.o:
        missing = theory.o - found.o
        last = "window is" if missing == 1 else f"{missing} windows are"
        return "missing_outputs", f"the last {last} missing: o = {found.o} where o = {theory.o} is claimed"
    if found.s * theory.o - found.p >= found.i:
        return "extra_outputs", f"o = {found.o} where o = {theory.o} is claimed: what is more sees no input, and is 0"
    return None


def _cropped(said: Axis, padding: str, probe: Probe, theory: Sweep, found: Sweep) -> Found | None:
    """Of a transposed convolution, at whose ends p units are cropped; of its direct convolution, which is padded."""
    if probe == "direct":
        ends, wanted = ((x.k_hat - 1 - x.p, x.k_hat - 1 + x.rest) for x in (found, theory))
        if ends == wanted:
            return None
        return "padding", f"pads the stretched input ({ends[0]}, {ends[1]}); p' says ({wanted[0]}, {wanted[1]})" + (
            _shifted(theory, found, "output")
        )
    ends, wanted = (found.p, -found.rest), (theory.p, -theory.rest)
    if ends == wanted:
        return None
    if said.a and found.i == theory.i and ends == (theory.p - said.a, said.p_after):
        return "output_padding", f"output padding at the top: a = {said.a} stands before the output, not after it"
    if found.p == theory.p and (found.s, found.d) == (theory.s, theory.d):
        if said.a and found.i == theory.i - said.a:
            return "output_padding", f"output padding ignored: o = {found.i} where a = {said.a} says {theory.i}"
        if found.i > theory.i and theory.rest >= 0:
            return "extra_outputs", f"o = {found.i} where o = {theory.i} is claimed: no tap reaches what is more"
        if found.i < theory.i:
            return "missing_outputs", f"the last outputs are missing: o = {found.i} where o = {theory.i} is claimed"
    text = f"crops ({ends[0]}, {ends[1]}){_named_transposed(said, found)}; "
    text += _says(padding, wanted, f"p = {said.p_before}" if said.p_before == said.p_after else "p", said.a)
    return "padding", text + _shifted(theory, found, "output")


def _says(padding: str, wanted: Ends, p: str | None = None, a: int = 0) -> str:
    """What the case says of the padding: 'p = 1 says (1, 1)'."""
    ends = f"({wanted[0]}, {wanted[1]})"
    if padding != "explicit":
        return f"'{padding}' says {ends}"
    if p is None:
        p = f"p = {wanted[0]}" if wanted[0] == wanted[1] else "p"
    return f"{p} and a = {a} say {ends}" if a else f"{p} says {ends}"


def _shifted(theory: Sweep, found: Sweep, unit: str) -> str:
    """Where the taps are for that: ': every tap sits one input later'."""
    shift = theory.p - found.p
    if not shift or (theory.s, theory.d) != (found.s, found.d):
        return ""
    many = "one" if abs(shift) == 1 else str(abs(shift))
    return f": every tap sits {many} {unit}{'' if abs(shift) == 1 else 's'} {'later' if shift > 0 else 'earlier'}"


def _fitting(said: Axis, found: Sweep, padding: str) -> Iterator[tuple[str, Ends]]:
    """Names of paddings that lead to what was found, with the numbers that they mean."""
    for name, ends in _names(said, found):
        if name.lower() != padding and (found.p, found.after(*ends)) == ends:
            yield name, ends


def _names(said: Axis, found: Sweep) -> Iterator[tuple[str, Ends]]:
    yield "VALID", (0, 0)
    before, after = same(said.i, found.k_hat, found.s)
    yield "SAME", (before, after)
    yield "SAME_LOWER", (after, before)
    before, after = same(said.i, said.k, found.s)
    yield "SAME of the kernel without its dilation", (before, after)
    yield "causal padding", (found.k_hat - 1, 0)


def _named_transposed(said: Axis, found: Sweep) -> str:
    if found.i < 1:
        return ""
    before, after, a = same_transposed(said.i, found.k_hat, found.s, found.i)
    return ", as SAME does" if (found.p, -found.rest) == (before, after - a) else ""
