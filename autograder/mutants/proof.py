"""All that shows whether an assignment holds together, in one page: `autograder verify`.

Each section says what was found in a line, and each finding where and what to do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from autograder.answers import labelled
from autograder.answers.verdict import judge
from autograder.course.assignment import Assignment
from autograder.errors import CourseError, GradingError, ReleaseError
from autograder.files import text_of
from autograder.judge.grading import without_cell, without_grader
from autograder.judge.imported import RIGHT
from autograder.mutants import campaign, regions, result_tables, right
from autograder.mutants.bench import at_bench
from autograder.mutants.campaign import Choice
from autograder.mutants.regions import Target, Texts
from autograder.notebook import source_of
from autograder.release import later, leaks, verify
from autograder.release.build import Tell, differences, tell
from autograder.release.package import Skeleton, skeleton, solved
from autograder.release.verify import VerifyResult
from autograder.reports import pages
from autograder.safe_text import plural

LINK = re.compile(r"\]\(([^()\s#]+)(?:#[^()\s]*)?\)|(?:href|src)=\"([^\"#]+)\"")
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|/|attachment:")
NBGRADER = "nbgrader_config.py"
CONFIGURED = re.compile(r"^(?:from|import) autograder\.bridge\.nbgrader\b.*^configure\(", re.M | re.S)
Said = tuple[str, list[str]]  # a line, and findings


@dataclass(frozen=True)
class ProofSection:
    title: str
    said: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proof:
    """What is known of one assignment."""

    assignment: Assignment
    sections: tuple[ProofSection, ...]
    verified: VerifyResult | None  # None: the course does not hold together

    @property
    def failed(self) -> bool:
        return self.verified is None

    @property
    def findings(self) -> list[str]:
        return [finding for section in self.sections for finding in section.findings]

    def __str__(self) -> str:
        return "\n".join(f"  {section.title}: {section.said}" for section in self.sections)


class _WorkedOut:
    """What sections share: the library, worked out once, which takes seconds, and how grading it went."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.result: VerifyResult | None = None

    @cached_property
    def skeleton(self) -> Skeleton:
        return skeleton(self.assignment)

    @cached_property
    def texts(self) -> Texts:
        return solved(self.assignment)

    @cached_property
    def targets(self) -> list[Target]:
        return regions.targets(self.assignment, self.texts)


def prove(
    assignment: Assignment, models: Path | None, mutants: int, out: Path, progress: Tell = tell
) -> Proof:
    """Look at everything; what one section finds keeps no other from being looked at.

    Args:
        models: trained models; None runs the solved notebooks.
        mutants: how many mutants to judge.
        out: where their verdicts are kept.
    """
    library = _WorkedOut(assignment)
    looks: list[tuple[str, Callable[[], Said]]] = [
        ("marks", lambda: _marks(library)),
        ("to do, cells, graders", lambda: _owned(assignment, library)),
        ("points", lambda: _points(assignment)),
        ("solved and untouched", lambda: _graded(library, models, progress)),
        ("notebooks", lambda: _run(library, models)),
        ("release built anew", lambda: _anew(assignment)),
        ("answers in the release", lambda: _leaks(assignment, library)),
        ("links", lambda: _links(assignment)),
        ("nbgrader's own commands", lambda: _nbgrader(assignment)),
        ("rubrics", lambda: _rubrics(assignment, library.result)),
        ("other right solutions", lambda: _right(assignment, library)),
        ("mutants", lambda: _mutants(assignment, mutants, out)),
    ]
    sections, named = [], set[str]()  # what several sections come upon is named once
    for title, look in looks:
        if title in ("other right solutions", "mutants"):
            progress(f"{assignment.name}: {title}")
        try:
            said, findings = look()
        except (CourseError, ReleaseError, GradingError) as error:
            said, findings = "could not be looked at", [str(error)]
        fresh = [finding for finding in dict.fromkeys(findings) if finding not in named]
        named.update(fresh)
        more = "; see above" if findings and not fresh else ""
        sections.append(ProofSection(title, said + more, tuple(fresh)))
    return Proof(assignment, tuple(sections), library.result)


