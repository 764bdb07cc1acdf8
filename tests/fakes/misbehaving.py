"""A framework that ends its process, hangs or babbles at chosen cases.

Which, is said in the environment variable MISBEHAVE: a JSON object from case id to what happens there; the key 'import'
says what happens at the start. A behaviour may name a probe: 'abort adjoint'. One that hangs, or tells, leaves a word
in the pipe that MISBEHAVE_TELL names, if it names one.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.frameworks.base import Call, Mode, Raised, Result, Route, Trouble

from .loops import ROUTE, Loops

TROUBLES = {"lose": "an illegal memory access was encountered", "fill": "out of memory"}


class Misbehaving(Loops):
    """The perfect framework, but for the chosen cases."""

    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        super().__init__(device, switch)
        self.lost = False  # the device: all that is computed then fails
        self.behaviours: dict[str, str] = json.loads(os.environ.get("MISBEHAVE", "{}"))
        misbehave(self.behaviours.get("import", ""))

    def run_one(self, call: Call) -> Result:
        behaviour, _, probe = self.behaviours.get(call.case.id, "").partition(" ")
        if probe in ("", "adjoint" if call.pull_back else "forward"):
            if behaviour in TROUBLES:
                self.lost = behaviour == "lose"
                return Raised("FakeError", TROUBLES[behaviour])
            misbehave(behaviour)
        if self.lost:
            return Raised("FakeError", TROUBLES["lose"])
        return super().run_one(call)

    @staticmethod
    def trouble(error: Raised) -> Trouble:
        return {TROUBLES["lose"]: "device", TROUBLES["fill"]: "memory"}.get(error.text, "")  # type: ignore[return-value]


class Batching(Misbehaving):
    """One that takes four cases at once, and gives nothing until it has done all of them."""

    routes = {ROUTE: Route({"eager": Mode(batch=4)})}

    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
        yield from list(super().run(calls))


def misbehave(how: str) -> None:
    """Do what a behaviour says."""
    behaviours: dict[str, Any] = {
        "": lambda: None,
        "abort": os.abort,
        "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
        "exit": lambda: os._exit(3),
        "leave": lambda: os._exit(0),
        "hang": hang,
        "tell": tell,
        "babble": lambda: os.write(1, b'{"done": true}\n\xff\x00 rubbish on stdout\n' * 5000),
        "missing": lambda: __import__("no_such_framework"),
        "raise": lambda: sys.exit("the framework cannot be initialised"),
        "once": once,
        "alternate": alternate,
        "slip": slip,
        "grow": grow,
        "explain": lambda: (os.write(2, b"chatter\n" * 100_000 + b"the kernel cannot be chosen\n"), os.abort()),
    }
    behaviours[how]()


def tell() -> None:
    """Leave a word in the pipe that MISBEHAVE_TELL names."""
    if path := os.environ.get("MISBEHAVE_TELL"):
        with Path(path).open("w") as pipe:
            pipe.write("here\n")


def hang() -> None:
    """Never come to an end."""
    tell()
    threading.Event().wait()


def once() -> None:
    """Abort, but only if the file that MISBEHAVE_ONCE names is not there yet."""
    mark = Path(os.environ["MISBEHAVE_ONCE"])
    if not mark.exists():
        mark.touch()
        os.abort()


def alternate() -> None:
    """Abort every second time, beginning with the first; MISBEHAVE_ONCE names a file that counts."""
    with Path(os.environ["MISBEHAVE_ONCE"]).open("ab") as mark:
        mark.write(b".")
        count = mark.tell()
    if count % 2:
        os.abort()


def slip() -> None:
    """Fail as an adapter does that is wrong itself."""
    raise KeyError("the adapter is wrong")


def grow() -> None:
    """Take a GiB, and keep it."""
    taken = bytearray(b"x") * (1 << 30)
    threading.Event().wait()
    del taken
