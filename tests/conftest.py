import os

# One thread each: workers that share the processor and each start a thread per core slow one another down.
# Set here because this file is read before numpy is.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
