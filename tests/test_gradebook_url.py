"""A gradebook's place is never pasted into a URL, and no message shows a password."""

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from autograder.course import assignment as course
from autograder.errors import GradebookError
from autograder.gradebook.book import Gradebook
from autograder.gradebook.url import patient, place, sqlite_url

ODD = ["a?b=1", "50%25 off", "s001@here", "a#b", "ünïcode", "a&timeout=0", "a:b", "with space"]


@pytest.mark.parametrize("name", ODD)
def test_a_gradebook_lies_inside_its_folder_and_is_printed_right(tmp_path: Path, name: str) -> None:
    file = tmp_path / name / "gradebook.db"
    file.parent.mkdir()
    url = sqlite_url(file)
    assert place(url) == str(file)
    with Gradebook(url, course.load("assignment1")):
        pass
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted([name, "gradebook.db"])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://grader:secret@db:5432/term", "db:5432/term"),
        ("postgresql+psycopg://grader:se%40cret@db/term", "db/term"),
        ("postgresql+psycopg://db/term?password=secret", "db/term"),
        ("sqlite://", "in memory"),
    ],
)
def test_a_place_has_no_password(url: str, shown: str) -> None:
    assert place(url) == shown


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://grader:se@cret@db/term", "holds @, which a URL writes as %40"),
        ("my folder/gradebook.db", "expected a URL such as"),
        ("", "expected a URL such as"),
        ("postgresql+psycopg://grader:secret@db:port/term", "expected a URL such as"),
    ],
)
def test_what_is_no_url_is_said_without_the_password(url: str, said: str) -> None:
    with pytest.raises(GradebookError, match=said) as error:
        place(url)
    assert "cret" not in str(error.value)


def test_a_servers_database_is_not_waited_for_without_end() -> None:
    limits = patient("postgresql+psycopg://db/term").query
    assert limits == {"options": "-c lock_timeout=60s", "connect_timeout": "30"}
    assert (
        patient("postgresql+psycopg://db/term?options=-c%20x=1").query["options"]
        == "-c lock_timeout=60s -c x=1"
    )
    assert patient("sqlite:////tmp/x.db") == make_url("sqlite:////tmp/x.db")
