"""A run on disk: its observations line by line as they come, its tables when it is closed, and SQL over them.

run.json               what was asked, where it was observed, whether it is complete
observations/*.jsonl   while it is observed: one writer a file, one observation a line
cases.parquet  observations.parquet  verdicts.parquet
"""

from harness.store.log import ObservationFile
from harness.store.run import Run, create, read_run, write_run, write_whole
from harness.store.tables import TABLES, Answer, choose, close, keys, observations, query, verdicts

__all__ = [
    "TABLES",
    "Answer",
    "ObservationFile",
    "Run",
    "choose",
    "close",
    "create",
    "keys",
    "observations",
    "query",
    "read_run",
    "verdicts",
    "write_run",
    "write_whole",
]
