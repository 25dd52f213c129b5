"""Written answers, found wherever they stand in the notebooks of a hand-in.

nbgrader knows an answer by the label of its cell. Labels and text part company: an answer goes into a new
cell below the empty one, another editor drops metadata, cells are split, merged, copied, made into code. So
text that the release does not hold and that no label claims is looked for, and goes to the question that it
stands nearest to. Whatever is not in its place is read by a person; an answer is empty only where nothing
of the student's is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autograder.answers.text import MAX_CHARACTERS
from autograder.answers.verdict import judge
from autograder.course.assignment import Assignment
from autograder.errors import IntakeError
from autograder.intake import notes
from autograder.intake.given import given, is_among, lines_of, spaced
from autograder.intake.notebook_files import HandedInCell, parsed
from autograder.intake.prose import hidden_lines, is_prose, says, unveiled
from autograder.notebook import Notebook
from autograder.safe_text import briefly, listed

MAX_ANSWER = MAX_CHARACTERS  # kept of one answer: what the rubric reads; a long one has 2,000
MAX_COPIES = 10  # answers to one question that are shown
MAX_FOUND = 40  # cells of text without a label that are looked at in one notebook
NAMED = 4  # places in which an answer may stand, in one sentence
BETWEEN = "\n\n---\n\n"  # parts of an answer; a line across in Markdown
PICTURE = re.compile(r"!\[[^\[\]]{0,200}\]\(|<img\b", re.I)
PROSE = ("markdown", "raw", "heading")
CUT = " […]"


@dataclass
class WrittenAnswers:
    """What a student wrote, by grade id."""

    texts: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)  # why a person reads it
    broken: dict[str, str] = field(default_factory=dict)  # notebook -> why it cannot be read
    problems: list[str] = field(default_factory=list)

    def doubt(self, question: str, why: str) -> None:
        """Have a person read it."""
        self.doubts[question] = why
        self.problems.append(f"{question}: {why}; needs review")


@dataclass(frozen=True)
class _Copy:
    """A cell with a question's label, and the file it stands in."""

    path: str
    cell: HandedInCell


def read(
    assignment: Assignment,
    notebooks: Mapping[str, bytes],
    spares: Iterable[tuple[str, str, bytes]] = (),
    beside: Sequence[str] = (),
) -> WrittenAnswers:
    """The answers in `notebooks`. `spares` (notebook, file, content) are other copies of one of them.
    `beside` names what else in the hand-in may hold an answer: while there is any, no empty cell settles one.
    """
    reading = WrittenAnswers()
    cells: dict[str, Sequence[HandedInCell]] = {}
    for name, data in notebooks.items():
        try:
            cells[name] = parsed(name, data)
        except IntakeError as error:
            reading.broken[name] = str(error)
    copies = _labelled(assignment, cells, spares)
    there = {
        n.name: _ReadBeside(n, assignment, cells[n.name], copies, reading)
        for n in assignment.notebooks
        if n.name in cells
    }
    strays = {name: each.unclaimed() for name, each in there.items()}
    for notebook in assignment.notebooks:
        others = [place for name, places in strays.items() if name != notebook.name for place in places]
        if notebook.name in there:
            there[notebook.name].read([*others, *beside])
        else:
            _elsewhere(notebook, copies, others, reading)
    return reading


def questions(notebook: Notebook) -> list[str]:
    """The grade ids of its written answers."""
    return [cell.grade_id for cell in notebook.cells if cell.manual]


# The second: older releases.
PLACEHOLDERS = ("", "your answer here", "your answer here: it is not written yet")
LONGEST_PLACEHOLDER = 100


def is_placeholder(answer: str) -> bool:
    """Whether this is the empty answer cell of the release, however it is spaced."""
    start = answer.strip()[:LONGEST_PLACEHOLDER]
    seen = "".join(c for c in start if unicodedata.category(c) != "Cf").strip()
    return len(start) < LONGEST_PLACEHOLDER and seen.strip("*_.").lower() in PLACEHOLDERS


