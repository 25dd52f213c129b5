"""The pages of the reading room, and what its script sends."""

from __future__ import annotations

import getpass
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec
from jinja2 import Environment
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.extension.handler import ExtensionHandlerJinjaMixin, ExtensionHandlerMixin
from jupyter_server.utils import url_path_join
from tornado import web

from autograder.errors import CourseError, FolderError, GradebookError, RecordError, ReviewError
from autograder.gradebook import ledger, objections, readers
from autograder.reading import ROOT, views
from autograder.reading.room import Room, SentDecision
from autograder.reading.second import agreement
from autograder.records.record import in_words
from autograder.reports import markdown, pages
from autograder.safe_text import plural

NEWEST = 200  # entries of the history that the page shows
LINES = 20_000  # of the table, of which these are made
LONGEST_NAME = 80
BROKEN = 5  # files that are no records, which the page names
LARGEST = 2_000_000  # bytes of a CSV
CANNOT = (CourseError, RecordError, FolderError)
B = TypeVar("B", bound="Base")
P = ParamSpec("P")
T = TypeVar("T")


def add_filters(environment: Environment) -> None:
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters.update(
        points=pages.points,
        markdown=markdown.html,
        inline=markdown.inline,
        plural=plural,
        first_words=views.first_words,
        when=views.when,
    )


def inside(method: Callable[Concatenate[B, P], None]) -> Callable[Concatenate[B, P], Awaitable[None] | None]:
    """For people who are logged in. What they can put right is said in words, with the code that fits."""

    @web.authenticated
    @authorized
    @wraps(method)
    def run(self: B, *arguments: P.args, **named: P.kwargs) -> None:
        try:
            method(self, *arguments, **named)
        except ReviewError as error:
            self.refuse(400, str(error))
        except GradebookError as error:
            self.refuse(503, str(error))
        except CANNOT as error:
            self.refuse(404, str(error))

    return run


class Base(ExtensionHandlerJinjaMixin, ExtensionHandlerMixin, JupyterHandler):
    auth_resource = "autograder_reading"

    @cached_property
    def nonce(self) -> str:
        return secrets.token_urlsafe(16)

    @property
    def content_security_policy(self) -> str:
        """Only our own script and style, by a number used once: whatever a student wrote can run nothing."""
        return "; ".join(
            (
                "default-src 'none'",
                f"script-src 'nonce-{self.nonce}'",
                f"style-src 'nonce-{self.nonce}'",
                "img-src data:",
                "connect-src 'self'",
                "form-action 'self'",
                "frame-ancestors 'self'",
                "base-uri 'none'",
            )
        )

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "same-origin")

    @property
    def room(self) -> Room:
        found: Room = self.extensionapp.room()  # type: ignore[attr-defined]
        return found

    @property
    def root(self) -> str:
        return str(url_path_join(self.base_url, ROOT))

    @property
    def reader(self) -> str:
        """Who reads: whom the server knows by name, else the name that was typed in, else the machine's."""
        if self.current_user is None or self.known:
            return self.known
        typed = self.get_secure_cookie("autograder_reader")
        return typed.decode() if typed else getpass.getuser()

    @property
    def known(self) -> str:
        """Whom the server knows by name; empty if nobody, or somebody for whom it made a name up."""
        user = self.current_user
        name = str(getattr(user, "display_name", "") or getattr(user, "username", "") or "")
        return "" if name.startswith("Anonymous ") else name

    @property
    def names(self) -> bool:
        return self.get_cookie("autograder_names") == "shown"

    def page(self, name: str, **more: Any) -> None:
        more |= {"root": self.root, "nonce": self.nonce, "reader": self.reader, "is_known": bool(self.known)}
        more |= {"names": self.names, "uri": self._here()}
        self.write(self.render_template(name, **more))

    def _here(self) -> str:
        """Where this page is, without a token that it was opened with."""
        with_token = "token" in self.request.query_arguments
        return self.request.path if with_token else str(self.request.uri)

    def refuse(self, code: int, message: str) -> None:
        self.set_status(code)
        if self.request.path.startswith(url_path_join(self.root, "api")):
            self.write({"message": message})
        else:
            self.page("error.html", message=message, title="")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        self.refuse(status_code, getattr(error, "log_message", None) or "This did not work.")
        self.finish()

    def body(self, kind: type[T]) -> T:
        """The JSON that was sent.

        Raises:
            ReviewError: it is something else.
        """
        try:
            return msgspec.json.decode(self.request.body, type=kind)
        except (ValueError, RecursionError) as error:
            fields = ", ".join(kind.__annotations__)
            raise ReviewError(f"expected JSON with {fields}: {in_words(error)}") from None


