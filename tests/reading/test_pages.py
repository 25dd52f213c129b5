"""The pages of the reading room, in Jupyter's server: who may see them, what they let run, what they save."""

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.bridge import formgrader
from autograder.reading.waiting import key_of
from tests.formgrader.server import jupyter

from .conftest import HOSTILE, OTHER, QUESTION, served_course

ROOM = "/autograder/reading"
EXTENSION = "--ServerApp.jpserver_extensions=autograder.reading=True"


class Client:
    """A reader's browser without a screen: cookies, and the number against forged requests."""

    def __init__(self, address: str, token: str) -> None:
        self.address, self.token = address, token
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)
        self.headers: dict[str, str] = {}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        url = path if path.startswith("http") else f"{self.address}{path}"
        request = urllib.request.Request(url, body, {k.replace("_", "-"): v for k, v in headers.items()})
        request.method = method
        try:
            answer = self.opener.open(request, timeout=300)
        except urllib.error.HTTPError as error:
            answer = error  # type: ignore[assignment]
        with answer:
            self.headers = dict(answer.headers)
            return answer.status, answer.read().decode()

    def log_in(self) -> "Client":
        code, page = self.ask("GET", f"{ROOM}?token={self.token}")
        assert code == 200, page
        found = re.search(r'data-xsrf="([^"]+)"', page)
        assert found
        self.xsrf = found[1]
        return self

    def send(self, method: str, path: str, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
        headers = {"Content_Type": "application/json", "X_XSRFToken": self.xsrf, **headers}
        code, text = self.ask(method, f"{ROOM}/api/{path}", json.dumps(body).encode(), **headers)
        return code, json.loads(text)

    def form(self, path: str, **fields: str) -> tuple[int, str]:
        body = urllib.parse.urlencode({"_xsrf": self.xsrf, **fields}).encode()
        return self.ask("POST", f"{ROOM}{path}", body)


@pytest.fixture(scope="module")
def served(graded_class: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    import shutil

    folder = tmp_path_factory.mktemp("served")
    out = Path(shutil.copytree(graded_class, folder / "out"))
    formgrader.settings(out, served_course(folder / "course"))
    with jupyter(out, folder / "log", EXTENSION) as found:
        yield found


@pytest.fixture
def reader(served: tuple[str, str]) -> Client:
    return Client(*served).log_in()


def page_of(student: str, grade_id: str = QUESTION) -> str:
    return f"{ROOM}/q/{grade_id}/{key_of('assignment1', student)}"


def desk(page: str) -> dict[str, Any]:
    """What the script reads from the page."""
    found = re.search(r'data-group="([^"]*)"', page)
    version = re.search(r'data-version="([^"]*)"', page)
    assert found
    assert version
    group = json.loads(found[1].replace("&#34;", '"').replace("&quot;", '"'))
    return {"group": group, "version": version[1]}


def decision(group: dict[str, str], points: float | None = 1.0, grade_id: str = QUESTION) -> dict[str, Any]:
    return {"grade_id": grade_id, "versions": group, "verdicts": {}, "points": points, "comment": "Why?"}


@pytest.mark.parametrize("path", ["", f"/q/{QUESTION}", "/second", "/objections", "/readers", "/history"])
def test_nobody_gets_in_without_logging_in(served: tuple[str, str], path: str) -> None:
    stranger = Client(*served)
    _, page = stranger.ask("GET", f"{ROOM}{path}")
    assert "/login" in page or "Token" in page
    assert "Question 1" not in page
    assert 'class="me"' not in stranger.ask("POST", f"{ROOM}/readers", b"")[1]


@pytest.mark.parametrize(("method", "path"), [("PUT", "decision"), ("POST", "undo"), ("POST", "remark")])
def test_a_forged_request_is_refused(reader: Client, method: str, path: str) -> None:
    code, _ = reader.ask(method, f"{ROOM}/api/{path}", b"{}", Content_Type="application/json")
    assert code == 403
    code, _ = reader.ask("POST", f"{ROOM}/readers", b"how=all")
    assert code == 403


def test_every_page_lets_only_our_script_run(reader: Client) -> None:
    for path in ("", f"/q/{QUESTION}", "/second", "/objections", "/readers", "/history"):
        code, page = reader.ask("GET", f"{ROOM}{path}")
        assert code == 200
        policy = dict(part.strip().partition(" ")[::2] for part in
                      reader.headers["Content-Security-Policy"].split(";"))  # fmt: skip
        nonce = re.search(r'<script src="[^"]+" nonce="([^"]+)" defer></script>', page)
        assert nonce
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == f"'nonce-{nonce[1]}'"
        assert policy["base-uri"] == "'none'"
        assert page.count("<script") == 1
        assert not re.search(r"<[^>]+\s(on\w+|style)=", page)


def test_what_a_student_wrote_is_text(reader: Client) -> None:
    _, page = reader.ask("GET", page_of("s005"))
    assert "&lt;script&gt;document.title" in page
    assert "<math" in page
    assert page.count("<img") == 0
    assert HOSTILE not in page


def test_names_are_hidden_unless_asked_for(reader: Client) -> None:
    _, page = reader.ask("GET", page_of("s001"))
    assert "s001" not in page
    reader.form("/me", names="shown", back=page_of("s001"))
    _, page = reader.ask("GET", page_of("s001"))
    assert "s001" in page
    reader.form("/me", names="hidden")


def test_a_page_leads_nowhere_else(reader: Client) -> None:
    code, page = reader.form("/me", names="hidden", back="https://elsewhere.example/")
    assert code == 200
    assert "Reading room" in page


def test_a_decision_conflicts_and_is_undone(served: tuple[str, str], reader: Client) -> None:
    other = Client(*served).log_in()
    other.form("/me", name="reader two")
    _, page = reader.ask("GET", page_of("s004"))
    group = desk(page)["group"]
    assert len(group) == 1
    assert other.send("PUT", "decision", decision(group, 0.5)) == (200, {"points": 0.5, "entered": 1})
    code, said = reader.send("PUT", "decision", decision(group, 1.5))
    assert code == 409
    [conflict] = said["conflicts"]
    assert (said["yours"], conflict["points"], conflict["who"]) == (1.5, 0.5, "reader two")
    assert conflict["name"] == ""
    _, page = reader.ask("GET", page_of("s004"))
    assert "0.5 points</strong> by reader two" in page
    code, said = other.send("POST", "undo", {})
    assert (code, said["undone"]) == (200, 1)
    assert said["at"].endswith(key_of("assignment1", "s004"))
    code, said = other.send("POST", "undo", {})
    assert (code, said["message"]) == (400, "there is nothing of yours to undo")
    _, page = reader.ask("GET", f"{ROOM}/history")
    assert "reader two" in page
    assert "taken back" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": 7}, "expected points from 0 to 2, got 7"),
        ({"points": "1"}, "points: expected a number"),
        ({"points": True}, "points: expected a number"),
        ({"points": 10**400}, "points: number out of range"),
        ({"points": float("nan")}, "expected JSON"),
        ({"comment": "half \ud83d"}, "expected JSON with grade_id"),
        ({"verdicts": {"choice": 1}}, "verdicts: expected true or false"),
        ({"versions": {"x": 1}}, "versions: expected a text"),
        ({"versions": {"0000000000": "a.b"}}, "an answer is not there any more"),
        ({"comment": None}, "second: comment: expected a text, got nothing"),
        ({"comment": "x" * 5001}, "comment: expected 5000 characters at most"),
    ],
)
def test_what_is_sent_is_checked(reader: Client, change: dict[str, Any], message: str) -> None:
    _, page = reader.ask("GET", page_of("s001"))
    code, said = reader.send("PUT", "decision", {**decision(desk(page)["group"]), **change})
    assert (code, message in said["message"]) == (400, True)


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000], ids=["cut", "no UTF-8", "deep"])
def test_what_is_no_json_is_refused(reader: Client, body: bytes) -> None:
    code, text = reader.ask(
        "PUT", f"{ROOM}/api/decision", body, Content_Type="application/json", X_XSRFToken=reader.xsrf
    )
    assert code == 400
    assert "expected JSON" in text


