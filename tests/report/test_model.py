from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cases.relationships import RELATIONSHIPS
from harness import store
from harness.records import STATUSES, Surface, Verdict
from harness.report.model import Cell, Judged, Report, matrix, occurring, statuses, title_of


def test_statuses_are_counted_and_named_in_their_documented_order(verdict: Callable[..., Verdict]) -> None:
    counts = statuses([verdict(status="crashed"), verdict(), verdict(status="crashed")])
    assert counts == {"agrees": 1, "crashed": 2}
    assert occurring(counts) == ("agrees", "crashed")


def test_a_verdict_counts_in_each_of_its_relationships_and_once_in_the_total(
    verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]
) -> None:
    functional, keras, _ = surfaces
    table = matrix(
        report(
            verdict(relationships=("R1", "R2", "R10")),
            verdict(relationships=("R2",), status="crashed"),
            verdict(relationships=("R2",), surface=keras, status="unsupported"),
        )
    )
    assert table.rows == ("R1", "R2", "R10")
    assert table.columns == (keras, functional)
    assert table.cell("R2", functional).counts == Counter(agrees=1, crashed=1)
    assert table.cell("R10", functional).counts == Counter(agrees=1)
    assert table.cell("R1", keras).total == 0
    assert table.totals[functional].total == 2


def test_what_no_relationship_speaks_of_has_a_row_of_its_own_at_the_end(
    verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]
) -> None:
    table = matrix(report(verdict(relationships=()), verdict(relationships=("X2",)), verdict(relationships=("R15",))))
    assert table.rows == ("R15", "X2", "none")
    assert table.cell("none", surfaces[0]).total == 1


def test_rows_are_the_guides_relationships_its_statements_and_then_conventions_each_by_number(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    names = ("X10", "S12", "R2", "X9", "S4", "R15", "X1", "R10")
    table = matrix(report(verdict(relationships=names), verdict(relationships=())))
    assert table.rows == ("R2", "R10", "R15", "S4", "S12", "X1", "X9", "X10", "none")


def cell(**counts: int) -> Cell:
    return Cell(Counter({status: counts.get(status, 0) for status in STATUSES}))


def test_a_cell_tells_what_is_not_as_expected_of_what_can_be_said() -> None:
    assert str(cell(agrees=7)) == "7"
    assert str(cell(agrees=7, unsupported=5)) == "7"
    assert str(cell(agrees=7, crashed=2, unstable=1, unsupported=5)) == "3 of 10"
    assert str(cell(unsupported=5)) == "–"
    assert str(cell()) == ""


def test_unexpected_verdicts_come_by_surface_relationship_size_and_aspect(
    verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]
) -> None:
    functional, keras, lax = surfaces
    eager, jit = Surface("torch", "torch.nn", "eager"), Surface("torch", "torch.nn", "jit")
    ordered = [
        verdict(status="crashed", surface=lax),
        verdict(status="crashed", surface=keras),
        verdict(status="crashed", surface=eager),
        verdict(status="crashed", surface=jit),
        verdict(status="crashed", surface=functional, relationships=("R2", "R15")),
        verdict(status="crashed", surface=functional, relationships=("R10",), case_id="b"),
        verdict(status="crashed", surface=functional, relationships=("R10",), case_id="aa"),
        verdict(status="crashed", surface=functional, relationships=("R10",), case_id="bb", aspect="adjoint"),
        verdict(status="crashed", surface=functional, relationships=("R10",), case_id="bb", aspect="forward"),
        verdict(status="crashed", surface=functional, relationships=()),
    ]
    agreeing = [verdict(), verdict(status="unsupported")]
    assert report(*agreeing, *reversed(ordered)).judged.unexpected == tuple(ordered)


def test_the_order_of_unexpected_verdicts_never_depends_on_where_they_came_from(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    alike = [verdict(status="crashed", observed=text) for text in "acb"]
    assert report(*alike).judged.unexpected == report(*reversed(alike)).judged.unexpected


def test_what_is_counted_in_a_run_s_tables_is_what_is_counted_one_by_one(
    verdict: Callable[..., Verdict], surfaces: tuple[Surface, ...], tmp_path: Path
) -> None:
    functional, keras, lax = surfaces
    names = [("R2", "R15"), ("R10",), ("X3",), ("R1", "S4"), ("odd",), ()]
    of_others = [status for status in STATUSES if status != "known"]
    where = (functional, keras, lax, replace(lax, release="jax==0.4"), replace(lax, switch="threads=2"))
    keys = itertools.product((5, 6, 9, 10, 11, 50, 100, 101), where, ("adjoint", "forward"))
    verdicts = [
        verdict(
            case_id=f"conv1d.i{size}.k3.s2.p1.d1",
            surface=surface,
            aspect=aspect,
            status=of_others[number % 11],
            relationships=names[number % 6],
            observed=f"{number % 3}",
            diagnosis="it differs",
        )
        for number, (size, surface, aspect) in enumerate(keys)
    ]
    for aspect, seen, why in (
        ("forward", "", ""),
        ("bias", "no\ngroups", ""),
        ("dense", "no groups", ""),
        ("adjoint", "", "x"),
    ):
        verdicts.append(
            verdict(case_id="conv1d.i7.k3.s2.p1.d1", status="unsupported", observed=seen, diagnosis=why, aspect=aspect)
        )
    verdicts += [verdict(case_id="conv1d.i8.k3.s2.p1.d1", status="crashed", known="an-entry")]
    assert {one.status for one in verdicts} == {*STATUSES} - {"known"}
    store.create(tmp_path / "run", store.Run(version="1", asked={}))
    store.close(tmp_path / "run", [], (), lambda _: iter(verdicts))
    counted, plainly = Judged.read(tmp_path / "run"), Judged.of(verdicts)
    for field in ("cells", "surfaces", "reasons", "causes", "kinds"):
        assert getattr(counted, field) == getattr(plainly, field), field
    assert list(counted.unexpected) == list(plainly.unexpected) == list(counted.unexpected)
    assert len(counted.unexpected) == len(plainly.unexpected) == counted.different
    assert counted.counts["known"] == 1
    assert {why for causes in counted.causes.values() for why in causes} > {"0", "no groups", "no reason given", "x"}


def test_titles_are_the_guides_and_those_of_the_conventions_and_statements_beside_them() -> None:
    assert [title_of(relationship.id) for relationship in RELATIONSHIPS] == [r.title for r in RELATIONSHIPS]
    assert title_of("R3") == "Half (same) padding"
    assert title_of("X1") == "SAME: the odd zero at the end"
    assert title_of("S2") == "Axes do not interact"


def test_what_is_no_claim_and_no_statement_has_no_title() -> None:
    assert title_of("none") == "(no relationship speaks of the case)"
    assert [title_of(name) for name in ("X0", "X20", "R16", "S13", "", "x1", "X01")] == [""] * 7
