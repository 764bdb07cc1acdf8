from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.deviations.findings import Finding
from harness.deviations.settled import Known, Settled
from harness.records import Environment, Surface, Verdict
from harness.report.model import Judged, Report
from harness.rules import Rule

FUNCTIONAL = Surface("torch", "torch.nn.functional", "eager")
KERAS = Surface("tensorflow", "keras.layers", "eager")
LAX = Surface("jax", "jax.lax", "jit")

# Everything that a report must not pass on: terminal sequences, markup of every format, and what no XML may hold.
HOSTILE = (
    "<script>alert(1)</script> ]]> <!-- & &amp; \x1b[31mred\x1b[0m \x9b1mbold \x1b]8;;http://x\x07link\x1b]8;;\x07 "
    "\x00\x08\x7f\x85 \ud800 \udfff \ufffe \u202edesrever\u2066 | `tick` ``` **b** _u_ [a](http://b) ![i](j) "
    "{{ 7 * 7 }} {% raise %} [red]x[/red] @user #1 https://a.example www.b.example ' \" $x$ ~~s~~\r\n"
    "# head\n</code></td></table>\n- item\n    code"
)


@pytest.fixture
def hostile() -> str:
    return HOSTILE


@pytest.fixture
def surfaces() -> tuple[Surface, Surface, Surface]:
    return FUNCTIONAL, KERAS, LAX


@pytest.fixture
def verdict() -> Callable[..., Verdict]:
    """Makes a verdict; what is not said agrees."""
    agrees = Verdict(
        case_id="conv1d.i5.k3.s2.p1.d1",
        surface=FUNCTIONAL,
        aspect="forward",
        relationships=("R6", "R15"),
        status="agrees",
        expected="o = 3",
        observed="o = 3",
    )

    def made(**fields: object) -> Verdict:
        return replace(agrees, **fields)  # type: ignore[arg-type]

    return made


@pytest.fixture
def told() -> dict[int, tuple[Verdict, ...]]:
    """Of what each report was made, by the identity of what it keeps of them."""
    return {}


@pytest.fixture
def all_verdicts(told: dict[int, tuple[Verdict, ...]]) -> Callable[[Report], tuple[Verdict, ...]]:
    """All verdicts of a report: it keeps but counts of most."""
    return lambda report: told[id(report.judged)]


@pytest.fixture
def report(told: dict[int, tuple[Verdict, ...]]) -> Callable[..., Report]:
    """Makes a report of verdicts; what is not said is a complete run."""

    def made(*verdicts: Verdict, **fields: object) -> Report:
        empty = Report(
            title="smoke",
            asked={"grid": "smoke"},
            environments=(Environment("torch", "/env/bin/python", {"torch": "2.13.0", "device": "cpu"}),),
            cases=len({verdict.case_id for verdict in verdicts}),
            judged=Judged.of(verdicts),
            complete=True,
            version="0.1.0",
            started="2026-09-21T10:11:12+00:00",
            seconds=1.25,
        )
        told[id(empty.judged)] = verdicts
        return replace(empty, **fields)  # type: ignore[arg-type]

    return made


@pytest.fixture
def hostile_report(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> Report:
    """A report in which every text of others is hostile, and one is a megabyte long."""
    surface = Surface(HOSTILE, HOSTILE, HOSTILE)
    return report(
        verdict(surface=surface, status="crashed", expected=HOSTILE, observed=HOSTILE, diagnosis=HOSTILE),
        verdict(surface=surface, status="harness_error", aspect="adjoint", observed=HOSTILE * 4000),
        verdict(surface=surface, status="rejected", case_id=HOSTILE, relationships=(HOSTILE,), diagnosis="\x1b[" * 500),
        *(verdict(surface=LAX, status="unsupported", observed=why) for why in (HOSTILE, "b", "c", "a", "c")),
        title=HOSTILE,
        asked={HOSTILE: HOSTILE},
        environments=(Environment(HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, failure=HOSTILE),),
        printed={("conv1d.i5.k3.s2.p1.d1", surface, "forward"): HOSTILE},
        version=HOSTILE,
        started=HOSTILE,
        settled=Settled(
            (
                Rule(
                    framework=HOSTILE,
                    status=HOSTILE,
                    routes=(HOSTILE,),
                    modes=(HOSTILE,),
                    switches=(HOSTILE,),
                    aspects=(HOSTILE,),
                    ops=(HOSTILE,),
                    words=(HOSTILE,),
                    sql=(HOSTILE,),
                    support=1,
                    total=2,
                    example=HOSTILE,
                    exceptions=(HOSTILE,),
                    diagnosis=HOSTILE,
                    expected=HOSTILE,
                    observed=HOSTILE,
                ),
            ),
            (Finding("new", HOSTILE, "", HOSTILE), Finding("fixed", HOSTILE, HOSTILE, HOSTILE)),
            (Known(HOSTILE, HOSTILE, 3, HOSTILE, HOSTILE),),
        ),
    )


@pytest.fixture
def many(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> Report:
    """20 000 verdicts, none as expected, each with a text of its own and 2000 characters."""
    return report(
        *(
            verdict(
                case_id=f"conv1d.i{number}.k3.s2.p1.d1",
                surface=(FUNCTIONAL, KERAS, LAX)[number % 3],
                status="rejected" if number % 7 else "wrong_operator",
                observed=f"{number} <&|`" + "x" * 2000,
                diagnosis=f"number {number}",
            )
            for number in range(20_000)
        )
    )


@pytest.fixture
def shuffled(
    hostile_report: Report,
    many: Report,
    report: Callable[..., Report],
    all_verdicts: Callable[[Report], tuple[Verdict, ...]],
) -> list[tuple[Report, Report]]:
    """Reports, each with one of the same verdicts in another order."""
    pairs = []
    for one in (hostile_report, report(*all_verdicts(many)[:2000])):
        verdicts = list(all_verdicts(one))
        random.Random(1).shuffle(verdicts)
        pairs.append((one, replace(one, judged=Judged.of(verdicts))))
    return pairs
