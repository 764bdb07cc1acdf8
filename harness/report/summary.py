"""What a run comes to: the verdict on it, the groups of what is unexpected, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from harness.records import Probe, Status, Surface, Verdict
from harness.report.model import Report, case_order
from harness.report.shell import command
from harness.report.text import count, one_line

Outcome = Literal["as expected", "unexpected", "incomplete", "nothing"]

# Without newlines it would not fit a terminal; a shell and SQL both take them there.
QUERY = "SELECT * FROM verdicts\nWHERE status NOT IN ('agrees', 'unsupported')\nAND known IS NULL"

READING = "12 of 34: so many are not as expected, of those that the surface can say; –: it can say none."
COUNTING = (
    "A verdict counts in every relationship that speaks of its case, so rows overlap and do not add up to the total."
)

MEANING: Mapping[Status, str] = {
    "agrees": "as the theory says",
    "known": "deviates, as the known deviations say",
    "wrong_shape": "the shape differs",
    "wrong_operator": "the shape is right, the operator or the adjoint differs",
    "wrong_numerics": "the operator is right, a dense input differs by more than rounding",
    "rejected": "a defined case was refused with an error",
    "accepted": "what is outside the domain was computed as if it were defined",
    "unstable": "two observations of the same case differ",
    "unsupported": "the route has no way to say the case",
    "crashed": "the process died",
    "timed_out": "the process overran its time",
    "harness_error": "our own fault, not the framework's",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """The verdict on a whole run.

    Attributes
    ----------
    outcome : {'as expected', 'unexpected', 'incomplete', 'nothing'}
        A run in which an environment failed is not complete, whatever it says of itself. 'nothing' is a run without
        any verdict: it shows nothing, and is no success.
    text : str
        The same in one line.
    """

    outcome: Outcome
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Unexpected verdicts of one kind.

    Attributes
    ----------
    surface : Surface
    aspect, status : str
    verdicts : tuple of Verdict
        At least one, small cases first.
    """

    surface: Surface
    aspect: Probe
    status: Status
    verdicts: tuple[Verdict, ...]

    @property
    def smallest(self) -> Verdict:
        """The verdict on the smallest case: the one to look at first."""
        return self.verdicts[0]


def headline(report: Report) -> Headline:
    """The verdict on a whole run."""
    counts, total = report.judged.counts, report.judged.total
    different = report.judged.different
    told = f"{different} unexpected of {count(total, 'verdict')}"
    if stale := report.settled.stale:
        told += f", {count(stale, 'known deviation')} not as listed"
    if ours := counts["harness_error"]:
        told += f", {ours} of them the harness's own fault"
    broken = sum(environment.failure is not None for environment in report.environments)
    if broken or not report.complete:
        why = [] if report.complete else ["the run did not finish"]
        why += [f"{count(broken, 'environment')} failed"] if broken else []
        return Headline("incomplete", f"INCOMPLETE: {' and '.join(why)}; {told}")
    if not total:
        return Headline("nothing", "Nothing was judged: there is no verdict")
    if different or report.settled.findings:
        return Headline("unexpected", told)
    agree, cannot = counts["agrees"], counts["unsupported"]
    known = f", {counts['known']} deviate as known" if counts["known"] else ""
    return Headline(
        "as expected",
        f"As expected: {count(total, 'verdict')}, {agree} agree{known}" + (f", {cannot} unsupported" if cannot else ""),
    )


def groups(verdicts: Iterable[Verdict]) -> tuple[Group, ...]:
    """Verdicts by surface, aspect and status: large groups first, else in the order in which they first occur."""
    found: dict[tuple[Surface, Probe, Status], list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault((verdict.surface, verdict.aspect, verdict.status), []).append(verdict)
    made = (Group(*key, tuple(sorted(held, key=case_order))) for key, held in found.items())
    return tuple(sorted(made, key=lambda group: -len(group.verdicts)))


def reasons(report: Report) -> dict[Surface, Counter[str]]:
    """Why each surface has no way to say some cases: its distinct reasons, with how many verdicts each has."""
    causes = report.judged.causes
    return {surface: causes[surface] for surface in sorted(causes)}


def rerun(verdict: Verdict) -> str:
    """The command that observes a case again, for a shell."""
    return command(again(verdict))


def again(verdict: Verdict) -> list[str]:
    """The same as words."""
    surface = verdict.surface
    words = ["convarith", "run", "--case", verdict.case_id, "-f", asked_for(surface), "--route", surface.route]
    return [*words, "--mode", surface.mode, *(("--switch", surface.switch) if surface.switch else ())]


def asked_for(surface: Surface) -> str:
    """What one gives with -f to observe a surface's framework, of the surface's release."""
    return f"{surface.framework}={surface.release}" if surface.release else surface.framework


def about(report: Report) -> str:
    """One line on the run: its title, size, time and release."""
    return " · ".join(
        part
        for part in (
            one_line(report.title, 100),
            count(report.cases, "case"),
            f"started {one_line(report.started, 40)}" if report.started else "",
            f"{report.seconds:.1f} s",
            f"convarith {one_line(report.version, 40)}",
        )
        if part
    )
