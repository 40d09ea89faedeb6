import os

from tr_analysis.study.kernels import SETTINGS

# As in the runner's kernels: workers that each start a thread per core slow one another down. This file is
# read, and the kernels' module imported, before numpy is.
for name, value in SETTINGS.items():
    os.environ.setdefault(name, value)
