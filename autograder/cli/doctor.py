"""`autograder doctor`."""

from __future__ import annotations

import argparse

from autograder.cli.codes import DONE
from autograder.sandbox.doctor import doctor_report


def add(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments."""


def run(options: argparse.Namespace) -> int:
    print(doctor_report())
    return DONE