class OverviewHandler(Base):
    @inside
    def get(self) -> None:
        with self.room.session() as db:
            rows = self.room.overview(db, self.reader)
            second = len(self.room.second(db, self.reader))
            waiting = sum(not o.reply for o in objections.every_objection(db, self.room.assignment.name))
        broken = list(self.room.classroom.broken.values())
        damaged = [*broken[:BROKEN], *self.room.examples()[1]]
        if len(broken) > BROKEN:
            damaged.append(f"and {len(broken) - BROKEN} more files that are no records")
        more = {"rows": rows, "second": second, "waiting": waiting, "damaged": damaged}
        self.page("overview.html", assignment=self.room.assignment, **more)


class QuestionListHandler(Base):
    @inside
    def get(self, grade_id: str) -> None:
        everyone = bool(self.get_argument("all", ""))
        with self.room.session() as db:
            piles = self.room.piles(db, grade_id, "" if everyone else self.reader)
            every = piles if everyone else self.room.piles(db, grade_id)
        if not every:
            raise web.HTTPError(404, "No answer to this question needs review.")
        question = views.question(self.room, grade_id)
        mine = sum(len(p.answers) for p in piles)
        others = sum(len(p.answers) for p in every) - mine
        self.page("question.html", question=question, piles=piles, everyone=everyone, others=others)


class AnswerPageHandler(Base):
    @inside
    def get(self, grade_id: str, key: str) -> None:
        second = bool(self.get_argument("second", ""))
        everyone = bool(self.get_argument("all", ""))
        with self.room.session() as db:
            if self.room.classroom.answer(grade_id, key) is None:
                raise web.HTTPError(404, "This answer does not need review, or not any more.")
            at = views.Standpoint(self.root, grade_id, key, self.reader, everyone, second)
            shown = views.answer_page(self.room, db, at)
            remarks = readers.remarks(db, self.room.assignment.name, grade_id)
        self.page("answer.html", page=shown, question=shown.question, remarks=remarks)


class DecideHandler(Base):
    @inside
    def put(self) -> None:
        wanted = self.body(SentDecision)
        if len(wanted.comment) > objections.LONGEST:
            raise ReviewError(f"comment: expected {objections.LONGEST} characters at most")
        with self.room.session() as db:
            saved = self.room.decide(db, wanted, self.reader)
        if saved.conflicts:
            self.set_status(409)
            self.write(views.conflicts(saved, self.names))
            return
        note = {"note": saved.note} if saved.note else {}
        self.write({"points": saved.points, "entered": len(saved.outcome.entered), **note})


class UndoHandler(Base):
    @inside
    def post(self) -> None:
        with self.room.session() as db:
            grade_id, key, outcome = self.room.undo(db, self.reader)
        if outcome.conflicts:
            self.set_status(409)
            self.write({"message": "Somebody else has changed this since; nothing was undone."})
            return
        self.write({"at": f"{self.root}/q/{grade_id}/{key}", "undone": len(outcome.entered)})


@dataclass
class SentRemark:
    grade_id: str
    text: str


@dataclass
class DroppedRemark:
    id: int


class RemarksHandler(Base):
    @inside
    def post(self) -> None:
        sent = self.body(SentRemark)
        with self.room.session() as db:
            readers.keep_remark(db, self.room.assignment.name, sent.grade_id, sent.text, self.reader)
            kept = readers.remarks(db, self.room.assignment.name, sent.grade_id)
        self.write({"remarks": [{"id": r.id, "text": r.text} for r in kept]})

    @inside
    def delete(self) -> None:
        sent = self.body(DroppedRemark)
        with self.room.session() as db:
            readers.drop_remark(db, self.room.assignment.name, sent.id)
        self.write({})


class SecondHandler(Base):
    @inside
    def get(self) -> None:
        with self.room.session() as db:
            left = self.room.second(db, self.reader)
            pairs = self.room.pairs(db)
            rows = views.twice(self.room, pairs, self.names)
        self.page("second.html", left=len(left), rows=rows, agreement=agreement(pairs))


class NextSecondHandler(Base):
    @inside
    def get(self) -> None:
        with self.room.session() as db:
            left = self.room.second(db, self.reader)
        first = f"/q/{left[0][0].grade_id}/{left[0][0].key}?second=1" if left else "/second"
        self.redirect(self.root + first)


