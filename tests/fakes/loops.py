"""The perfect framework, under the name that other processes find it by."""

from __future__ import annotations

from harness.selftest.loops import ROUTE, Loops, size

__all__ = ["ROUTE", "Loops", "size"]
