"""The pytest view: an item for each (relationship or convention, framework, route), over all cases of a grid.

pytest cases/ [--framework NAME]… [--grid NAME|FILE] [--device cpu|gpu] [--known DIR | --no-known]

What deviates as the known deviations say is an expected failure that names the entries. That one no longer occurs does
not go unnoticed: each framework has an item that fails where an entry is not as the framework is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from cases.claim import Claim

# Surfaces and verdicts are those of harness.records, by their attributes: this package imports nothing of the harness.
Verdicts = list[Any]


def test_claim(claim: Claim, surface: Any, observed_of: Callable[[str], Any]) -> None:
    """Every case of the claim agrees with the theory, in every aspect, or deviates as it is known to."""
    found = observed_of(surface.framework)
    assert not found.failure, found.failure
    held = [v for v in found.verdicts if v.surface == surface and claim.id in v.relationships]
    if not held:
        pytest.skip(f"the grid has no case of {claim.id}")
    if all(v.status == "unsupported" for v in held):
        pytest.skip("; ".join(sorted({v.observed for v in held})))
    wrong = sorted((v for v in held if not v.as_expected), key=lambda v: (len(v.case_id), v.case_id, v.aspect))
    if wrong:
        pytest.fail(_told(wrong, len(held)), pytrace=False)
    if known := Counter(v.known for v in held if v.known):
        told = ", ".join(f"{name} ({number})" for name, number in sorted(known.items()))
        pytest.xfail(f"{known.total()} of {len(held)} verdicts deviate as known: {told}")


def test_known_deviations(framework: str, observed_of: Callable[[str], Any]) -> None:
    """Every entry of the known deviations is as the framework is."""
    found = observed_of(framework)
    assert not found.failure, found.failure
    if found.stale:
        pytest.fail("\n".join(found.stale), pytrace=False)


def _told(wrong: Verdicts, among: int) -> str:
    smallest = wrong[0]
    surface = smallest.surface
    return "\n".join(
        (
            f"{len(wrong)} of {among} verdicts are not as expected; of the smallest case:",
            f"  {smallest.case_id}, {smallest.aspect}: {smallest.status}",
            f"  expected  {smallest.expected}",
            f"  observed  {smallest.observed}",
            f"  {smallest.diagnosis}",
            f"  convarith run -f {surface.framework} --route {surface.route} --mode {surface.mode} "
            f"--case {smallest.case_id}",
        )
    )
