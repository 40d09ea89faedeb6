"""The study: its chapters and parameters, what a run is to do, kernels, publishing, and what changed."""

import sys

CAN_FORK = sys.platform == "linux"
"""Whether kernels may be forked: elsewhere system libraries fail in a forked process."""

_LIBRARIES = ("OPENBLAS", "OMP", "MKL", "NUMEXPR")
SETTINGS = {
    **{f"{library}_NUM_THREADS": "1" for library in _LIBRARIES},
    "VECLIB_MAXIMUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
"""Environment of what computes: one thread each, since those that share processors slow one another down."""
CHOICES, CHOICES_PAGE = "sweeps/choices", "choices.json"
"""Where in a folder of results the choices of a reader are kept, by chapter, and what the page of one reads."""
