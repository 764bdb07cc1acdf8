"""Observing in this very process: from a case to its verdicts, without a worker, by an adapter that is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cases.case import Case, parse
from harness import judge
from harness.frameworks.base import Adapter, Raised, Unsupported
from harness.observe import probe as probing
from harness.records import Observation, Probe, Surface, Verdict


def observe(adapter: Adapter, case: Case, probe: Probe) -> Observation:
    """What one probe sees of one case."""
    route = next(iter(adapter.routes))
    mode = "abstract" if probe == "declared" else "eager"
    seen = partial(
        Observation,
        case_id=case.id,
        surface=Surface(adapter.name, route, mode),
        probe=probe,
    )
    calls = probing.prepare(adapter, case, route, mode, probe)
    if isinstance(calls, Unsupported):
        return seen(outcome="unsupported", text=calls.reason)
    returned = []
    for result in adapter.run(calls):
        if isinstance(result, Raised):
            return seen(outcome="harness_error" if result.ours else "raised", error=result.error, text=result.text)
        returned.append(result)
    operator = probing.operator(case, probe, calls, returned)
    return seen(
        outcome="returned",
        shape=probing.shape(case, probe, returned[0]),
        digest=None if operator is None else operator.digest,
        operator=None if operator is None else operator.to_json(),
    )


def verdicts(adapter: Adapter, cases: Sequence[str | Case]) -> list[Verdict]:
    """The verdicts on all probes of some cases."""
    parsed = [parse(case) if isinstance(case, str) else case for case in cases]
    return list(judge.judge(observe(adapter, case, probe) for case in parsed for probe in probing.probes_of(case)))