def _marks(library: _WorkedOut) -> Said:
    built = library.skeleton
    own = {solution.owner for solution in built.solutions}
    regions, functions = plural(len(built.solutions), "region"), plural(len(own), "function")
    findings = later.in_no_list(library.assignment, built.given)
    given = f"{plural(len(built.given), 'other')} given solved" if built.given else "none is given solved"
    return f"{regions} taken out of {functions}; {given}", findings


def _owned(assignment: Assignment, library: _WorkedOut) -> Said:
    """The to-do list against cells against graders: nothing without an owner."""
    targets = library.targets
    with at_bench(assignment, library.texts) as bench:
        own = bench.owners(targets)
    checks = bench.loaded
    settings = assignment.where(assignment.settings)
    findings = [f"{settings}: todo: {t.name}: no grader runs what students write; write a case"
                for t in targets if not own[t.name] and not t.name.startswith("notebooks.")]  # fmt: skip
    findings += [*without_grader(assignment, checks), *without_cell(assignment, checks)]
    counts = [(len(targets), "function"), (len(assignment.grade_cells), "cell"), (len(checks), "check")]
    return ", ".join(plural(count, word) for count, word in counts), findings


def _points(assignment: Assignment) -> Said:
    parts = [f"{notebook.name} {notebook.max_points:g}" for notebook in assignment.notebooks]
    nothing = [
        f"source/{assignment.name}/{cell.notebook}.ipynb: {cell.grade_id}: a cell of 0 points; give it some"
        for cell in assignment.grade_cells
        if cell.points <= 0
    ]
    return f"{assignment.max_points:g} in all: {', '.join(parts)}", nothing


def _graded(library: _WorkedOut, models: Path | None, progress: Tell) -> Said:
    try:
        library.result = verify.verify(library.assignment, models, progress)
    except ReleaseError as error:
        _, *reasons = str(error).split("\n  ")
        if not reasons:
            raise
        return "the solution and the release do not earn what they should", reasons
    return str(library.result), []


def _run(library: _WorkedOut, models: Path | None) -> Said:
    if models is not None:
        return f"not run: trained models were taken from {models}", []
    count = len(library.assignment.notebooks)
    return (f"{count} run to the end", []) if library.result else ("stopped", [])


def _released(assignment: Assignment) -> Iterator[tuple[str, str]]:
    folder = assignment.release_folder
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".md", ".txt", ".ipynb", ".toml"):
            yield path.relative_to(folder).as_posix(), text_of(path)


def _anew(assignment: Assignment) -> Said:
    """All that `release` refuses, it would refuse of what lies in the course now."""
    count, findings = differences(assignment)
    return f"{plural(count, 'file')} as they lie in release/{assignment.name}", findings


def _leaks(assignment: Assignment, library: _WorkedOut) -> Said:
    """The release as it lies there is searched once more, every text of it."""
    search = leaks.Search(library.skeleton.solutions)
    findings, count = [], 0
    for name, text in _released(assignment):
        count += 1
        where = f"release/{assignment.name}/{name}"
        pieces = [("", text)]
        if name.endswith(".ipynb"):
            pieces = [(f" cell {n}", source_of(cell)) for n, cell in enumerate(json.loads(text)["cells"], 1)]
        for place, piece in pieces if name != "work.py" else ():
            try:
                search.refuse(piece, f"{where}{place}")
            except ReleaseError as error:
                findings.append(str(error))
    return f"{plural(count, 'file')} searched for {plural(len(search.keys), 'line')} of solutions", findings


def _links(assignment: Assignment) -> Said:
    """Links of texts that students read, to files that they get."""
    folder, findings, count = assignment.release_folder, [], 0
    packed = [path for pattern in assignment.course.data for path in assignment.root.glob(pattern)]
    there = {assignment.where(path) for path in packed}
    for name, text in _released(assignment):
        if not name.endswith((".md", ".ipynb")):
            continue
        for match in LINK.finditer(text.replace('\\"', '"')):
            target = match[1] or match[2]
            if OUTSIDE.match(target):
                continue
            count += 1
            path = (PurePosixPath(name).parent / target).as_posix()
            if not (folder / path).exists() and path not in there:
                findings.append(f"release/{assignment.name}/{name}: {target}: a link to no file; correct it")
    return f"{count} to files of the release", findings


