"""A closed run of which everything is as it is told to be, without observing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cases.case import Case
from harness import store
from harness.records import Environment, Observation, Status, Surface, Verdict

EAGER, JIT = Surface("fake", "fake.loops", "eager"), Surface("fake", "fake.loops", "jit")


def closed(
    folder: Path,
    cases: Sequence[Case],
    says: Callable[[Case, Surface], Status],
    *,
    surfaces: Sequence[Surface] = (EAGER, JIT),
    version: str = "1.0",
    saw: str = "ValueError: no",
    facts: dict[str, str] | None = None,
) -> Path:
    """A run of some cases on surfaces of one framework, looked at by one aspect.

    What is refused raised the error that is given, and what cannot be said has it as the reason.
    """
    environment = Environment(surfaces[0].framework, "python", {"version": version, **(facts or {})})
    run = store.Run(version="1", asked={}, environments=(environment,), complete=True)
    store.create(folder, run)
    some = {case.id: case for case in cases}
    with store.ObservationFile(folder / "observations" / "fake.000000.jsonl") as file:
        for case in some.values():
            for surface in surfaces:
                status = says(case, surface)
                seen: dict[str, Any] = {"outcome": "returned", "shape": (1, 1, 3), "digest": status.ljust(32)}
                if status in ("rejected", "unsupported"):
                    error = saw.partition(":")[0]
                    seen = {"outcome": "raised" if status == "rejected" else status, "error": error, "text": saw}
                file.append(Observation(case_id=case.id, surface=surface, probe="forward", **seen))

    def judge(observations: Iterable[Observation]) -> Iterator[Verdict]:
        for one in observations:
            status = says(some[one.case_id], one.surface)
            yield Verdict(
                case_id=one.case_id, surface=one.surface, aspect="forward", relationships=("R1",), status=status,
                expected="", observed=saw if status == "rejected" else "o = 3",
                diagnosis="kernel flipped" if status == "wrong_operator" else "",
            )  # fmt: skip

    store.close(folder, some.values(), run.environments, judge)
    return folder
