"""Small records and pages to look into."""

import html.parser
from pathlib import Path
from typing import Any

from autograder.course.assignment import Assignment
from autograder.course.course import Course
from autograder.notebook import GradeCell, Notebook
from autograder.records.record import CaseResult, Grade, Hashes, Record


def assignment(*grade_ids: str, title: str = "A <lesson>", points: float = 2.0) -> Assignment:
    """An assignment of one notebook; a grade id such as "other/sgd" puts a cell into another one."""
    notebooks: dict[str, list[GradeCell]] = {}
    for grade_id in grade_ids:
        name, _, cell = grade_id.rpartition("/")
        kind = "inline" if cell.startswith("inline") else "code"
        notebook = notebooks.setdefault(name or "nb", [])
        notebook.append(GradeCell(cell, name or "nb", points, kind, kind == "inline"))  # type: ignore[arg-type]
    made = tuple(Notebook(name, Path(f"{name}.ipynb"), tuple(cells)) for name, cells in notebooks.items())
    course = Course(Path(), "A course", "cs_lib", ("lesson",), Path("graders"), Path("rubrics"))
    return Assignment("lesson", title, course, made)


def record(*grades: Grade, student: str = "s001", **more: Any) -> Record:
    return Record(student, "lesson", "none", Hashes("", "", ""), {g.grade_id: g for g in grades}, **more)


def case(case_id: str = "affine_forward[matrix]", outcome: str = "failed", **more: Any) -> CaseResult:
    fields = {"message": "m" if outcome == "failed" else "", "kind": "core", "weight": 1.0, **more}
    return CaseResult(id=case_id, outcome=outcome, **fields)  # type: ignore[arg-type]


def graded(points: float | None, *cases: CaseResult, grade_id: str = "affine_forward", **more: Any) -> Grade:
    state = more.pop("state", "graded" if points is not None else "error")
    return Grade(grade_id, more.pop("notebook", "nb"), points, 2.0, state, cases, **more)


class Tags(html.parser.HTMLParser):
    """The elements of a page, what they hold, and where its links go."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []  # (tag, name, value)
        self.text = ""
        self.headings: list[tuple[int, str]] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._inside = tag
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("style", "script"):
            self.text += data
        if self._inside in ("h1", "h2", "h3", "h4"):
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)

    def of(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]
