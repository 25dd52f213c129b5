"""Measure the rubrics: verdicts against the labelled answers in tests/rubrics/answers.

    python -m bench.rubrics [--part PART] [--show]

Every answer was labelled, criterion by criterion, before any rubric saw it. Every third answer of the first
set was held out while the rubrics were written; the fresh ones were written later, in three rounds, against
rubrics that were finished at the time. bench/rubrics.md has the figures of each at first sight. A verdict of
"unsure" is no verdict: it is counted as sent to a person.
"""

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.answers.question import Question
from autograder.answers.verdict import judge
from autograder.course import assignment as course

ROOT = Path(__file__).parents[1]
ANSWERS = ROOT / "tests/rubrics/answers"
HELD_OUT_EVERY = 3
PARTS = ("tuned", "held-out", "fresh 1", "fresh 2", "fresh 3")


@dataclass(frozen=True)
class Labelled:
    """One answer with its labels."""

    question: str
    kind: str  # right, half, wrong, evasive, keywords, language, copied, offtopic, empty, human
    text: str
    met: frozenset[str]  # ids of the criteria a fair reader calls met
    part: str
    where: str


@dataclass(frozen=True)
class Judged:
    """One criterion of one answer: what the label says and what the rubric said."""

    answer: Labelled
    criterion: str
    met: bool
    outcome: str

    @property
    def decided(self) -> bool:
        return self.outcome != "unsure"

    @property
    def right(self) -> bool:
        return (self.outcome == "met") == self.met


def labelled(folder: Path = ANSWERS) -> Iterator[Labelled]:
    """Every labelled answer; one that belongs to a question asked twice comes once for each."""
    for path in sorted(folder.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for number, raw in enumerate(table["answer"]):
            held_out = number % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
            part = f"fresh {raw['fresh']}" if "fresh" in raw else "held-out" if held_out else "tuned"
            for question in (table["question"], *table.get("also", [])):
                where = f"{path.name} answer {number + 1}"
                yield Labelled(question, raw["kind"], raw["text"], frozenset(raw["met"]), part, where)


def questions(root: Path = ROOT) -> dict[str, Question]:
    return {q.grade_id: q for name in course.names(root) for q in course.load(name, root).questions}


def judged(answers: Iterable[Labelled], asked: dict[str, Question]) -> list[Judged]:
    rows = []
    for answer in answers:
        question = asked[answer.question]
        verdicts = judge(question, answer.text).verdicts
        for criterion in question.criteria:
            outcome = verdicts[criterion.id].outcome
            rows.append(Judged(answer, criterion.id, criterion.id in answer.met, outcome))
    return rows


def kappa(rows: Iterable[Judged]) -> float:
    """Cohen's kappa of met against not met: agreement beyond what chance alone would give."""
    pairs = [(row.met, row.outcome == "met") for row in rows]
    if not pairs:
        return float("nan")
    agreed = sum(a == b for a, b in pairs) / len(pairs)
    ours, theirs = sum(b for _, b in pairs) / len(pairs), sum(a for a, _ in pairs) / len(pairs)
    chance = ours * theirs + (1 - ours) * (1 - theirs)
    return (agreed - chance) / (1 - chance) if chance < 1 else 1.0


@dataclass(frozen=True)
class Cell:
    """One answer as a whole."""

    rows: list[Judged]
    question: Question

    @property
    def graded(self) -> bool:
        """Whether its points count without a person reading it."""
        if judge(self.question, self.rows[0].answer.text).nothing:
            return True
        sure = all(row.decided for row in self.rows)
        return sure and (self.question.kind == "choice" or self.question.mode == "auto")

    @property
    def right(self) -> bool:
        return all(row.decided and row.right for row in self.rows)

    @property
    def falsely_full(self) -> bool:
        return all(row.outcome == "met" for row in self.rows) and not all(row.met for row in self.rows)


def cells(rows: Iterable[Judged], asked: dict[str, Question]) -> list[Cell]:
    by_answer: dict[tuple[str, Labelled], list[Judged]] = {}
    for row in rows:
        by_answer.setdefault((row.answer.question, row.answer), []).append(row)
    return [Cell(own, asked[question]) for (question, _), own in by_answer.items()]


def report(name: str, rows: list[Judged], asked: dict[str, Question]) -> str:
    decided = [row for row in rows if row.decided]
    right = sum(row.right for row in decided)
    wrong_met = sum(not row.right and row.outcome == "met" for row in decided)
    answers = cells(rows, asked)
    alone = [cell for cell in answers if cell.graded]
    columns = (
        name,
        f"{len(answers)}",
        f"{len(rows)}",
        f"{100 * right / len(decided):.1f} %" if decided else "-",
        f"{kappa(decided):.2f}" if decided else "-",
        f"{wrong_met} / {len(decided) - right - wrong_met}",
        f"{100 * (1 - len(decided) / len(rows)):.0f} %",
        f"{100 * (1 - len(alone) / len(answers)):.0f} %",
        f"{sum(not cell.right for cell in alone)} of {len(alone)}",
        f"{sum(cell.falsely_full for cell in answers)}",
    )
    return f"| {' | '.join(columns)} |"


COLUMNS = (
    *("part or kind", "answers", "criteria", "accuracy", "kappa", "wrongly met / not met", "unsure"),
    *("to a person", "graded alone wrongly", "false full marks"),
)
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=(*PARTS, "all"), default="all")
    parser.add_argument("--show", action="store_true", help="list the verdicts that differ from the labels")
    options = parser.parse_args()
    asked = questions()
    everything = [a for a in labelled() if options.part in ("all", a.part)]
    print(HEAD)
    for part in PARTS:
        rows = judged([a for a in everything if a.part == part], asked)
        if rows:
            print(report(part, rows, asked))
    for kind, _ in Counter(a.kind for a in everything).most_common():
        print(report(f"· {kind}", judged([a for a in everything if a.kind == kind], asked), asked))
    if options.show:
        for row in judged(everything, asked):
            if row.decided and not row.right:
                said = judge(asked[row.answer.question], row.answer.text).verdicts[row.criterion].message
                print(f"\n{row.answer.where} ({row.answer.kind}), {row.criterion}: {row.outcome}\n  {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
