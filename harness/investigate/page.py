"""An answer as one HTML page that needs nothing else: no network, no script, no font."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

from harness.diagnose.places import axis_name
from harness.investigate.answer import Answer
from harness.investigate.drawn import NOT_OBSERVED, drawn, ends_seen, not_observed
from harness.investigate.observing import Seen
from harness.investigate.question import by
from harness.investigate.telling import AS_ASKED, applied, other_way, who
from harness.report.document import policy, stylesheet, template
from harness.report.text import clean, one_line


def page(answer: Answer) -> str:
    """The answer as a page.

    Parameters
    ----------
    answer : Answer

    Returns
    -------
    str
        A document that asks nobody for anything: its policy allows the one style sheet in it, by its digest, and the
        picture, which is in it too.
    """
    rank = len(answer.theory.ends)
    style = stylesheet("base.css", "explain.css")
    ways: list[tuple[str, str, Sequence[Seen]]] = [("Said just so", "", answer.seen)]
    ways += [
        (
            other_way(answer, other),
            other.sentence,
            [one for one in answer.seen_otherwise if one.case_id == other.theory.case_id],
        )
        for other in answer.others
    ]
    filters: dict[str, Callable[..., object]] = {"clean": clean, "by": by}
    functions = {"who": who, "ends": ends_seen, "not_observed": not_observed, "outcome": _outcome}
    return template("harness.investigate", "explain.html.j2", filters, functions).render(
        answer=answer,
        style=style,
        policy=policy(style, pictures=True),
        picture=base64.b64encode(drawn(answer).encode()).decode(),
        axes=[axis_name(axis, rank) for axis in range(rank)],
        ends_are="cropped" if answer.op == "conv_transpose" else "padded",
        applied=applied(answer.op, answer.theory.ends),
        kernel=answer.op in ("conv", "conv_transpose"),
        ways=ways,
        differing=[one for _, _, rows in ways for one in rows if one.matrices],
    )


def _outcome(one: Seen) -> tuple[str, str]:
    """How a route's row looks, and what it says: good, bad, warn or none."""
    if not_observed(one):
        return "none", NOT_OBSERVED
    if one.status == "agrees":
        return "good", "as the arithmetic says" if one.same else f"as the arithmetic says; {one_line(one.sentence)}"
    if one.status == "unsupported":
        return "none", f"no way to say it: {one_line(one.error)}"
    return "bad", f"{one.status.replace('_', ' ')}: {one_line(one.error or one.sentence) or AS_ASKED}"
