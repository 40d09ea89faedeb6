"""``python -m tr_analysis``, the same as ``tr-analysis``."""

import sys

from tr_analysis.cli import main

sys.exit(main())
