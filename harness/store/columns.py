"""The tables' columns, and how a record becomes a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cases.case import Case
from cases.claims import claims
from harness.records import SCHEMA, Verdict

TABLES = ("cases", "observations", "verdicts")

CASE_COLUMNS = {
    "case_id": "VARCHAR",
    "relationship": "VARCHAR",
    "relationships": "VARCHAR[]",
    "op": "VARCHAR",
    "rank": "INTEGER",
    "i": "INTEGER[]",
    "k": "INTEGER[]",
    "s": "INTEGER[]",
    "p_before": "INTEGER[]",
    "p_after": "INTEGER[]",
    "d": "INTEGER[]",
    "a": "INTEGER[]",
    "padding": "VARCHAR",
    "channels_in": "INTEGER",
    "channels_out": "INTEGER",
    "groups": "INTEGER",
    "batch": "INTEGER",
    "bias": "BOOLEAN",
    "ceil_mode": "BOOLEAN",
    "count_include_pad": "BOOLEAN",
    "divisor": "INTEGER",
    "dtype": "VARCHAR",
    "layout": "VARCHAR",
}
SURFACE = ("framework", "route", "mode", "switch", "release")
SURFACE_COLUMNS = dict.fromkeys(SURFACE, "VARCHAR")
OBSERVATION_COLUMNS = {
    "case_id": "VARCHAR",
    **SURFACE_COLUMNS,
    "probe": "VARCHAR",
    "outcome": "VARCHAR",
    "shape": "INTEGER[]",
    "digest": "VARCHAR",
    "operator": "JSON",
    "error": "VARCHAR",
    "text": "VARCHAR",
    "seconds": "DOUBLE",
    "schema": "INTEGER",
}
VERDICT_COLUMNS = {
    "case_id": "VARCHAR",
    **SURFACE_COLUMNS,
    # of this aspect: the statements that it tests as well
    "relationship": "VARCHAR",
    "relationships": "VARCHAR[]",
    "version": "VARCHAR",
    "device": "VARCHAR",
    "aspect": "VARCHAR",
    "status": "VARCHAR",
    "expected": "VARCHAR",
    "observed": "VARCHAR",
    "diagnosis": "VARCHAR",
    "known": "VARCHAR",
    "depends": "VARCHAR",
    "schema": "INTEGER",
}


def case_row(case: Case) -> dict[str, Any]:
    """A case as a row of the table ``cases``."""
    held = claims(case)
    return {
        "case_id": case.id,
        "relationship": held[0] if held else None,
        "relationships": held,
        "op": case.op,
        "rank": case.rank,
        **{letter: case.each(letter) for letter in ("i", "k", "s", "p_before", "p_after", "d", "a")},
        "padding": case.padding,
        "channels_in": case.channels_in,
        "channels_out": case.channels_out,
        "groups": case.groups,
        "batch": case.batch,
        "bias": case.bias,
        "ceil_mode": case.ceil_mode,
        "count_include_pad": case.count_include_pad,
        "divisor": case.divisor,
        "dtype": case.dtype,
        "layout": case.layout,
    }


def verdict_row(verdict: Verdict, facts: Mapping[str, str]) -> dict[str, Any]:
    """A verdict as a row, without its case's columns; the facts are those of the environment it was observed in."""
    return {
        "case_id": verdict.case_id,
        "framework": verdict.surface.framework,
        "route": verdict.surface.route,
        "mode": verdict.surface.mode,
        "switch": verdict.surface.switch,
        "release": verdict.surface.release,
        "relationship": verdict.relationships[0] if verdict.relationships else None,
        "relationships": verdict.relationships,
        "version": facts.get("version"),
        "device": facts.get("device"),
        "aspect": verdict.aspect,
        "status": verdict.status,
        "expected": verdict.expected,
        "observed": verdict.observed,
        "diagnosis": verdict.diagnosis,
        "known": verdict.known or None,
        "depends": verdict.depends or None,
        "schema": SCHEMA,
    }