@pytest.mark.parametrize("path", [f"/q/{QUESTION}/0000000000", "/q/nothing", "/elsewhere"])
def test_what_is_not_there_is_said(reader: Client, path: str) -> None:
    code, _ = reader.ask("GET", f"{ROOM}{path}")
    assert code == 404


def test_readers_are_kept_and_nobody_is_overwritten(reader: Client) -> None:
    _, page = reader.ask("GET", f"{ROOM}/readers")
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    seen = found[1]
    _, page = reader.form("/readers", how="share", readers="reader one 2\nreader two", version=seen)
    assert "reader one" in page
    code, page = reader.form("/readers", how="group", readers="reader three", version=seen)
    assert code == 409
    assert "Somebody else has changed this" in page
    code, page = reader.form("/readers", how="share", readers="", version=seen)
    assert code == 400
    assert "expected the names of the readers" in page
    reader.form("/readers", how="all", readers="", version=str(int(seen) + 1))


def test_an_objection_is_answered(reader: Client) -> None:
    _, page = reader.form("/objections", student="s001", grade_id=QUESTION, text="I did say why.")
    assert "1 new on the list, of 1." in page
    assert "I did say why." in page
    assert page_of("s001") in page
    found = re.search(rf'action="{ROOM}/objections/(\d+)"', page)
    assert found
    number = found[1]
    _, page = reader.form(f"/objections/{number}", reply="You did: one point more.", seen="")
    assert "The reply is saved." in page
    code, page = reader.form(f"/objections/{number}", reply="Another.", seen="")
    assert code == 409
    assert "has replied meanwhile" in page
    code, page = reader.form("/objections", student="s999", grade_id="", text="No.")
    assert code == 400
    assert "no student" in page


