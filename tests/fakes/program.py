"""The program in a process of its own, on fakes, forked from one that has imported it: it starts in milliseconds."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

TESTS = Path(__file__).parents[1]
if str(TESTS.parent) not in sys.path:
    sys.path.append(str(TESTS.parent))  # by which the other process finds this module
FAKES = {"fake": "fakes.loops:Loops", "bad": "fakes.misbehaving:Misbehaving", "wrong": "fakes.wrong:Wrong"}

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["harness.commands.run", "harness.commands.report", "duckdb"])


def start(
    folder: Path, *arguments: str, largest_file: int | None = None, variables: Mapping[str, str] | None = None
) -> ForkServerProcess:
    """Start the program in a folder; what it prints comes to the file 'out', and its messages to 'err'."""
    process = _forking.Process(target=_program, args=(str(folder), arguments, largest_file, dict(variables or {})))
    process.start()
    return process


def _program(folder: str, arguments: Sequence[str], largest_file: int | None, variables: Mapping[str, str]) -> None:
    from harness.__main__ import main
    from harness.frameworks import registry

    # As in a terminal, even where the tests run in a shell's background, which has programs ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path.append(str(TESTS))
    os.chdir(folder)
    os.environ.update({"PYTHONPATH": str(TESTS), **variables})
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC), number)
    registry.adapters = lambda: FAKES
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    sys.exit(main(list(arguments)))
