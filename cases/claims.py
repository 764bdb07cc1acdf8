"""All claims, the guide's relationships and the conventions beyond it, and which of them speak of a case."""

from __future__ import annotations

from functools import lru_cache

from cases.case import OPS, Case, Op
from cases.claim import Claim
from cases.conventions import CONVENTIONS
from cases.relationships import RELATIONSHIPS
from cases.statements import STATEMENTS, Statement, statements

CLAIMS: tuple[Claim, ...] = (*RELATIONSHIPS, *CONVENTIONS)
BY_ID: dict[str, Claim] = {claim.id: claim for claim in CLAIMS}
STATEMENTS_BY_ID: dict[str, Statement] = {statement.id: statement for statement in STATEMENTS}
IDS: tuple[str, ...] = (*(r.id for r in RELATIONSHIPS), *STATEMENTS_BY_ID, *(x.id for x in CONVENTIONS))

# From the most particular to the most general: every case of R1 is one of R2, of R5, of R6 and of R15 as well.
_PARTICULAR_FIRST = (1, 3, 4, 2, 5, 6, 15, 7, 8, 10, 11, 9, 12, 13, 14)
_ORDER: tuple[Claim, ...] = (*(BY_ID[f"R{number}"] for number in _PARTICULAR_FIRST), *CONVENTIONS)
_OF_OP: dict[Op, tuple[Claim, ...]] = {op: tuple(claim for claim in _ORDER if op in claim.ops) for op in OPS}


@lru_cache(maxsize=1 << 16)
def claims(case: Case) -> tuple[str, ...]:
    """The ids of all claims about a case: the guide's relationships, the most particular first, then conventions."""
    return tuple(claim.id for claim in _OF_OP[case.op] if claim.holds_for(case))


def tested(case: Case) -> frozenset[str]:
    """The ids of all claims about a case, and of all statements that some aspect of it tests."""
    held = {name for aspect in ("forward", "adjoint", "direct", "dense") for name in statements(case, aspect)}
    return frozenset(held) | frozenset(claims(case))


def title(name: str) -> str:
    """What a relationship, statement or convention is called; empty if there is none of that id."""
    found = BY_ID.get(name) or STATEMENTS_BY_ID.get(name)
    return found.title if found else ""
