"""A made-up file of final results, for a reader without internet: every provider, two cohorts, nothing published."""

import csv
import io
import random
from collections.abc import Sequence

from tr_analysis import paths
from tr_analysis.errors import DataError, Problem
from tr_analysis.official import store
from tr_analysis.official.importing import FileStatus, size_of
from tr_analysis.official.parsing import known_providers
from tr_analysis.simulated import MARK

NAME = f"{MARK}-final-results-oct17.csv"
SEED = "tr-analysis fetch --demo"
_COHORTS = ("October to December 2015", "January to March 2016")
_BASE_FREQUENCY = 410  # hundredths of a reoffence for each reoffender
_TITLES = (f"{MARK}: drawn at random by `{SEED}`; no number here was published", "Final results")
_HEADER = [
    "Provider",
    "Provider type",
    "Cohort",
    "Number of offenders in the measurable cohort",
    "Number of reoffenders",
    "Number of reoffences",
    "Binary rate (%)",
    "OGRS4/G score",
    "Adjusted binary rate (%)",
    "2011 baseline OGRS4/G score",
    "2011 baseline binary rate (%)",
    "Difference in binary rate (percentage points)",
    "Statistically significant?",
    "Frequency rate",
    "2011 baseline frequency rate",
    "Difference in frequency rate",
]


def place_demo() -> FileStatus:
    """Place the file in ``data/raw/official/`` and build tables of it; with files that were published it never mixes."""
    if real := [path.name for path in store.local_files() if not store.is_simulated(path)]:
        raise DataError(
            [Problem(name, "is here already; --demo is for those who have no official file") for name in real]
        )
    content = demo_file()
    same = (paths.official() / NAME).is_file() and (paths.official() / NAME).read_bytes() == content
    store.build_official({NAME: content}, {NAME: {"made by": SEED}})
    return FileStatus(NAME, "unchanged" if same else "simulated", size_of(content))


def demo_file() -> bytes:
    """Return the made-up results as CSV, the same bytes on every computer."""
    draw = random.Random(SEED)
    rows: list[Sequence[object]] = [*([title] for title in _TITLES), _HEADER]
    for (kind, _), provider in sorted(known_providers().items(), key=lambda item: item[1]):
        people = draw.randint(500, 3000)
        share, base, ogrs = draw.uniform(0.40, 0.48), draw.randint(440, 500), draw.randint(420, 480)
        effect = draw.choice([-0.05, -0.03, -0.02, 0.0, 0.02, 0.05])
        rows += [
            _row(draw, provider, kind, cohort, people, share + effect, ogrs, base) for cohort in _COHORTS
        ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _row(
    draw: random.Random, provider: str, kind: str, cohort: str, size: int, share: float, ogrs: int, base: int
) -> list[object]:
    """Draw one row, whose numbers agree; scores and the baseline are in tenths of a percent."""
    people = size + draw.randint(-80, 80)
    again = sum(draw.random() < share for _ in range(people))
    offences = again + sum(draw.randint(0, 6) for _ in range(again))
    score = ogrs + draw.randint(-15, 15)
    rate, often = (2000 * again // people + 1) // 2, (200 * offences // again + 1) // 2  # rounded half up
    adjusted = rate + ogrs - score
    gap = adjusted - base
    far = (100 * gap) ** 2 * people > 196**2 * base * (1000 - base)
    binary = [number / 10 for number in (rate, score, adjusted, ogrs, base, gap)]
    frequency = [number / 100 for number in (often, _BASE_FREQUENCY, often - _BASE_FREQUENCY)]
    return [provider, kind, cohort, people, again, offences, *binary, "Yes" if far else "No", *frequency]
