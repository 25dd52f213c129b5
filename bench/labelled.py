"""The labelled answers in tests/rubrics/answers, and how they are split.

Each was labelled, criterion by criterion, before any reader saw it: what would a fair reader call met? `kind`
says what it is; a "human" one is hedged, corrected or says two things, so that only a person may settle it.
What is built is tuned on the build part alone. Two writers' styles and four questions are kept out of it.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.answers.question import Question
from autograder.course import assignment as course

ROOT = Path(__file__).parents[1]
ANSWERS = ROOT / "tests/rubrics/answers"
HELD_STYLES = frozenset(("second", "casual"))  # second-language English; chat
HELD_QUESTIONS = frozenset(
    (
        *("inline_BatchNormalization_4", "inline_FullyConnectedNets_3"),
        *("inline_Dropout_3", "inline_ConvolutionalNetworks_1"),
    )
)
PARTS = ("build", "other writers", "other questions")


@dataclass(frozen=True)
class Labelled:
    """One answer with its labels."""

    question: str
    kind: str  # right, half, wrong, evasive, keywords, language, copied, offtopic, empty, human
    style: str  # plain, terse, rambling, markup, odd, second, casual
    text: str
    met: frozenset[str]  # ids of the criteria a fair reader calls met
    where: str
    also: tuple[str, ...] = ()  # other grade ids of the same question

    @property
    def part(self) -> str:
        if self.question in HELD_QUESTIONS:
            return "other questions"
        return "other writers" if self.style in HELD_STYLES else "build"


def labelled(folder: Path = ANSWERS) -> Iterator[Labelled]:
    for path in sorted(folder.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for number, raw in enumerate(table["answer"], 1):
            style, where = raw.get("style", "plain"), f"{path.name} answer {number}"
            met = frozenset(raw["met"])
            also = tuple(table.get("also", ()))
            yield Labelled(table["question"], raw["kind"], style, raw["text"], met, where, also)


def questions(root: Path = ROOT) -> dict[str, Question]:
    """The questions by grade id; one that is asked twice under both."""
    return {q.grade_id: q for name in course.names(root) for q in course.load(name, root).questions}


def kappa(pairs: Iterable[tuple[bool, bool]]) -> float:
    """Cohen's kappa of two readers: agreement beyond what chance alone would give."""
    pairs = list(pairs)
    if not pairs:
        return float("nan")
    agreed = sum(a == b for a, b in pairs) / len(pairs)
    ours, theirs = sum(b for _, b in pairs) / len(pairs), sum(a for a, _ in pairs) / len(pairs)
    chance = ours * theirs + (1 - ours) * (1 - theirs)
    return (agreed - chance) / (1 - chance) if chance < 1 else 1.0
