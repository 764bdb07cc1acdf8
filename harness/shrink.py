"""From a case that shows something to a small one that still does: a search that asks in batches.

What is to be shown is the caller's affair. The search proposes simpler cases, some dozens at once, is told which of
them show it too, and goes on from the simplest. It ends where no simplification of one thing, or a step in two, does.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from cases.case import PADDINGS, Axis, Case, Dtype, Layout, Padding
from cases.claims import claims
from cases.conventions import numbers
from cases.feasible import letters

ATTEMPTS = 500  # cases that are tried for one at most; mostly some dozens are

Shows = Callable[[list[Case]], list[bool]]
_Move = Callable[[Case], Case | None]  # what it makes of a case; None where there is no such case
_Search = Generator[list[Case], list[bool] | None, "Shrunk"]

_DTYPES: tuple[Dtype, ...] = ("float32", "float64", "float16", "bfloat16", "int32", "int8")
_LAYOUTS: tuple[Layout, ...] = ("default", "channels_first", "channels_last")
_ODD = 1000  # what it costs that there is no input, no feature map, nothing in the batch: 1 is simpler
_MANY = 10  # values below one that are tried one by one


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What a search came to.

    Attributes
    ----------
    case : Case
        The simplest that shows it.
    tried : int
        How many were tried.
    finished : bool
        Whether nothing was left to try; if not, the attempts ran out.
    """

    case: Case
    tried: int
    finished: bool


def shrink(case: Case, shows: Shows, attempts: int = ATTEMPTS) -> Shrunk:
    """Search from one case.

    Parameters
    ----------
    case : Case
        It shows what is looked for.
    shows : callable
        Which of some cases show it too.
    attempts : int, optional
        How many cases to try at most.
    """
    return shrink_together([case], lambda asked: shows([one for _, one in asked]), [attempts])[0]


def shrink_together(
    cases: Sequence[Case], shows: Callable[[list[tuple[int, Case]]], list[bool]], attempts: Sequence[int]
) -> list[Shrunk]:
    """Search from several cases side by side, so that a round of all of them is one batch.

    Parameters
    ----------
    cases : sequence of Case
    shows : callable
        For pairs of a search's number and a case: whether the case shows what that search looks for.
    attempts : sequence of int
        For each search.
    """
    searches = {number: _search(case, attempts[number]) for number, case in enumerate(cases)}
    answers: dict[int, list[bool] | None] = dict.fromkeys(searches)
    found: dict[int, Shrunk] = {}
    while answers:
        asked: dict[int, list[Case]] = {}
        for number, answer in answers.items():
            try:
                asked[number] = searches[number].send(answer)
            except StopIteration as end:
                found[number] = end.value
        told = iter(shows([(number, case) for number, several in asked.items() for case in several]) if asked else ())
        answers = {number: list(itertools.islice(told, len(several))) for number, several in asked.items()}
    return [found[number] for number in range(len(cases))]


def weight(case: Case) -> tuple[Any, ...]:
    """Orders cases by how simple they are: few axes, numbers instead of names, a plain layer, then small letters.

    Of the letters the input's size comes last: it is what the others leave it.
    """
    layer = (
        sum(each - 1 if each else _ODD for each in (case.channels_in, case.channels_out))
        + case.groups
        + (0 if case.batch is None else case.batch or _ODD)
        + case.bias
        + case.ceil_mode
        + (not case.count_include_pad)
        + (case.divisor or 0)
        + _DTYPES.index(case.dtype)
        + _LAYOUTS.index(case.layout)
    )
    told = [_told(case, axis) for axis in case.axes]
    ends = sum(x.p_before + x.p_after + 2 * (x.p_before != x.p_after) for x in told if case.padding == "explicit")
    others = [sum(getattr(axis, letter) for axis in told) for letter in "dask"]
    sizes = sum(axis.i or _ODD for axis in told)
    return case.rank, PADDINGS.index(case.padding), layer, ends, *others, sizes, case.id


def _search(case: Case, attempts: int) -> _Search:
    known = {case: True}

    def look(made: Iterable[Case | None]) -> Generator[list[Case], list[bool] | None, None]:
        new = {one for one in made if one is not None and one not in known and weight(one) < weight(case)}
        asked = sorted(new, key=weight)[: attempts + 1 - len(known)]
        if asked:
            answers = yield asked
            assert answers is not None, "an answer is sent for every question"
            known.update(zip(asked, answers, strict=True))

    stages = (_leaps, _steps, _pairs)
    stage = 0
    while stage < len(stages) and len(known) <= attempts:
        sorts = [[(move, move(case)) for move in moves] for moves in stages[stage](case)]
        yield from look(made for sort in sorts for _, made in sort)
        good = [
            [(move, made) for move, made in sort if made and known.get(made) and weight(made) < weight(case)]
            for sort in sorts
        ]
        if not any(good):
            stage += 1
            continue
        # What helps alone often helps together: the first of each sort, one more after the other.
        together = [case]
        for move, _ in (sort[0] for sort in good if sort):
            together.append(move(together[-1]) or together[-1])
        yield from look(together)
        alone = [made for sort in good for _, made in sort]
        case = min((one for one in [*alone, *together] if known.get(one)), key=weight)
        stage = 0
    return Shrunk(case, len(known) - 1, stage == len(stages) and len(known) <= attempts)


# Stages: moves in sorts, those of a sort changing the same thing, the boldest first.


def _leaps(case: Case) -> Iterator[Sequence[_Move]]:
    """The boldest, but for the input's size: that is small only when it is known what has to fit in."""
    yield from (moves[:1] for moves in (*_layer_moves(case), *_letter_moves(case), *_axis_moves(case)))


