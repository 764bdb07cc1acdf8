"""What people use of convarith in their own code: two layers compared by what they compute.

>>> import convarith
>>> convarith.compare(torch_layer, keras_layer, input_shape=(1, 3, 32, 32))
"""

from __future__ import annotations

from harness.layers.comparison import Comparison, assert_same_operator, compare
from harness.layers.probing import NotComparableError

__all__ = ["Comparison", "NotComparableError", "assert_same_operator", "compare"]
