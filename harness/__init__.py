"""How layers are observed and judged. See docs/design.md for the rooms of this package.

``harness.compare`` and ``harness.assert_same_operator`` are those of ``convarith``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["assert_same_operator", "compare"]

if TYPE_CHECKING:
    from harness.layers.comparison import assert_same_operator, compare
else:  # found when they are asked for: every worker imports this package, few need them

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from harness.layers import comparison

        return getattr(comparison, name)
