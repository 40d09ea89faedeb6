"""Running chapters: kernels, side by side, published whole, and only what changed."""

import sys

CAN_FORK = sys.platform == "linux"
"""Whether kernels may be forked: elsewhere system libraries do not bear it."""
