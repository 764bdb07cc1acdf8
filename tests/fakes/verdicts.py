"""Tables of made-up verdicts, with the columns that a run's have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from cases.case import Case, parse
from harness.rules.columns import PARAMETERS

COLUMNS = {
    **dict.fromkeys(("case_id", "framework", "route", "mode", "switch", "aspect", "status"), "VARCHAR"),
    **dict.fromkeys(("relationship", "expected", "observed", "diagnosis"), "VARCHAR"),
    **dict.fromkeys(("op", "padding", "dtype", "layout"), "VARCHAR"),
    "relationships": "VARCHAR[]",
    **dict.fromkeys(("i", "k", "s", "p_before", "p_after", "d", "a"), "INTEGER[]"),
    **dict.fromkeys(("rank", "channels_in", "channels_out", "groups", "batch", "divisor"), "INTEGER"),
    **dict.fromkeys(("bias", "ceil_mode", "count_include_pad"), "BOOLEAN"),
}


def row(case: Case | str, status: str = "agrees", **other: str) -> dict[str, Any]:
    """A verdict; what is not said is of the framework 'fake'."""
    case = parse(case) if isinstance(case, str) else case
    letters = {letter: case.each(letter) for letter in ("i", "k", "s", "p_before", "p_after", "d", "a")}
    said = {name: getattr(case, name) for name in PARAMETERS if name not in letters}
    surface = {"framework": "fake", "route": "fake.loops", "mode": "eager", "switch": "", "aspect": "forward"}
    return {
        **surface,
        "case_id": case.id,
        "status": status,
        "relationships": ["R15"],
        "diagnosis": "" if status == "agrees" else f"it {status}",
        **letters,
        **said,
        **other,
    }


def write(rows: Iterable[Mapping[str, Any]], folder: Path) -> Path:
    """Write verdicts as a run's table has them; returns the file."""
    lines, path = folder / "verdicts.jsonl", folder / "verdicts.parquet"
    lines.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in rows))
    with duckdb.connect() as database:
        database.read_json(str(lines), columns=COLUMNS, format="newline_delimited").write_parquet(str(path))
    return path
