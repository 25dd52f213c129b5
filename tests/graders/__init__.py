"""Tests of the hidden graders: against the reference, an untouched skeleton, and small named mistakes."""
