"""What a program can say of a written answer for certain; everything else is for a person.

Certain are: nothing is written, the question is copied, and a choice that is clear and stands alone. A
criterion comes to met, not met or unsure; an answer in words is unsure, whatever it says, or does not say. No
message holds what the rubric looks for: students read them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from autograder.answers import choices
from autograder.answers.question import Criterion, Question
from autograder.answers.text import Sentence, bare, sentences
from autograder.answers.words import POINTING, is_english, same

Outcome = Literal["met", "not met", "unsure"]
Nothing = Literal["", "empty", "copied", "off-topic"]
NOTHING = ("empty", "copied")  # an answer of this kind earns nothing for certain

ON_TOPIC_FROM = 8  # words; a shorter answer is too short to look off-topic
COPY_FROM = 5  # words; fewer may well be the same by chance
NO_ANSWER = frozenset(
    (
        *("i do not know", "do not know", "no idea", "idk", "i have no idea", "not sure", "i am not sure"),
        *("no answer", "n a", "na", "todo", "tbd", "skip", "skipped", "no time", "ran out of time"),
        *("answer", "answer here", "your answer here", "write your answer here"),
        "your answer here it is not written yet",  # of the release
    )
)


READS = "needs review."
OFF_TOPIC = "no word of this seems to be about the question; needs review."


@dataclass(frozen=True)
class Verdict:
    outcome: Outcome
    message: str  # safe for the student


@dataclass(frozen=True)
class Judgement:
    """What an answer came to: a verdict for each criterion, by id."""

    verdicts: Mapping[str, Verdict]
    nothing: Nothing = ""  # why there is nothing to judge

    @property
    def settled(self) -> bool:
        """Whether no person needs to read the answer."""
        return all(verdict.outcome != "unsure" for verdict in self.verdicts.values())


@lru_cache(maxsize=32)  # the criteria of a question come one after the other
def judge(question: Question, answer: str) -> Judgement:
    """Hold an answer against the criteria of its question."""
    said = sentences(answer)
    nothing, reason = _nothing(question, answer, said)
    if nothing in NOTHING:
        return Judgement(
            dict.fromkeys((c.id for c in question.criteria), Verdict("not met", reason)), nothing
        )
    if nothing:
        return Judgement(
            {c.id: Verdict("unsure", f"{c.title}: {reason}") for c in question.criteria}, nothing
        )
    return Judgement(_chosen(question, answer))


def _nothing(question: Question, answer: str, said: Sequence[Sentence]) -> tuple[Nothing, str]:
    """Why there is nothing to judge in the answer, if so: for certain, or (off-topic) as it seems."""
    words = [word for s in said for word in s.plain]
    items = [s.item for s in said if s.item]
    if not items and " ".join(words) in ("", *NO_ANSWER):
        if not _holds_no_more(answer):
            return "", ""
        return "empty", "The answer says that there is none." if words else "Nothing is written here."
    if _is_copied(question, said, words, items) and not _marks(question, answer):
        return "copied", "This is the question's own text, with no answer to it."
    if len(words) >= ON_TOPIC_FROM and not items and _is_off_topic(question, words):
        return "off-topic", OFF_TOPIC
    return "", ""


def _holds_no_more(answer: str) -> bool:
    """Whether an answer without words is empty as it was typed too: no comment, link, arrow or tick."""
    raw = bare(answer)
    words = " ".join(w for s in sentences(_MARKUP.sub(" ", raw)) for w in s.plain)
    signs = (c for c in _COMMENT.sub("", raw) if not (c.isalnum() or c.isspace() or c in MARKUP))
    return words in ("", *NO_ANSWER) and all(unicodedata.category(c)[0] in "PCMZ" for c in signs)


MARKUP = "#*>|`$~_"  # signs of Markdown, which say nothing where nothing stands beside them
_MARKUP = re.compile(r"[^\w\s'’]+")
_COMMENT = re.compile(r"<!--+|(?<!-)--+>")  # each run of dashes is looked through once
_PICKED = re.compile(r"[^\w\s.,:;!?\"'()-]")  # may mark one of several: bold, struck out, a tick, a box


def _marks(question: Question, answer: str) -> bool:
    """Whether a copy of the question has signs that the question has not: "3. ~~add salt~~", "**1.** …"."""
    own: dict[tuple[str, ...], Counter[str]] = {}
    for line in question.asked.splitlines():
        known = own.setdefault(_said_in(line), Counter())
        known |= Counter(_PICKED.findall(line))
    lines = [line.lstrip("> ") for line in answer.splitlines()]
    return any(Counter(_PICKED.findall(line)) - own.get(_said_in(line), Counter()) for line in lines)


def _said_in(line: str) -> tuple[str, ...]:
    return tuple(word for s in sentences(line) for word in (s.item, *s.plain) if word)


def _is_copied(
    question: Question, said: Sequence[Sentence], words: Sequence[str], items: Sequence[str]
) -> bool:
    """Whether this is a part of the question, with what it asks. Some options copied are a choice; all are
    not; and a line of the question may be an answer to it.
    """
    options = question.options.numbers if question.options else ()
    if len(words) < COPY_FROM or (items and options and not set(options) <= set(items)):
        return False
    asked, copied = _sentences_of(question.asked), [s.plain for s in said]
    if not any(s.asks for s in said) and any(asks for _, asks in asked):
        return False
    own = [words for words, _ in asked]
    runs = any(own[at : at + len(copied)] == copied for at in range(len(own)))
    return runs and not _names_option(question, said)


def _names_option(question: Question, said: Sequence[Sentence]) -> bool:
    """Whether fewer than all options are named: by their own text, which stands in the question too."""
    if question.options is None:
        return False
    whole = {words: name for name, called in question.options.names for words in called}
    named = {whole[s.plain] for s in said if s.plain in whole}
    return bool(named) and named != set(question.options.numbers)


@lru_cache(maxsize=32)
def _sentences_of(asked: str) -> list[tuple[tuple[str, ...], bool]]:
    """The question's sentences, and whether each ends in a question mark."""
    return [(s.plain, s.asks) for s in sentences(asked)]