def _labelled(
    assignment: Assignment,
    cells: Mapping[str, Sequence[HandedInCell]],
    spares: Iterable[tuple[str, str, bytes]],
) -> dict[str, list[_Copy]]:
    """Every cell with the label of a question, those of the notebook that counts first."""
    found: dict[str, list[_Copy]] = {q: [] for n in assignment.notebooks for q in questions(n)}
    everywhere = [(f"{name}.ipynb", name, each) for name, each in cells.items()]
    for name, path, data in spares:
        try:
            everywhere.append((path, name, parsed(path, data)))
        except IntakeError:
            continue  # named as unreadable where it was put aside
    home = {q: n.name for n in assignment.notebooks for q in questions(n)}
    for path, _, each in sorted(everywhere, key=lambda entry: len(entry[0].split("/"))):
        for cell in each:
            if cell.label in found:
                found[cell.label].append(_Copy(path, cell))
    for label, each_copy in found.items():
        each_copy.sort(key=lambda c: (c.path != f"{home[label]}.ipynb", c.path, c.cell.number))
    return found


class _ReadBeside:
    """One notebook as it was handed in, beside the same as it was given out."""

    def __init__(
        self,
        notebook: Notebook,
        assignment: Assignment,
        cells: Sequence[HandedInCell],
        copies: Mapping[str, list[_Copy]],
        reading: WrittenAnswers,
    ) -> None:
        self.notebook, self.cells, self.copies, self.reading = notebook, cells, copies, reading
        self.beside: Sequence[str] = ()  # what else in the hand-in may hold an answer
        self.given = given_cells = given(assignment).notebooks.get(notebook.name, ())
        self.place = {c.label: at for at, c in enumerate(given_cells) if c.label}
        self.by_id = {c.id: at for at, c in enumerate(given_cells) if c.id}
        self.by_text = {c.spaced: at for at, c in enumerate(given_cells) if c.spaced}
        self.lines = lines_of(given_cells)
        self.claimed = {label for n in assignment.notebooks for label in questions(n)}
        self.graded = {cell.grade_id for cell in assignment.grade_cells}

        self.assignment = assignment
        self.done = {c.grade_id: self._work_on(c.grade_id) for c in notebook.cells if c.kind == "task"}
        self.used = {cell.number for cells in self.done.values() for cell in cells}
        self.asked = [question for question in questions(notebook) if question not in self.done]
        self.written = {q: _distinct(c for c in copies[q] if self._is_own(c.cell.text)) for q in self.asked}
        self.anchors = [self._anchor(cell) for cell in cells]
        self.is_another = bool(given_cells) and all(at is None for at in self.anchors)
        self.loose = list(self._loose())
        self.nearest = self._nearest(self.loose, self.asked, {q for q in self.asked if self.written[q]})

    def unclaimed(self) -> list[str]:
        """Where text stands that belongs to no question of this notebook."""
        used = {cell.number for each in self.nearest.values() for cell in each}
        free = [] if not all(self.written.values()) else [c for c in self.loose if c.number not in used]
        return [f"{self._file} cell {c.number}" for c in free[:MAX_COPIES]]

    def read(self, beside: Sequence[str]) -> None:
        """Take the answers. `beside` names what else in the hand-in may hold one."""
        self.beside = beside
        for task, cells in self.done.items():
            self._take_work(task, cells)
        for question in self.asked:
            if self.written[question]:
                self._take(question, self.written[question], self.nearest[question])
            else:
                self._search(question, self.nearest[question] or self.loose)
        if unread := self.unclaimed():
            numbers = ", ".join(place.rpartition(" ")[2] for place in unread[:8])
            self.reading.problems.append(
                f"{self._file}: text in cell {numbers} answers no question; it is not read"
            )

    # tasks

    def _work_on(self, task: str) -> list[HandedInCell]:
        """A student's own cells below a task, up to the next cell with points, and the task's if changed."""
        at = next((n for n, cell in enumerate(self.cells) if cell.label == task), None)
        if at is None:
            return []
        end = next((n for n in range(at + 1, len(self.cells)) if self.cells[n].label in self.graded), None)
        return [cell for cell in self.cells[at:end] if cell.spaced not in self.by_text and cell.text.strip()]

    def _take_work(self, task: str, cells: Sequence[HandedInCell]) -> None:
        """What was done for a task. Nothing is certain to be there only in a notebook that nobody touched."""
        self.reading.texts[task] = _cut(BETWEEN.join(_as_markdown(cell) for cell in cells))
        touched = any(cell.ran or (cell.spaced and cell.spaced not in self.by_text) for cell in self.cells)
        if not cells and (touched or self.beside):
            why = "nothing of yours was found below this task, but elsewhere in the notebook"
            self.reading.doubt(task, why)

    @property
    def _file(self) -> str:
        return f"{self.notebook.name}.ipynb"

    def _is_own(self, text: str) -> bool:
        """Whether somebody wrote this: it is not empty, and was not given."""
        return not is_placeholder(text) and spaced(text) not in self.by_text

    def _take(self, question: str, written: list[_Copy], more: list[HandedInCell]) -> None:
        """An answer in its place; whether there are others, or more of it beside."""
        shown = written[:MAX_COPIES]
        parts = [copy.cell.text for copy in shown] + [self._own(cell) for cell in more]
        hidden = any(self._hides(part) for part in parts)
        text = BETWEEN.join(parts)
        self.reading.texts[question] = _cut(unveiled(text) if hidden else text)
        why = ""
        if len(written) > 1:
            places = ", ".join(_where(copy) for copy in shown)
            all_of_them = "all" if len(written) <= MAX_COPIES else f"the first {MAX_COPIES}"
            why = f"{len(written)} answers to this question differ ({places}); {all_of_them} are shown"
        elif more:
            cells = ", ".join(str(c.number) for c in more)
            why = f"more text stands beside this answer, in cell {cells}; it is shown below the answer"
        elif other := self._meant_for(question, shown):
            why = f"this answer has the label of its question, and stands in the cell of {other}"
        elif hidden:
            why = "a part of this answer stands in an HTML comment, which no page shows; it is shown here"
        elif any(PICTURE.search(part) for part in parts):
            why = "this answer holds a picture, which no program reads"
        elif self.beside and self._says_nothing(question, parts[0]):
            why = f"this answer says nothing by itself; it may stand in {_listed(self.beside)}"
        elif len(parts[0]) > MAX_ANSWER:
            why = f"this answer is longer than {MAX_ANSWER} characters; the rest stands in the notebook"
        if why:
            self.reading.doubt(question, why)

    def _search(self, question: str, found: list[HandedInCell]) -> None:
        """A question with nothing in its place: what stands elsewhere?"""
        there = bool(self.copies[question])
        state = f"the cell of this answer is {'empty' if there else 'not in the notebook'}"
        texts = {cell.number: self._own(cell) for cell in found} or self._said.to(question)
        places = [*self.beside, *(f"the answer to {q}" for q in self._with_two(question, there))]
        why = ""
        if texts:
            why = f"{state}; the text shown was found in cell {', '.join(map(str, texts))}"
        elif places:
            why = f"{state}; it may stand in {_listed(places)}"
        elif self.is_another:
            why = f"nothing of {self._file} as it was given out stands in this file"
        if why or there:
            self.reading.texts[question] = _cut(unveiled(BETWEEN.join(texts.values())))
        if why:
            self.reading.doubt(question, why)

    def _hides(self, text: str) -> bool:
        """Whether words of the student's own stand where no page shows them."""
        return any(not is_among(self.lines, line) and any(map(says, line)) for line in hidden_lines(text))

    def _meant_for(self, question: str, written: Sequence[_Copy]) -> str:
        """The other question in whose cell, by its id, an answer stands; labels can be changed by hand."""
        at = (self.by_id.get(copy.cell.id) for copy in written if copy.cell.id)
        labels = {self.given[n].label for n in at if n is not None}
        return min(labels & self.claimed - {question}, default="")

    def _with_two(self, question: str, there: bool) -> Iterator[str]:
        """The questions whose answers may hold this one's: a neighbour's, where its cell is gone."""
        at = self.asked.index(question)
        for place, other in enumerate(self.asked):
            texts = [copy.cell.text for copy in self.written[other][:MAX_COPIES]]
            near = not there and abs(place - at) == 1
            both = near or notes.answers_two(question, other, _cut("\n".join(texts)), self.assignment)
            if texts and both:
                yield other

    @cached_property
    def _said(self) -> notes.Said:
        code = [c for c in self.cells if c.kind not in PROSE and c.label not in self.claimed]
        given_text = [self.given[at].text if (at := self._anchor(c)) is not None else None for c in code]
        return notes.said(code, given_text, self.assignment)

    def _says_nothing(self, question: str, text: str) -> bool:
        """Whether the rubric finds no answer at all in what stands in its place: "see the PDF"."""
        asked = self.assignment.question(question)
        return asked is not None and bool(judge(asked, text).nothing)

    # text that no label claims

    def _loose(self) -> Iterator[HandedInCell]:
        """Cells with text of the student's own that is not at its place."""
        count = 0
        for cell in self.cells:
            if cell.label in self.claimed or cell.number in self.used or not self._own(cell):
                continue
            count += 1
            if count > MAX_FOUND:
                return
            yield cell

    def _own(self, cell: HandedInCell) -> str:
        """The lines of a cell of text that were not given; nothing where the cell is code."""
        lines = [line for line in cell.text.splitlines() if not is_among(self.lines, line)]
        text = "\n".join(lines).strip()
        if is_placeholder(text) or not any(map(says, text)):
            return ""
        return text if cell.kind in PROSE or is_prose(cell.text) else ""

    def _nearest(
        self, loose: Sequence[HandedInCell], asked: Sequence[str], answered: set[str]
    ) -> dict[str, list[HandedInCell]]:
        """Each loose cell with the question it stands next to, else with the nearest that has no answer."""
        near: dict[str, list[HandedInCell]] = {q: [] for q in asked}
        places = {q: self.place[q] for q in asked if q in self.place}
        for cell in loose:
            before = next((a for a in reversed(self.anchors[: cell.number - 1]) if a is not None), -1)
            after = next((a for a in self.anchors[cell.number :] if a is not None), 1 << 30)
            own = self.anchors[cell.number - 1]  # its label is gone, its id is not
            here = {q for q, at in places.items() if at in (before, own) or before < at < after}
            free = {q: abs(places[q] - before) for q in places if q not in answered}
            if here - answered:
                owner = min(here - answered, key=lambda q: places[q])
            elif here:
                owner = max(here, key=lambda q: places[q])
            elif free:
                owner = min(free, key=lambda q: (free[q], places[q]))
            else:
                continue
            near[owner].append(cell)
        return near

    def _anchor(self, cell: HandedInCell) -> int | None:
        """Where a cell of the release stood that this is, perhaps changed."""
        if cell.label in self.place:
            return self.place[cell.label]
        return self.by_text.get(cell.spaced, self.by_id.get(cell.id))


