"""Decisions kept as examples, and what they propose of other answers."""

from pathlib import Path

import pytest

from autograder.answers import labelled
from autograder.answers.labelled import FEWEST, Example, propose
from autograder.answers.question import Criterion, Question

SOUP = Question(
    "soup",
    "What spoils a soup, and what saves it?",
    "Salt; water.",
    (Criterion("spoils", "What spoils it", 1.0, "Salt."), Criterion("saves", "What saves it", 1.0, "Water.")),
)
SALT, WATER = frozenset(("spoils",)), frozenset(("saves",))
EXAMPLES = [
    *(
        Example("soup", f"Too much salt spoils {what}.", SALT)
        for what in ("it", "a soup", "any soup", "the pot")
    ),
    *(
        Example("soup", f"Plenty of water saves {what}.", WATER)
        for what in ("it", "a soup", "any soup", "the pot")
    ),
]


def test_what_like_answers_got_is_proposed() -> None:
    found = propose(SOUP, EXAMPLES, ["Too much salt spoils the soup!", "Plenty of water saves the soup."])
    assert found == [{"spoils": True, "saves": False}, {"spoils": False, "saves": True}]


def test_of_an_answer_like_none_nothing_is_proposed() -> None:
    assert propose(SOUP, EXAMPLES, ["Pepper, perhaps.", ""]) == [{}, {}]


def test_examples_that_disagree_propose_nothing() -> None:
    mixed = [*EXAMPLES, *(Example("soup", e.answer + " So.", WATER) for e in EXAMPLES[:4])]
    assert propose(SOUP, mixed, ["Too much salt spoils the soup."]) == [{}]


def test_few_examples_and_those_of_another_question_say_nothing() -> None:
    assert len(EXAMPLES) == FEWEST
    assert propose(SOUP, EXAMPLES[1:], ["Too much salt spoils the soup."]) == [{}]
    others = [Example("stew", e.answer, e.met) for e in EXAMPLES]
    assert propose(SOUP, others, ["Too much salt spoils the soup."]) == [{}]
    assert propose(SOUP, EXAMPLES, []) == []


def test_examples_are_kept_and_the_last_of_an_answer_counts(tmp_path: Path) -> None:
    path = tmp_path / "lab.answers.jsonl"
    assert labelled.read(path) == ([], [])
    labelled.add(path, [])
    assert not path.exists()
    labelled.add(path, EXAMPLES[:2])
    labelled.add(
        path, [Example("soup", EXAMPLES[0].answer, WATER), Example("soup", "naïve\n\u2028 «ß»", SALT)]
    )
    assert path.name == "lab.answers.jsonl"
    assert labelled.read(path)[0] == [
        EXAMPLES[1],
        Example("soup", EXAMPLES[0].answer, WATER),
        Example("soup", "naïve\n\u2028 «ß»", SALT),
    ]


@pytest.mark.parametrize(
    "line",
    [
        *(b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000, b'{"question": "soup"}'),
        *(b'{"question": 1, "answer": "", "met": []}', b'{"question": "soup", "answer": "", "met": "salt"}'),
    ],
    ids=range(8),
)
def test_a_line_that_is_no_example_is_named_and_skipped(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "lab.answers.jsonl"
    labelled.add(path, EXAMPLES[:1])
    with path.open("ab") as file:
        file.write(b"\n" + line)  # and cut off: what follows is not lost with it
    labelled.add(path, EXAMPLES[1:2])
    found, [said] = labelled.read(path)
    assert found == EXAMPLES[:2]
    assert said.startswith('lab.answers.jsonl line 3 is skipped: expected {"question": ')
    assert said.endswith("correct or delete it")


def test_half_a_character_is_kept_too(tmp_path: Path) -> None:
    path = tmp_path / "lab.answers.jsonl"
    labelled.add(path, [Example("soup", "half \ud83d of it", SALT)])
    assert labelled.read(path) == ([Example("soup", "half \ud83d of it", SALT)], [])
