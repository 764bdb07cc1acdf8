"""A run on disk: its observations line by line as they come, its tables when it is closed, and SQL over them.

run.json               what was asked, where it was observed, whether it is complete
observations/*.jsonl   while it is observed: one writer a file, one observation a line
cases.parquet  observations.parquet  verdicts.parquet
varied.parquet         what was observed again, if anything was
"""

from harness.store.asking import Answer, choose, query
from harness.store.columns import TABLES
from harness.store.counting import Count, Kind, Unexpected, by_surface, counts, kinds
from harness.store.log import ObservationFile
from harness.store.run import Run, create, held, how_to_go_on, read_run, write_run, write_whole, writing_whole
from harness.store.seal import seal, sealed
from harness.store.tables import adopt, check, close, evidence, keys, mark, observations, observed, printed, verdicts
from harness.store.varied import adopt_varied, has_varied, varied, write_varied

__all__ = [
    "TABLES",
    "Answer",
    "Count",
    "Kind",
    "ObservationFile",
    "Run",
    "Unexpected",
    "adopt",
    "adopt_varied",
    "by_surface",
    "check",
    "choose",
    "close",
    "counts",
    "create",
    "evidence",
    "has_varied",
    "held",
    "how_to_go_on",
    "keys",
    "kinds",
    "mark",
    "observations",
    "observed",
    "printed",
    "query",
    "read_run",
    "seal",
    "sealed",
    "varied",
    "verdicts",
    "write_run",
    "write_varied",
    "write_whole",
    "writing_whole",
]