def _steps(case: Case) -> Iterator[Sequence[_Move]]:
    """All simplifications of one thing."""
    yield from (*_layer_moves(case), *_letter_moves(case), *_size_moves(case), *_axis_moves(case))


def _pairs(case: Case) -> Iterator[Sequence[_Move]]:
    """The mildest simplifications of two things at once."""
    mildest = [moves[-1] for moves in _steps(case) if moves]
    yield [partial(_both, first=first, second=second) for first, second in itertools.combinations(mildest, 2)]


def _letter_moves(case: Case) -> Iterator[Sequence[_Move]]:
    for place, axis in enumerate(case.axes if case.padding == "explicit" else ()):
        p, q = axis.p_before, axis.p_after
        ends = [(0, 0), (min(p, q),) * 2, (p // 2, q // 2), (0, q), (p, 0), (p - 1, q - 1), (p - 1, q), (p, q - 1)]
        fewer = [{"p_before": before, "p_after": after} for before, after in ends if before >= 0 and after >= 0]
        # Where the window does not fit any more, input may take the place of the padding.
        fewer.insert(1, {"p_before": 0, "p_after": 0, "i": axis.i + p + q})
        yield [partial(_with_letters, place=place, values=values) for values in fewer]
    for letter, (place, axis) in itertools.product("dask", enumerate(case.axes)):
        below = _below(getattr(_told(case, axis), letter), 0 if letter == "a" else 1)
        yield [partial(_with_letters, place=place, values={letter: value}) for value in below]


def _size_moves(case: Case) -> Iterator[Sequence[_Move]]:
    for place, axis in enumerate(case.axes):
        below = _below(axis.i, 1) if axis.i else [1]
        yield [partial(_with_letters, place=place, values={"i": value}) for value in below]


def _axis_moves(case: Case) -> Iterator[Sequence[_Move]]:
    # From the end, and after all others, so that the places of other moves stay right.
    yield from ([partial(_without_axis, place=place)] for place in reversed(range(case.rank)))


def _layer_moves(case: Case) -> Iterator[Sequence[_Move]]:
    yield [partial(_with_padding, padding=padding) for padding in PADDINGS[: PADDINGS.index(case.padding)]]
    maps = {name: getattr(case, name) // case.groups for name in ("channels_in", "channels_out")}
    fewer = [number for number in range(1, case.groups) if case.groups % number == 0]
    yield [_with_fields(groups=number) for number in fewer]
    yield [_with_fields(groups=number, **{name: each * number for name, each in maps.items()}) for number in fewer]
    for names in (tuple(maps),) if case.pools else ((name,) for name in maps):
        each = maps[names[0]]
        yield [_with_fields(**dict.fromkeys(names, n * case.groups)) for n in (_below(each, 1) if each else [1])]
    batches = [] if case.batch is None else [None, *(_below(case.batch, 1) if case.batch else [1])]
    yield [_with_fields(batch=batch) for batch in batches]
    yield [_with_fields(divisor=divisor) for divisor in ([None, *_below(case.divisor, 1)] if case.divisor else [])]
    for name, plain in (("bias", False), ("ceil_mode", False), ("count_include_pad", True)):
        yield [_with_fields(**{name: plain})] if getattr(case, name) != plain else []
    yield [_with_fields(dtype=dtype) for dtype in _DTYPES[: _DTYPES.index(case.dtype)]]
    yield [_with_fields(layout=layout) for layout in _LAYOUTS[: _LAYOUTS.index(case.layout)]]


def _below(value: int, least: int) -> list[int]:
    """Numbers below one: all, or of many the ends and some between."""
    if value - least <= _MANY:
        return list(range(least, value))
    return sorted({least, least + 1, least + 2, value // 4, value // 2, 3 * value // 4, value - 2, value - 1})


def _told(case: Case, axis: Axis) -> Axis:
    """An axis with a as a grid file says it; p says nothing where a name does."""
    return replace(axis, a=int(letters(case, axis).get("a", 0)))


def _with_fields(**fields: Any) -> _Move:
    return lambda case: _with(case, **fields)


def _with_letters(case: Case, place: int, values: dict[str, int]) -> Case | None:
    told = [_told(case, axis) for axis in case.axes]
    told[place] = replace(told[place], **values)
    return _built(case, told)


def _without_axis(case: Case, place: int) -> Case | None:
    return _with(case, axes=case.axes[:place] + case.axes[place + 1 :])


def _with_padding(case: Case, padding: Padding) -> Case | None:
    """Another spelling of the padding: of the same numbers where it is numbers, else as the name says."""
    if padding == "explicit":
        return _with(case, padding=padding)
    return _built(replace(case, padding=padding), [_told(case, axis) for axis in case.axes])


def _both(case: Case, first: _Move, second: _Move) -> Case | None:
    between = first(case)
    return None if between is None else second(between)


def _built(case: Case, told: Iterable[Axis]) -> Case | None:
    """A case with other axes, what does not go with them being reduced: a by s, in ceil mode p by the window."""
    axes = []
    for axis in told:
        most = axis.k_hat // 2 if case.ceil_mode else max(axis.p_before, axis.p_after)
        rest = min(axis.a, (max(axis.s, axis.d) if case.padding == "explicit" else axis.s) - 1)
        fitting = replace(axis, a=rest, p_before=min(axis.p_before, most), p_after=min(axis.p_after, most))
        said = fitting if case.padding == "explicit" else numbers(case.op, case.padding, fitting)
        if said is None:
            return None
        axes.append(said)
    return _with(case, axes=tuple(axes))


def _with(case: Case, **fields: Any) -> Case | None:
    """A case with other fields, if there is one and something is claimed of it."""
    try:
        made = replace(case, **fields)
    except ValueError:
        return None
    return made if claims(made) else None
