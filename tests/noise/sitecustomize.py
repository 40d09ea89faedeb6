"""Disturbs a study as another processor would, and more: Python runs this file first where PYTHONPATH names its folder.

``TR_ANALYSIS_NOISE`` says how, in words with commas: ``ties`` lets every sort that is not stable order what ties by
chance, ``floats`` moves every float that is loaded by a relative 1e-13 to 1e-12, and ``algebra`` every result of linear
algebra. What is computed soundly prints the same all the same.
"""

import functools
import os
import zlib

NOISE = set(os.environ.get("TR_ANALYSIS_NOISE", "").split(",")) - {""}
LEAST, MOST = 1e-13, 1e-12
# fmt: off
ALGEBRA = {
    "numpy.linalg": (
        "cholesky", "cond", "det", "eig", "eigh", "eigvalsh", "inv", "lstsq", "matrix_power", "norm", "pinv", "qr", "slogdet", "solve", "svd"),
    "scipy.linalg": (
        "cho_solve", "cholesky", "eigh", "inv", "lstsq", "lu_factor", "pinv", "pinvh", "qr", "solve", "solve_triangular", "svd", "toeplitz"),
}
# fmt: on


def shaken(value, chance):
    """Move floats, in arrays and tuples of arrays too, by a relative LEAST to MOST up or down."""
    import numpy as np

    if isinstance(value, tuple):
        moved = [shaken(part, chance) for part in value]
        return type(value)(*moved) if hasattr(value, "_fields") else tuple(moved)
    if not (isinstance(value, float | np.ndarray) and np.asarray(value).dtype.kind == "f"):
        return value
    sizes = np.exp(chance.uniform(np.log(LEAST), np.log(MOST), np.shape(value)))
    moved = value * (1 + chance.choice([-1.0, 1.0], np.shape(value)) * sizes)
    return moved if isinstance(value, np.ndarray) else type(value)(moved)


def shake_algebra():
    """Wrap the functions before anything else can import them; their chance is that of the arguments' bytes."""
    from importlib import import_module

    import numpy as np

    def wrapped(function):
        @functools.wraps(function)
        def call(*args, **options):
            seed = [
                zlib.crc32(np.ascontiguousarray(a).tobytes())
                for a in args
                if isinstance(a, np.ndarray | list)
            ]
            return shaken(function(*args, **options), np.random.default_rng(seed))

        return call

    for module, names in ALGEBRA.items():
        place = import_module(module)
        for name in names:
            setattr(place, name, wrapped(getattr(place, name)))


def shake_tables():
    """Wrap the reading of analysis tables."""
    import numpy as np

    from tr_analysis.data import store

    read = store._typed

    def typed(file, types):
        frame, chance = read(file, types), np.random.default_rng(zlib.crc32(file.name.encode()))
        for column in frame.select_dtypes("float"):
            frame[column] = shaken(frame[column].to_numpy(), chance)
        return frame

    store._typed = typed


def shake_sorts():
    """Wrap pandas' sorts: the order of what ties is nobody's promise where the kind of sort is not stable."""
    import pandas as pd

    def wrapped(sort):
        @functools.wraps(sort)
        def call(rows, *args, **options):
            if options.get("kind") != "stable" and options.get("axis", 0) in (0, "index"):
                rows = rows.sample(frac=1, random_state=len(rows))
            return sort(rows, *args, **options)

        return call

    for kind in (pd.DataFrame, pd.Series):
        kind.sort_values = wrapped(kind.sort_values)


for word, shake in {"algebra": shake_algebra, "floats": shake_tables, "ties": shake_sorts}.items():
    if word in NOISE:
        shake()
