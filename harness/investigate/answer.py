"""The answer to a question about a layer: the theory, what was observed, and the other ways to say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cases.case import Op, parse
from cases.layer import Sizes
from harness.frameworks import registry
from harness.frameworks.base import Spelling
from harness.investigate import observing
from harness.investigate.observing import Places, Seen
from harness.investigate.padding import Other, Theory, others, theory_of
from harness.investigate.question import Question, size_of


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question.

    Attributes
    ----------
    text : str
        What was asked.
    op : str
    sizes, shown : tuple of int
        Of the input: as asked, and at which it was looked at.
    chosen : bool
        Whether the sizes were chosen, since none were given.
    o : tuple of int
        The output's size at the sizes that were asked.
    theory : Theory
    seen : tuple of Seen
        What each route does with the layer as it is said; those that have no way to say it last.
    others : tuple of Other
        The other ways to say the padding with an output of the same size.
    seen_otherwise : tuple of Seen
        What each route does with these.
    observed : bool
        Whether any framework was run.
    failures : tuple of str
    """

    text: str
    op: Op
    sizes: Sizes
    shown: Sizes
    chosen: bool
    o: Sizes
    theory: Theory
    seen: tuple[Seen, ...]
    others: tuple[Other, ...]
    seen_otherwise: tuple[Seen, ...]
    observed: bool
    failures: tuple[str, ...]


def answer(question: Question, places: Places) -> Answer:
    """Ask the theory, and every place that there is.

    Parameters
    ----------
    question : Question
    places : sequence of (Place, sequence of Way)
        Where to observe; none where nothing is installed: then what routes would be told stands without an observation.
    """
    case = question.case
    other = others(question.layer, question.shown)
    different = [parse(one.theory.case_id) for one in other]
    if places:
        found, failures = observing.seen(places, case, [case, *different])
        cannot = observing.unsaid(places, case)
    else:
        found, failures, cannot = _unobserved(question, other), [], []
    mine = [one for one in found if one.case_id == case.id]
    return Answer(
        text=question.text,
        op=case.op,
        sizes=question.sizes,
        shown=question.shown,
        chosen=question.chosen,
        o=size_of(question.layer.at(question.sizes)),
        theory=theory_of(case),
        seen=(*mine, *cannot),
        others=tuple(other),
        seen_otherwise=tuple(one for one in found if one.case_id != case.id),
        observed=bool(places),
        failures=tuple(failures),
    )


def _unobserved(question: Question, other: Sequence[Other]) -> list[Seen]:
    """How each route would be told, from the adapters' own spelling; nothing was run."""
    case = question.case
    found: dict[tuple[str, str, str], Seen] = {}  # what is said alike on several backends stands once
    for name, reference in registry.adapters().items():
        kind = registry.load(reference)
        for route, what in kind.routes.items():
            for case_id in (case.id, *(one.theory.case_id for one in other)):
                said = kind.say(parse(case_id), route)
                if case.op not in what.ops:
                    continue
                call = said.call if isinstance(said, Spelling) else ""
                error = "not observed" if isinstance(said, Spelling) else said.reason
                if call or case_id == case.id:
                    row = Seen(name, "", route, "", call, case_id, "unsupported", error=error)
                    found.setdefault((route, call, case_id), row)
    return list(found.values())
