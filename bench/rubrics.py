"""Measure how written answers are read, against the labelled ones (bench/labelled.py).

    python -m bench.rubrics [--show]

What is graded alone: which share, and how much of it wrongly. What labelled answers propose of the others:
how often right, κ, and what is left unsure. What that saves a person in minutes over grouping alone.
"""

import argparse
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.answers.groups import ReadAnswer, grouped
from autograder.answers.labelled import Example, propose
from autograder.answers.question import Question
from autograder.answers.verdict import judge
from autograder.records.record import CaseResult, Grade
from bench.labelled import PARTS, Labelled, kappa, labelled, questions

WORDS_A_MINUTE = 238  # silent reading of English non-fiction: mean of 190 studies (Brysbaert 2019)
OPEN, DECIDE, CONFIRM, CHANGE = 2.0, 3.0, 1.5, 4.5  # seconds: next group; a criterion, by what is proposed
FOLDS = 5
OUTCOMES = {"met": "passed", "not met": "failed", "unsure": "skipped"}

Proposals = Mapping[str, bool]  # what is proposed, by criterion; one that is left out is unsure
Way = Callable[
    [Question, Sequence[Example], Sequence[str]], Sequence[Proposals]
]  # from examples to proposals


@dataclass(frozen=True)
class Read:
    """One answer, as it was read."""

    answer: Labelled
    question: Question
    alone: bool  # its points count without a person
    proposals: Proposals

    @property
    def wrong(self) -> bool:
        """Graded alone, and not as a fair reader would."""
        said = {name for name, met in self.proposals.items() if met}
        return self.alone and (self.answer.kind == "human" or said != self.answer.met)

    @property
    def pairs(self) -> list[tuple[bool, bool]]:
        """(label, proposal) of the criteria that are proposed."""
        return [(name in self.answer.met, met) for name, met in self.proposals.items()]

    @property
    def answer_as_graded(self) -> ReadAnswer:
        question = self.question
        cases = tuple(
            CaseResult(c.id, "criterion", c.points, OUTCOMES[_outcome(self.proposals, c.id)])  # type: ignore[arg-type]
            for c in question.criteria
        )
        grade = Grade(question.grade_id, "", None, question.points, "needs_review", cases)
        return ReadAnswer(self.answer.where, self.answer.text, grade)


def _outcome(proposals: Proposals, name: str) -> str:
    return "unsure" if name not in proposals else "met" if proposals[name] else "not met"


def read(answer: Labelled, asked: Mapping[str, Question]) -> Read:
    question = asked[answer.question]
    judgement = judge(question, answer.text)
    found = {name: v.outcome == "met" for name, v in judgement.verdicts.items() if v.outcome != "unsure"}
    return Read(answer, question, judgement.settled, found)


def taught(rows: list[Read], way: Way = propose) -> list[Read]:
    """The same, with what labelled answers of others propose.

    The build part and the other questions: each fifth of a question's answers from the other four fifths.
    The other writers: from the build part.
    """
    better = {id(row): row for row in rows}
    for name, part, number in sorted({_batch(row) for row in rows}):
        new = [r for r in rows if _batch(r) == (name, part, number) and not r.alone]
        known = [r for r in rows if r.answer.question == name and not r.alone and _may_teach(r, part, number)]
        pairs = [Example(name, r.answer.text, r.answer.met) for r in known]
        if new:
            found = way(new[0].question, pairs, [r.answer.text for r in new])
            for row, more in zip(new, found, strict=True):
                better[id(row)] = replace(row, proposals={**more, **row.proposals})
    return list(better.values())


def _batch(row: Read) -> tuple[str, str, int]:
    """Answers that the same examples are for."""
    answer = row.answer
    fold = 0 if answer.part == "other writers" else zlib.crc32(answer.where.encode()) % FOLDS + 1
    return answer.question, answer.part, fold


def _may_teach(example: Read, part: str, number: int) -> bool:
    """Whether a person has labelled this one before those of a part and a fold of it."""
    return (
        example.answer.part == ("build" if part == "other writers" else part) and _batch(example)[2] != number
    )


def minutes(rows: Iterable[Read], proposed: bool = True) -> float:
    """What a person needs for 100 answers to one question as these are, those graded alone included."""
    by_question: dict[str, list[Read]] = {}
    for row in rows:
        by_question.setdefault(row.answer.question, []).append(row)
    seconds = sum(_seconds(own, proposed) for own in by_question.values())
    return seconds / 60 * 100 / sum(map(len, by_question.values()))


def _seconds(rows: list[Read], proposed: bool) -> float:
    """One question: each group is read once, by its first answer."""
    waiting = {row.answer.where: row for row in rows if not row.alone}
    first = next(iter(rows)).question
    found = grouped(first.grade_id, [row.answer_as_graded for row in waiting.values()], first)
    total = 0.0
    for group in found:
        row = waiting[group[0].student]
        total += OPEN + len(row.answer.text.split()) / WORDS_A_MINUTE * 60
        for criterion in row.question.criteria:
            given = row.proposals.get(criterion.id) if proposed else None
            right = given == (criterion.id in row.answer.met)
            total += DECIDE if given is None else CONFIRM if right else CHANGE
    return total


def line(name: str, rows: list[Read]) -> str:
    alone, waiting = [r for r in rows if r.alone], [r for r in rows if not r.alone]
    pairs = [pair for row in waiting for pair in row.pairs]
    criteria = sum(len(row.question.criteria) for row in waiting)
    wrong = sum(a != b for a, b in pairs)
    columns = (
        *(name, f"{len(rows)}", f"{100 * len(alone) / len(rows):.0f} %", f"{sum(r.wrong for r in alone)}"),
        f"{100 * (1 - len(pairs) / criteria):.0f} %" if criteria else "-",
        f"{100 * (1 - wrong / len(pairs)):.0f} %" if pairs else "-",
        f"{kappa(pairs):.2f}" if pairs else "-",
        *(f"{wrong}", f"{minutes(rows, False):.1f}", f"{minutes(rows):.1f}"),
    )
    return f"| {' | '.join(columns)} |"


COLUMNS = (
    *("", "answers", "graded alone", "wrong", "unsure", "accuracy", "κ", "wrong proposals"),
    *("minutes, grouped only", "minutes"),
)
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


def table(rows: list[Read]) -> str:
    """By part, then by question; "unsure" to "wrong proposals" are of answers that a person reads."""
    lines = [HEAD, *(line(part, [r for r in rows if r.answer.part == part]) for part in PARTS)]
    lines.append(line("all", rows))
    for name in dict.fromkeys(r.answer.question for r in rows):
        own = [r for r in rows if r.answer.question == name]
        lines.append(line(name.removeprefix("inline_"), own))
    return "\n".join(lines)


def show(rows: Iterable[Read]) -> None:
    for row in rows:
        wrong = [name for name, met in row.proposals.items() if met != (name in row.answer.met)]
        if row.wrong or (wrong and not row.alone):
            how = "GRADED ALONE" if row.alone else ""
            print(f"\n{row.answer.where} ({row.answer.kind}, {row.answer.style}) {', '.join(wrong)} {how}")
            print(f"  {row.answer.text.strip()}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", action="store_true", help="list what differs from the labels; build only")
    options = parser.parse_args()
    asked = questions()
    rows = [read(answer, asked) for answer in labelled()]
    print("Graded alone, and the rest grouped:\n")
    print(table(rows))
    print("\nWith proposals from labelled answers:\n")
    print(table(taught(rows)))
    if options.show:
        show(r for r in rows if r.answer.part == "build")
    return 0


if __name__ == "__main__":
    sys.exit(main())
