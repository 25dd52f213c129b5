"""Tests of the sandbox itself; the attacks on it are in `tests/attacks`."""
