"""The rubrics of an assignment's inline questions: `<assignment>.toml` of the course as typed objects.

`course/assignment.py` uses this; nothing else reads the files. Points stand in the notebooks alone: a
criterion has a share of its cell's. docs/rubrics.md describes the format.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.answers.language import GLUE
from autograder.answers.phrases import FILLERS, WINDOW, Pattern, PatternError, Phrase, Phrases, group, parse
from autograder.answers.question import Criterion, Evidence, Question, Words
from autograder.answers.text import lexicon
from autograder.errors import RubricError
from autograder.notebook import Cell, question_text
from autograder.toml_table import TomlTable

QUESTION_KEYS = ("same_as", "mode", "answer", "options", "subjects", "words", "yes", "no", "criterion")
CRITERION_KEYS = ("id", "title", "share", "full", "choose", "unsure", "slot", "part")
EVIDENCE_KEYS = ("accept", "reject", "unclear", "subject", "window")
SHARES_TOLERANCE = 1e-6  # shares such as 1/3 are typed with a few digits
TOPIC = "topic"  # the group of words of which any answer on the subject has at least one


def read(path: Path, cells: Iterable[Cell], root: Path) -> tuple[Question, ...]:
    """The questions of a rubric file, in its order; none where there is no file.

    Raises:
        RubricError: the file does not say what it should, or asks about cells that are not there.
    """
    if not path.is_file():
        return ()
    where = path.relative_to(root).as_posix()
    table, words = _load(path, root)
    inline = {cell.grade_id: cell for cell in cells}
    found = []
    for grade_id, raw in table.items():
        at = f"{where}: {grade_id}"
        if grade_id not in inline:
            known = ", ".join(inline) or "none"
            raise RubricError(
                f"{at}: expected an inline question of the assignment ({known}); rename or delete it"
            )
        fields, shared = _followed(TomlTable(raw, at), path.parent, words, root)
        fields.refuse_unknown(QUESTION_KEYS)
        found.append(_question(fields, inline[grade_id], shared))
    return tuple(found)


def _load(path: Path, root: Path) -> tuple[dict[str, Any], Words]:
    """The questions of a file, and the groups of words that they share."""
    where = path.relative_to(root).as_posix()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RubricError(f"{where}: expected TOML in UTF-8, got: {error}; correct the file") from error
    return table, TomlTable(table.pop("words", {}), f"{where}: words").groups()


def _followed(table: TomlTable, folder: Path, words: Words, root: Path) -> tuple[TomlTable, Words]:
    """The table itself, or the one in another file that it names: a question that is asked twice."""
    if "same_as" not in table.raw:
        return table, words
    table.refuse_unknown(("same_as",))
    assignment, _, grade_id = table.text("same_as").partition(": ")
    other = folder / f"{assignment}.toml"
    questions, shared = _load(other, root) if other.is_file() else ({}, {})
    if grade_id not in questions or "same_as" in questions[grade_id]:
        raise table.fail(
            "another file's question, as in 'first: question_1'",
            table.raw["same_as"],
            "correct it",
            "same_as",
        )
    return TomlTable(questions[grade_id], table.where), shared


def _patterns(table: TomlTable, key: str, words: Words) -> tuple[Pattern, ...]:
    window = table.raw.get("window", WINDOW)
    if not isinstance(window, int) or isinstance(window, bool) or window < 1:
        raise table.fail("a whole number above 0", window, "correct it or delete the line", "window")
    return tuple(_checked(table, key, lambda t=text: parse(t, words, window)) for text in table.texts(key))


def _checked(table: TomlTable, key: str, make: Any) -> Any:
    try:
        return make()
    except PatternError as error:
        raise RubricError(f"{table.where}: {key}: {error}; correct the pattern") from None


def _question(table: TomlTable, cell: Cell, shared: Words) -> Question:
    words = {**shared, **TomlTable(table.raw.get("words", {}), f"{table.where}: words").groups()}
    options = _calls(table, "options", words)
    for number, (name, _) in enumerate(options, 1):
        if name != str(number):
            raise table.fail(
                'options "1", "2", … in order', name, "number them as the question does", "options"
            )
    others = _calls(table, "subjects", words)
    subjects = (*options, *others)
    named = [name for name, _ in subjects]
    criteria = tuple(_criterion(t, cell.points, named, words) for t in table.tables("criterion"))
    _check_criteria(table, criteria, [name for name, _ in options])
    question = Question(
        grade_id=cell.grade_id,
        kind="choice" if any(c.chosen is not None for c in criteria) else "text",
        mode=table.choice("mode", ("review", "auto"), "review"),  # type: ignore[arg-type]
        asked=question_text(cell),
        answer=table.text("answer"),
        criteria=criteria,
        options=tuple(name for name, _ in options),
        subjects=subjects,
        yes=_patterns(table, "yes", words),
        no=_patterns(table, "no", words),
    )
    topic = lexicon(" ".join(words.get(TOPIC, ())))
    return dataclasses.replace(question, vocabulary=_vocabulary(question, topic))


def _calls(table: TomlTable, key: str, words: Words) -> tuple[tuple[str, Phrases], ...]:
    """What each option or subject is called."""
    inner = TomlTable(table.raw.get(key, {}), f"{table.where}: {key}")
    return tuple(
        (name, _checked(inner, name, lambda e=entries: group(e, words)))
        for name, entries in inner.groups().items()
    )


def _criterion(table: TomlTable, points: float, subjects: list[str], words: Words) -> Criterion:
    table.refuse_unknown((*CRITERION_KEYS, *EVIDENCE_KEYS))
    name = table.text("id")
    table.where = f"{table.where} ({name})"
    share = table.raw.get("share")
    if not isinstance(share, int | float) or isinstance(share, bool) or not 0 < share <= 1:
        raise table.fail(
            "a number above 0, up to 1", share, "give the criterion its share of the points", "share"
        )
    chosen = table.raw.get("choose")
    parts = table.tables("part") or ([] if chosen is not None else [table])
    evidence = tuple(_evidence(part, subjects, words) for part in parts)
    if (chosen is not None) == bool(evidence):
        raise table.fail("either choose or accept", chosen, "say in one way how it is recognised")
    slot = table.text("slot", "")
    if slot and slot not in subjects:
        raise table.fail(f"a subject ({', '.join(subjects)})", slot, "correct it", "slot")
    return Criterion(
        id=name,
        title=table.text("title"),
        points=round(points * share, 4),
        full=table.text("full"),
        chosen=None if chosen is None else _options(table, chosen, "choose"),
        unsure=_unsure(table),
        slot=slot,
        evidence=evidence,
    )


def _unsure(table: TomlTable) -> tuple[frozenset[str], ...]:
    value = table.raw.get("unsure", [])
    if not isinstance(value, list):
        raise table.fail("a list of lists of option numbers", value, "write unsure = [[2, 3]]", "unsure")
    return tuple(_options(table, options, "unsure") for options in value)


def _options(table: TomlTable, value: Any, key: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(v, int) and not isinstance(v, bool) for v in value):
        raise table.fail("a list of option numbers", value, f"write {key} = [1, 3]", key)
    return frozenset(map(str, value))


def _evidence(table: TomlTable, subjects: list[str], words: Words) -> Evidence:
    if table.where.rpartition(": ")[2].startswith("part"):
        table.refuse_unknown(EVIDENCE_KEYS)
    subject = table.text("subject", "")
    if subject and subject not in subjects:
        raise table.fail(f"a subject ({', '.join(subjects) or 'none'})", subject, "correct it", "subject")
    accept = _patterns(table, "accept", words)
    if not accept:
        raise table.fail("patterns to accept", None, 'write accept = ["..."] or choose = [...]', "accept")
    evidence = Evidence(
        accept, _patterns(table, "reject", words), _patterns(table, "unclear", words), subject
    )
    for pattern in (*evidence.accept, *evidence.reject, *evidence.unclear):
        if pattern.subject and pattern.subject not in subjects:
            raise table.fail(
                f"a subject ({', '.join(subjects) or 'none'})", pattern.text, "correct the pattern"
            )
    return evidence


def _check_criteria(table: TomlTable, criteria: tuple[Criterion, ...], options: list[str]) -> None:
    if not criteria:
        raise table.fail("criteria", None, "write [[....criterion]] for each", "criterion")
    ids = [c.id for c in criteria]
    if len(set(ids)) < len(ids):
        raise table.fail("each id once", ids, "rename one", "criterion")
    total = sum(float(t.raw["share"]) for t in table.tables("criterion"))
    if abs(total - 1) > SHARES_TOLERANCE:
        raise table.fail("shares that sum to 1", round(total, 4), "correct the shares", "criterion")
    for criterion in criteria:
        for name in sorted((criterion.chosen or frozenset()).union(*criterion.unsure)):
            if name not in options:
                raise table.fail(f"one of the options {', '.join(options)}", name, "correct it", criterion.id)


def _vocabulary(question: Question, topic: frozenset[str]) -> tuple[Phrase, ...]:
    """Single words, one of which stands in any answer on the topic."""
    patterns = [*question.yes, *question.no]
    for criterion in question.criteria:
        for part in criterion.evidence:
            patterns += [*part.accept, *part.reject, *part.unclear]
    looked_for = [ps for pattern in patterns for term in pattern.terms for _, ps in term.alternatives]
    called = [phrases for _, phrases in question.subjects]
    found = {word for phrases in (*looked_for, *called) for phrase in phrases.all for word in phrase}
    words = {word for word in found if len(word) > 2 and word[0].isalpha() and word not in GLUE | FILLERS}
    return tuple((word,) for word in sorted({*words, *question.options, *topic}))
