"""A run on disk: its observations line by line as they come, its tables when it is closed, and SQL over them.

run.json               what was asked, where it was observed, whether it is complete
observations/*.jsonl   while it is observed: one writer a file, one observation a line
cases.parquet  observations.parquet  verdicts.parquet
"""

from harness.store.asking import Answer, choose, query
from harness.store.columns import TABLES
from harness.store.log import ObservationFile
from harness.store.run import Run, create, held, how_to_go_on, read_run, write_run, write_whole
from harness.store.tables import adopt, check, close, keys, mark, observations, observed, printed, verdicts

__all__ = [
    "TABLES",
    "Answer",
    "ObservationFile",
    "Run",
    "adopt",
    "check",
    "choose",
    "close",
    "create",
    "held",
    "how_to_go_on",
    "keys",
    "mark",
    "observations",
    "observed",
    "printed",
    "query",
    "read_run",
    "verdicts",
    "write_run",
    "write_whole",
]