def _nbgrader(assignment: Assignment) -> Said:
    """Its own `autograde` runs a hand-in's cells with all that the instructor may do."""
    path = assignment.root / NBGRADER
    if path.is_file() and CONFIGURED.search(text_of(path)):
        return f"through the same graders, by {NBGRADER}", []
    return f"not ours: {NBGRADER} is missing, or does not call the engine", [
        f"{NBGRADER}: expected `from autograder.bridge.nbgrader import configure` and "
        "`configure(get_config())`, found no such lines; write them, or `nbgrader autograde` runs hand-ins "
        "with no sandbox"
    ]


def _rubrics(assignment: Assignment, result: VerifyResult | None) -> Said:
    """Written questions, and what the solution's own answers earn by their rubrics."""
    written = assignment.written
    if not written:
        return "no written questions", []
    findings = []
    for grade_id, question in written.items():
        grade = result.solved.grades[grade_id] if result else None
        if (
            question is not None
            and grade is not None
            and grade.points is not None
            and grade.points < grade.max_points
        ):
            lost = ", ".join(c.id for c in grade.cases if c.outcome != "passed")
            where = assignment.where(assignment.course.rubrics)
            findings.append(
                f"{where}/{assignment.name}.toml: {grade_id}: the solution's own answer earns "
                f"{grade.points:g} of {grade.max_points:g} ({lost}); add its words to "
                "the rubric, or say more in the answer"
            )
    having = sum(question is not None for question in written.values())
    count, more = _examples(assignment)
    return (
        f"{having} of {plural(len(written), 'question')} with a rubric; answers kept as examples: {count}",
        findings + more,
    )


def _examples(assignment: Assignment) -> tuple[int, list[str]]:
    """Decided answers beside the rubric, held against it as it is now: it may have changed since."""
    path = assignment.labelled
    examples, findings = labelled.read(path)
    where = assignment.where(path)
    for example in examples:
        start = f"{where}: {example.question}: {example.answer[:40]!r}"
        question = assignment.question(example.question)
        if question is None:
            findings.append(f"{start}: a question without a rubric; correct the name, or delete the line")
            continue
        unknown = example.met - {criterion.id for criterion in question.criteria}
        judged = judge(question, example.answer)
        met = {name for name, verdict in judged.verdicts.items() if verdict.outcome == "met"}
        if unknown:
            named = ", ".join(sorted(unknown))
            findings.append(
                f"{start}: {named}: no criterion of the rubric; correct the name, or delete the line"
            )
        elif judged.settled and met != example.met:
            findings.append(
                f"{start}: by the rubric it meets {', '.join(sorted(met)) or 'nothing'}, a person decided "
                f"{', '.join(sorted(example.met)) or 'nothing'}; correct the rubric or the line"
            )
    return len(examples), findings


def _right(assignment: Assignment, library: _WorkedOut) -> Said:
    found = right.styles(assignment, library.targets, library.texts)
    if not found:
        folder = assignment.where(assignment.graders)
        return f"none; {folder}/{RIGHT}/STYLE/ would hold some", []
    with at_bench(assignment, library.texts) as bench:
        lost = right.run(bench, found)
    counted = [
        n for name, n in right.counts(found, library.targets).items() if not name.startswith("notebooks.")
    ]
    names = ", ".join(style.name for style in found)
    line = f"{sum(counted)} functions in {len(found)} styles ({names}), {min(counted)} or more of each"
    return line, [*map(str, lost)]


def _mutants(assignment: Assignment, count: int, out: Path) -> Said:
    if not count:
        return "none judged: --mutants 0", []
    choice = Choice(sample=count, visible=False)
    found = campaign.run(assignment, choice, out, lambda total: None, lambda verdict, known: None)
    return result_tables.line(found).partition(": ")[2], found.findings


def page(proofs: list[Proof]) -> str:
    """One page for all assignments."""
    return pages.page("verify.html", proofs=proofs, title=proofs[0].assignment.course.title)