def _as_markdown(cell: HandedInCell) -> str:
    return f"```python\n{cell.text}\n```" if cell.kind == "code" else cell.text


def _elsewhere(
    notebook: Notebook, copies: Mapping[str, list[_Copy]], strays: Sequence[str], reading: WrittenAnswers
) -> None:
    """Answers of a notebook that is not there, in cells that were copied into another."""
    for question in questions(notebook):
        written = _distinct(c for c in copies[question] if not is_placeholder(c.cell.text))
        why = f"the notebook of this answer is missing; it may stand in {_listed(strays)}" if strays else ""
        if written:
            reading.texts[question] = _cut(BETWEEN.join(copy.cell.text for copy in written))
            why = f"the text shown was found in {', '.join(_where(copy) for copy in written[:MAX_COPIES])}"
        if why:
            reading.texts.setdefault(question, "")
            reading.doubt(question, why)


def _listed(places: Sequence[str]) -> str:
    return listed(map(briefly, places), NAMED)


def _distinct(copies: Iterable[_Copy]) -> list[_Copy]:
    """Copies that say different things, each once."""
    return list({spaced(copy.cell.text): copy for copy in reversed(list(copies))}.values())[::-1]


def _where(copy: _Copy) -> str:
    return f"{copy.path} cell {copy.cell.number}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_ANSWER else text[:MAX_ANSWER] + CUT