class SplitHandler(Base):
    @inside
    def get(self) -> None:
        self._show(200, "")

    @inside
    def post(self) -> None:
        chosen = {
            grade_id: self.get_body_argument(f"reader-{grade_id}", "")
            for grade_id in self.room.classroom.waiting()
        }
        split = readers.parsed(
            self.get_body_argument("how", ""), self.get_body_argument("readers", ""), chosen
        )
        with self.room.session() as db:
            seen = self.get_body_argument("version", "0")
            kept = readers.save(db, self.room.assignment.name, split, int(seen) if seen.isdecimal() else 0)
        if not kept:
            self._show(409, "Somebody else has changed this since you opened it: this is how it is now.")
            return
        self.redirect(f"{self.root}/readers")

    def _show(self, code: int, message: str) -> None:
        with self.room.session() as db:
            split = readers.load(db, self.room.assignment.name)
            rows = self.room.overview(db, self.reader)
            shares = views.shares(self.room, db, split)
        self.set_status(code)
        self.page("readers.html", split=split, rows=rows, shares=shares, message=message)


class HistoryHandler(Base):
    @inside
    def get(self) -> None:
        with self.room.session() as db:
            found = ledger.lines(db, self.room.assignment.name, newest=LINES)
        self.page("history.html", actions=views.actions(self.room, found)[:NEWEST], newest=NEWEST)


class ObjectionListHandler(Base):
    def show(self, code: int, message: str) -> None:
        with self.room.session() as db:
            rows = [
                views.objection(self.room, db, one, self.names)
                for one in objections.every_objection(db, self.room.assignment.name)
            ]
        self.set_status(code)
        cells = [(c.grade_id, self.room.name_of(c.grade_id)) for c in self.room.assignment.grade_cells]
        self.page("objections.html", rows=rows, cells=cells, message=message)


class ObjectionsHandler(ObjectionListHandler):
    @inside
    def get(self) -> None:
        self.show(200, "")

    @inside
    def post(self) -> None:
        files = self.request.files.get("csv", [])
        if files:
            if len(files[0].body) > LARGEST:
                raise ReviewError(f"expected a CSV of {LARGEST // 1_000_000} MB at most")
            try:
                typed = objections.from_csv(files[0].body.decode("utf-8"))
            except UnicodeDecodeError:
                raise ReviewError("expected a CSV in UTF-8; save it as such") from None
        else:
            fields = (self.get_body_argument(name, "").strip() for name in objections.COLUMNS)
            typed = [objections.Typed(*fields)]
        with self.room.session() as db:
            students = self.room.classroom.students
            cells = [cell.grade_id for cell in self.room.assignment.grade_cells]
            new = objections.add(db, self.room.assignment.name, typed, students, cells)
        self.show(200, f"{new} new on the list, of {len(typed)}.")


class ReplyHandler(ObjectionListHandler):
    @inside
    def post(self, number: str) -> None:
        text, seen = self.get_body_argument("reply", ""), self.get_body_argument("seen", "")
        with self.room.session() as db:
            other = objections.reply(db, self.room.assignment.name, int(number), text, self.reader, seen)
        if other is not None:
            message = f"{other.who} has replied meanwhile: “{other.reply}” Your text was not saved: “{text}”"
            self.show(409, message)
            return
        self.show(200, "The reply is saved. `autograder report` puts it on the student's page.")


class MeHandler(Base):
    """Settings of this browser: under which name one reads, whether names are shown."""

    @inside
    def post(self) -> None:
        name = " ".join(self.get_body_argument("name", "").split())[:LONGEST_NAME]
        if name and not self.known:
            self._keep(self.set_secure_cookie, "autograder_reader", name)
        names = self.get_body_argument("names", "")
        if names in ("shown", "hidden"):
            self._keep(self.set_cookie, "autograder_names", names)
        back = self.get_body_argument("back", "")
        safe = back.startswith(f"{self.root}/") or back == self.root
        self.redirect(back if safe else self.root)

    def _keep(self, how: Callable[..., None], name: str, value: str) -> None:
        how(name, value, path=self.base_url, httponly=True, samesite="Lax")


ID, KEY = r"([A-Za-z0-9_-]+)", r"([0-9a-f]{10})"
HANDLERS = [
    (rf"{ROOT}/?", OverviewHandler),
    (rf"{ROOT}/q/{ID}/?", QuestionListHandler),
    (rf"{ROOT}/q/{ID}/{KEY}/?", AnswerPageHandler),
    (rf"{ROOT}/api/decision", DecideHandler),
    (rf"{ROOT}/api/undo", UndoHandler),
    (rf"{ROOT}/api/remark", RemarksHandler),
    (rf"{ROOT}/second/?", SecondHandler),
    (rf"{ROOT}/second/next/?", NextSecondHandler),
    (rf"{ROOT}/readers/?", SplitHandler),
    (rf"{ROOT}/history/?", HistoryHandler),
    (rf"{ROOT}/objections/?", ObjectionsHandler),
    (rf"{ROOT}/objections/(\d{{1,9}})/?", ReplyHandler),
    (rf"{ROOT}/me/?", MeHandler),
]
