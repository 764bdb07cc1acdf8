"""docs/translation.md: how many layers of a grid each framework says of another's, and what of it was proved."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from harness.investigate.translations import LIMIT, Pair, Proofs, entries
from harness.report.text import one_line

PROVED = "\n## Proved\n"

_HEAD = """# From every framework to every other, counted

`convarith translate` says a layer in another framework's code. Here it is asked for every layer of the grid `{grid}`
that a framework can say, in all five. A layer is what one writes: {layers} are left of the grid's cases, since the size
of the input, the batch and the element type are not the layer's.

- **by arguments**: the other framework's own arguments say it, at every size;
- **beside the call**: the input is padded before, or a part of the output is taken, which is in the code;
- **no way**: the layer without its padding cannot be said there either.

Counted is the first way that is tried. One that the framework refuses when it is run is followed by the next.
This page is made by `{command}`.

"""


def page(grid: str, layers: int, pairs: Sequence[Pair], proofs: Proofs | None = None) -> str:
    """The page.

    Parameters
    ----------
    grid : str
        The grid's name.
    layers : int
        How many it has.
    pairs : sequence of Pair
    proofs : Proofs, optional
        Of these pairs; without it nothing is said of proofs.
    """
    how = "" if proofs is None else f" --prove {'all' if proofs.most is None else proofs.most}"
    if proofs is not None and proofs.limit != LIMIT:
        how += f" --entries {proofs.limit}"
    told = _HEAD.format(grid=grid, layers=_number(layers), command=f"convarith translations --grid {grid}{how}")
    return "".join([told, *_counts(pairs), *_reasons(pairs), *([] if proofs is None else _proofs(pairs, proofs))])


def _counts(pairs: Sequence[Pair]) -> Iterator[str]:
    targets = list(dict.fromkeys(pair.target for pair in pairs))
    yield "By arguments, beside the call, no way:\n\n"
    yield f"| from, of so many layers | {' | '.join(f'to {name}' for name in targets)} |\n"
    yield "|---|" + "---|" * len(targets) + "\n"
    for source in dict.fromkeys(pair.source for pair in pairs):
        mine = [pair for pair in pairs if pair.source == source]
        cells = [f"{pair.count('arguments')}, {pair.count('padding', 'slice')}, {pair.count('')}" for pair in mine]
        yield f"| {source}, {_number(len(mine[0].told))} | {' | '.join(cells)} |\n"


def _reasons(pairs: Sequence[Pair]) -> Iterator[str]:
    yield "\n## Why there is no way\n\n| to | why | layers |\n|---|---|---|\n"
    yield from _told(pairs, nothing=True)
    yield "\n## Why it stands beside the call\n\n| to | why arguments cannot say it | layers |\n|---|---|---|\n"
    yield from _told(pairs, nothing=False)


def _told(pairs: Sequence[Pair], *, nothing: bool) -> Iterator[str]:
    """A row for each target and reason, the commonest first, with how many layers of all the others it holds for."""
    found: dict[str, Counter[str]] = {}
    for pair in pairs:
        for one in pair.told:
            if (not one.how) == nothing and one.how != "arguments":
                found.setdefault(pair.target, Counter())[_any_rank(one.reason)] += 1
    for target, reasons in found.items():
        for reason, number in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
            yield f"| {target} | {reason} | {number} |\n"


def _any_rank(reason: str) -> str:
    """A reason without the number of axes in the functions' names: Conv2D and Conv3D have it in common."""
    return re.sub(r"(?<=[A-Za-z])[123](?=[dD](?:Transpose|_transpose)?\b)", "N", reason)


def _proofs(pairs: Sequence[Pair], proofs: Proofs) -> Iterator[str]:
    most, limit = proofs.most, proofs.limit
    large = sum(entries(one.read.layer) > limit for pair in pairs if pair.source == pair.target for one in pair.told)
    number = sum(len(one.came) for one in proofs.proved)
    failed = sum(proof.failed for one in proofs.proved for _, proof in one.came)
    rule = "every layer" if most is None else f"of each framework's layers {most} at most, evenly spread over the grid,"
    yield PROVED
    yield _paragraph(
        f"Tried: {rule} in all five. Both sides were run on all impulses, at every combination of the size modulo "
        "the strides, and their operators compared entry by entry with each other and with the theory's. Left out are "
        f"layers whose operators have more than {_number(limit)} entries together, {_number(large)} of those that the "
        "frameworks say, and what has no way."
    )
    yield _paragraph(f"**{_number(number)} translations were tried, {failed} failed.**")
    yield _paragraph(
        "*By a later way* are those that the framework refused in the first way when it was run. *Refused as written* "
        "are those that their own framework refuses when they are run, so that there is nothing to compare with; "
        "*refused there* those of which the other framework refuses every way: `convarith translate` then says so, and "
        "prints no code."
    )
    heads = ("from", "to", "tried", "proved", "by a later way", "refused as written", "refused there", "not installed")
    yield f"\n| {' | '.join(heads)} | failed |\n" + "|---" * 9 + "|\n"
    refused: Counter[tuple[str, str]] = Counter()
    for one in proofs.proved:
        later = sum(proof.later and proof.status == "proved" for _, proof in one.came)
        numbers = [len(one.came), one.count("proved"), later, one.count("no source"), one.count("refused")]
        numbers += [one.count("unproved"), one.count("different")]
        yield f"| {one.source} | {one.target} | {' | '.join(map(str, numbers))} |\n"
        for _, proof in one.came:
            if proof.status == "refused":
                refused[one.source if proof.of_source else one.target, _any_rank(_cell(proof.why))] += 1
    if refused:
        yield "\n| who refuses | in its words | times |\n|---|---|---|\n"
        for (who, why), times in sorted(refused.items()):
            yield f"| {who} | {why} | {times} |\n"


def _paragraph(text: str) -> str:
    return "\n" + textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False) + "\n"


def _cell(text: str) -> str:
    """What a framework says, as text of a cell: nothing in it is Markdown."""
    text = re.sub(r"\{\{.*?\}\} ?", "", text.partition("it is written: ")[2] or text)  # where on the machine it was
    told = one_line(re.sub(r"\[\d[\d, ]*\]", "[…]", text), 240)
    return re.sub(r"([\\`*_|<>\[\]{}])", r"\\\1", told)


def _number(value: int) -> str:
    return f"{value:,}".replace(",", " ")
