"""A script run by itself, in a process of its own, and what came of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.observe import unwritten
from harness.observe.child import lend, told

KEPT = 1 << 20  # bytes of what it prints


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a script.

    Attributes
    ----------
    printed, errors : str
        On standard output and on standard error, as it came, the end of it where it is long.
    ended : str
        How the process ended: '' as it should, the name of a signal, an exit status, or that it took too long.
    """

    printed: str
    errors: str
    ended: str


def run(text: str, python: str, *, ours: bool, limit: float, variables: Mapping[str, str]) -> Ran:
    """Run a script in an empty folder, in the same conditions as a worker: memory that nobody wrote is filled.

    Parameters
    ----------
    text : str
    python : str
        The interpreter.
    ours : bool
        Whether it finds convarith as well.
    limit : float
        Seconds that it may take.
    variables : mapping
        Environment variables, beside those of this process.
    """
    with tempfile.TemporaryDirectory(prefix="convarith-") as home:
        folder = Path(home)
        (folder / "repro.py").write_text(text, "utf-8")
        given = {**os.environ, **unwritten.variables(os.environ), "PYTHONHASHSEED": "0", **variables}
        if ours:
            (folder / "ours").mkdir()
            lend(folder / "ours")
            given["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder / "ours"), given.get("PYTHONPATH"))))
        with (folder / "printed").open("w+b") as printed, (folder / "errors").open("w+b") as errors:
            process = subprocess.Popen(
                [python, "repro.py"],
                cwd=home,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=errors,
                start_new_session=True,  # to be ended with all that it has started
            )
            try:
                status = process.wait(limit)
                ended = "" if status == 0 else told(status)
            except subprocess.TimeoutExpired:
                ended = f"more than {limit:g} s"
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            return Ran(_end(printed), _end(errors), ended)


def _end(file: BinaryIO) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - KEPT))
    return file.read().decode("utf-8", "replace")
