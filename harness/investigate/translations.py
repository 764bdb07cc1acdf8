"""All layers of a grid, from every framework to every other: which way each is said there, and a sample of proofs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cases.case import Case
from cases.layer import Layer
from harness.frameworks import registry
from harness.frameworks.written import Read
from harness.investigate.proof import Proof, Watcher, few, proved_all, telling, unwatched
from harness.investigate.question import layer_of, size_of
from harness.investigate.translation import NoWayError, Translation, candidates, said_in

LIMIT = 10_000_000  # entries of a layer's operators, all sizes together, beyond which it is not proved


@dataclass(frozen=True, slots=True)
class Told:
    """A layer from one framework in another.

    Attributes
    ----------
    read : Read
    how : str
        'arguments', 'padding' or 'slice'; empty where there is no way.
    reason : str
        Why arguments cannot say it, or why there is no way.
    """

    read: Read
    how: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pair:
    """All layers that one framework says, in another.

    Attributes
    ----------
    source, target : str
    told : tuple of Told
        In the grid's order.
    """

    source: str
    target: str
    told: tuple[Told, ...]

    def count(self, *ways: str) -> int:
        """How many are said in one of some ways."""
        return sum(one.how in ways for one in self.told)


def layers(cases: Iterable[Case]) -> list[Layer]:
    """The layers of cases, each once: the size of the input, the batch, element type and layout are not the layer's."""
    found = (replace(layer_of(case), layout="default", dtype="float32") for case in cases)
    return list(dict.fromkeys(found))


def pairs(wanted: Sequence[Layer]) -> list[Pair]:
    """From every framework to every other, itself included."""
    found = []
    for source, adapter in registry.packages().items():
        reads = [read for layer in wanted if (read := said_in(adapter, layer)) is not None]
        found += [Pair(source, to, tuple(_told(read, to) for read in reads)) for to in registry.packages()]
    return found


def _told(read: Read, to: str) -> Told:
    try:
        first = candidates(read, to)[0]
    except NoWayError as error:
        return Told(read, "", error.reason)
    return Told(read, first.target.how, first.reason)


@lru_cache(maxsize=1 << 14)
def entries(layer: Layer) -> int:
    """How many entries the operators have that its proof compares."""
    small = few(layer)
    each = (small.at(sizes) for sizes in telling(small, None))
    maps = small.channels_in * small.channels_out
    return sum(maps * math.prod(case.each("i")) * math.prod(size_of(case)) for case in each)


@dataclass(frozen=True, slots=True)
class Proved:
    """What came of proving a sample of a pair.

    Attributes
    ----------
    source, target : str
    came : tuple of (Translation, Proof)
    """

    source: str
    target: str
    came: tuple[tuple[Translation, Proof], ...]

    def count(self, *statuses: str) -> int:
        """How many came to one of some statuses; 'no source' are those that the source refuses when it is run."""
        return sum(_status(proof) in statuses for _, proof in self.came)


def _status(proof: Proof) -> str:
    return "no source" if proof.of_source else proof.status


def sample(pair: Pair, most: int | None, limit: int = LIMIT) -> list[Told]:
    """What is proved of a pair: of the source's layers that are not too large every n-th, where it has a way.

    Parameters
    ----------
    most : int or None
        So many of the source's layers at most, evenly spread over the grid's order; None for all.
    limit : int
        Entries that a layer's operators may have.
    """
    fit = [one for one in pair.told if entries(one.read.layer) <= limit]
    step = 1 if most is None else max(1, math.ceil(len(fit) / most))
    return [one for one in fit[::step] if one.how]


@dataclass(frozen=True, slots=True)
class Proofs:
    """What was proved of all pairs.

    Attributes
    ----------
    most : int or None
    limit : int
        As :func:`sample` has them.
    proved : tuple of Proved
        One for each pair.
    """

    most: int | None
    limit: int
    proved: tuple[Proved, ...]


def prove(some: Sequence[Pair], most: int | None, limit: int = LIMIT, watcher: Watcher = unwatched) -> Proofs:
    """Prove a sample of every pair, all together: every framework is started once for the sources, and once a try."""
    asked = [(pair, one.read) for pair in some for one in sample(pair, most, limit)]
    came = proved_all([(read, pair.target) for pair, read in asked], watcher=watcher)
    of: dict[tuple[str, str], list[tuple[Translation, Proof]]] = {(pair.source, pair.target): [] for pair in some}
    for (pair, _), one in zip(asked, came, strict=True):
        of[pair.source, pair.target].append(one)
    return Proofs(most, limit, tuple(Proved(*names, tuple(found)) for names, found in of.items()))