def _is_off_topic(question: Question, words: Sequence[str]) -> bool:
    """Whether this is English, and nothing in it can be about the question, not even as "it"."""
    if not is_english(words) or any(word in POINTING or not word.isalpha() for word in words):
        return False
    return not any(same(known, word) for word in set(words) for known in question.vocabulary)


def _chosen(question: Question, answer: str) -> dict[str, Verdict]:
    """A choice that stands alone settles everything; whatever stands beside it, a person reads."""
    read = {c.id: Verdict("unsure", f"{c.title}: {READS}") for c in question.criteria}
    found = _choice(question, answer)
    if not found:
        return read
    for criterion in (c for c in question.criteria if c.chosen is not None):
        read[criterion.id] = _held(criterion, found[criterion.slot])
    if all(read[c.id].outcome != "unsure" for c in question.criteria if c.chosen is not None):
        for criterion in (c for c in question.criteria if c.chosen is None):
            read[criterion.id] = Verdict("not met", f"{criterion.title}: the answer is a choice and no more.")
    return read


def _choice(question: Question, answer: str) -> Mapping[str, frozenset[str]]:
    """What is chosen for each slot (one of no name, where there are none), if that is all the answer does."""
    if question.options is None:
        return {}
    if question.options.slots:
        given = choices.pairs(question.options, answer) or {}
        return {slot: frozenset((name,)) for slot, name in given.items()}
    chosen = choices.whole(question.options, answer)
    return {} if chosen is None else {"": chosen}


def _held(criterion: Criterion, chosen: frozenset[str]) -> Verdict:
    if chosen == criterion.chosen:
        return Verdict("met", f"{criterion.title}: right.")
    if chosen in criterion.unsure:
        return Verdict("unsure", f"{criterion.title}: this choice needs review.")
    return Verdict("not met", f"{criterion.title}: not right.")
