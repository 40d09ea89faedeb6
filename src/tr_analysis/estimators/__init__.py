"""Pure functions: frames in, tidy frames or small frozen results out; no files, no plots."""
