"""The rubrics of an assignment's inline questions: `<assignment>.toml` of the course as typed objects.

`course/assignment.py` uses this; nothing else reads the files. Points stand in the notebooks alone: a
criterion has a share of its cell's. docs/rubrics.md describes the format.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from autograder.answers.question import Criterion, Question
from autograder.answers.signs import Names, Options
from autograder.answers.text import sentences, spelled
from autograder.answers.words import GLUE, stem
from autograder.errors import CourseError
from autograder.notebook import Cell, question_text
from autograder.toml_table import TomlTable, described, is_number, load

QUESTION_KEYS = ("same_as", "answer", "options", "slots", "called", "criterion")
CRITERION_KEYS = ("id", "title", "share", "full", "choose", "unsure", "slot")
SHARES_TOLERANCE = 1e-6  # shares such as 1/3 are typed with a few digits
Topic = tuple[str, ...]


def read(path: Path, cells: Iterable[Cell], root: Path) -> tuple[Question, ...]:
    """The questions of a rubric file, in its order; none where there is no file.

    Raises:
        CourseError: the file does not say what it should, or asks about cells that are not there.
    """
    if not path.is_file():
        return ()
    where = path.relative_to(root).as_posix()
    table, topic = _load(path, root)
    inline = {cell.grade_id: cell for cell in cells}
    found = []
    for grade_id, raw in table.items():
        at = f"{where}: {grade_id}"
        if grade_id not in inline:
            known = ", ".join(inline) or "none"
            raise CourseError(
                f"{at}: expected an inline question of the assignment ({known}); rename or delete it"
            )
        fields, shared = _followed(TomlTable(raw, at), path.parent, topic, root)
        fields.refuse_unknown(QUESTION_KEYS)
        found.append(_question(fields, inline[grade_id], shared))
    return tuple(found)


def _load(path: Path, root: Path) -> tuple[dict[str, Any], Topic]:
    """The questions of a file, and the words of which any answer on their topic has at least one."""
    where = path.relative_to(root).as_posix()
    table = load(path, where)
    words = TomlTable(table.pop("words", {}), f"{where}: words")
    words.refuse_unknown(("topic",))
    return table, words.texts("topic")


def _followed(table: TomlTable, folder: Path, topic: Topic, root: Path) -> tuple[TomlTable, Topic]:
    """The table itself, or the one in another file that it names: a question that is asked twice."""
    if "same_as" not in table.raw:
        return table, topic
    table.refuse_unknown(("same_as",))
    assignment, _, grade_id = table.line("same_as").partition(": ")
    other = folder / f"{assignment}.toml"
    questions, shared = _load(other, root) if other.is_file() else ({}, ())
    if grade_id not in questions or "same_as" in questions[grade_id]:
        what = "another file's question, as in 'first: question_1'"
        raise table.fail("same_as", what, described(table.raw["same_as"]), "correct it")
    return TomlTable(questions[grade_id], table.where), shared


def _question(table: TomlTable, cell: Cell, topic: Topic) -> Question:
    asked, answer = question_text(cell), table.line("answer")
    options = _options_of(table, asked)
    criteria = tuple(_criterion(t, cell.points, options) for t in table.tables("criterion", "...."))
    _check_criteria(table, criteria, options.numbers if options else ())
    named = [words for _, called in (*options.names, *options.slots) for words in called] if options else []
    said = [asked, answer, *(c.full for c in criteria), *topic, *(" ".join(n) for n in named)]
    words = {w for text in said for s in sentences(text) for w in s.plain if len(w) > 2 and w.isalpha()}
    vocabulary = frozenset(w for w in words - GLUE if stem(w) not in GLUE)
    return Question(cell.grade_id, asked, answer, criteria, options, vocabulary)


def _options_of(table: TomlTable, asked: str) -> Options | None:
    """What can be chosen: the options by number, each called by the names given and by its own text."""
    names, slots = _names(table, "options"), _names(table, "slots")
    for number, (name, _) in enumerate(names, 1):
        what = 'options "1", "2", … in order'
        table.need(name == str(number), "options", what, name, "number them as the question does")
    if not names:
        return None
    own = {s.item: s.plain for s in sentences(asked) if s.item}
    names = tuple((name, (*called, *filter(None, [own.get(name, ())]))) for name, called in names)
    return Options(tuple(name for name, _ in names), names, slots, table.texts("called"), asked)


def _names(table: TomlTable, key: str) -> Names:
    """What each option or slot is called."""
    inner = TomlTable(table.raw.get(key, {}), f"{table.where}: {key}")
    return tuple(
        (name, tuple(tuple(map(spelled, text.split())) for text in called))
        for name, called in inner.groups().items()
    )


def _criterion(table: TomlTable, points: float, options: Options | None) -> Criterion:
    table.refuse_unknown(CRITERION_KEYS)
    name = table.line("id")
    table.where = f"{table.where} ({name})"
    share: Any = table.raw.get("share")
    holds = is_number(share) and 0 < share <= 1
    advice = "give the criterion its share of the points"
    table.need(holds, "share", "a number above 0, up to 1", share, advice)
    chosen = table.raw.get("choose")
    slot, slots = table.line("slot", ""), [name for name, _ in options.slots] if options else []
    if (slot or (slots and chosen is not None)) and slot not in slots:
        raise table.fail(
            "slot", f"a slot ({', '.join(slots) or 'none'})", described(slot or None), "correct it"
        )
    return Criterion(
        id=name,
        title=table.line("title"),
        points=round(points * share, 4),
        full=table.line("full"),
        chosen=None if chosen is None else _options(table, chosen, "choose"),
        unsure=_unsure(table),
        slot=slot,
    )


def _unsure(table: TomlTable) -> tuple[frozenset[str], ...]:
    value = table.raw.get("unsure", [])
    what = "a list of lists of option numbers"
    table.need(isinstance(value, list), "unsure", what, value, "write unsure = [[2, 3]]")
    return tuple(_options(table, options, "unsure") for options in value)


def _options(table: TomlTable, value: Any, key: str) -> frozenset[str]:
    holds = isinstance(value, list) and all(isinstance(v, int) and not isinstance(v, bool) for v in value)
    table.need(holds, key, "a list of option numbers", value, f"write {key} = [1, 3]")
    return frozenset(map(str, value))


def _check_criteria(table: TomlTable, criteria: tuple[Criterion, ...], options: Sequence[str]) -> None:
    table.need(criteria, "criterion", "criteria", None, "write [[....criterion]] for each")
    ids = [c.id for c in criteria]
    table.need(len(set(ids)) == len(ids), "criterion", "each id once", ids, "rename one")
    total = sum(float(t.raw["share"]) for t in table.tables("criterion", "...."))
    holds = abs(total - 1) <= SHARES_TOLERANCE
    table.need(holds, "criterion", "shares that sum to 1", round(total, 4), "correct the shares")
    for criterion in criteria:
        for name in sorted((criterion.chosen or frozenset()).union(*criterion.unsure)):
            what = f"one of the options {', '.join(options)}"
            table.need(name in options, criterion.id, what, name, "correct it")