def test_a_csv_of_objections_is_read(reader: Client) -> None:
    head = 'Content-Disposition: form-data; name="csv"; filename="o.csv"\r\n\r\n'
    rows = f"student,grade_id,text\ns002,{OTHER},Two of three.\ns003,,Late by a minute.\n"
    xsrf = f'--B\r\nContent-Disposition: form-data; name="_xsrf"\r\n\r\n{reader.xsrf}\r\n'
    body = f"{xsrf}--B\r\n{head}{rows}\r\n--B--\r\n"
    kind = "multipart/form-data; boundary=B"
    _, page = reader.ask("POST", f"{ROOM}/objections", body.encode(), Content_Type=kind)
    assert "2 new on the list, of 2." in page
    _, page = reader.ask("POST", f"{ROOM}/objections", body.encode(), Content_Type=kind)
    assert "0 new on the list, of 2." in page
    for odd, why in (("", "got none; add student"), (f"{rows}s002,,{'x' * 200_000}\n", "none after line 3")):
        sent = body.replace(rows, odd).encode()
        code, page = reader.ask("POST", f"{ROOM}/objections", sent, Content_Type=kind)
        assert (code, why in page) == (400, True)


def test_comments_are_kept(reader: Client) -> None:
    code, said = reader.send("POST", "remark", {"grade_id": QUESTION, "text": "<b>Say</b> why."})
    assert code == 200
    _, page = reader.ask("GET", page_of("s001"))
    assert "&lt;b&gt;Say&lt;/b&gt; why." in page
    assert reader.send("DELETE", "remark", {"id": said["remarks"][0]["id"]}) == (200, {})
    code, said = reader.send("POST", "remark", {"grade_id": QUESTION, "text": " "})
    assert code == 400


def test_without_a_class_the_page_says_what_to_do(tmp_path: Path) -> None:
    with jupyter(tmp_path, tmp_path / "log", EXTENSION) as (address, token):
        code, page = Client(address, token).ask("GET", f"{ROOM}?token={token}")
    assert code == 404
    assert "run autograder grade first" in page
