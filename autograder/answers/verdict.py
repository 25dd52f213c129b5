"""What a program can say of a written answer for certain; everything else is for a person.

Certain are: nothing is written, the question is copied, no word is about it, and a choice that is clear and
stands alone. A criterion comes to met, not met or unsure; an answer in words is unsure, whatever it says. No
message holds what the rubric looks for: students read them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from autograder.answers import choices
from autograder.answers.question import Criterion, Question
from autograder.answers.text import Sentence, sentences
from autograder.answers.words import POINTING, is_english, same

Outcome = Literal["met", "not met", "unsure"]
Nothing = Literal["", "empty", "copied", "off-topic"]
NOTHING = ("empty", "copied", "off-topic")  # an answer of this kind earns nothing for certain

ON_TOPIC_FROM = 8  # words; a shorter answer is too short to be off-topic for certain
COPY_FROM = 5  # words; fewer may well be the same by chance
NO_ANSWER = frozenset(
    (
        *("i do not know", "do not know", "no idea", "idk", "i have no idea", "not sure", "i am not sure"),
        *("no answer", "n a", "na", "todo", "tbd", "skip", "skipped", "no time", "ran out of time"),
        *("answer", "answer here", "your answer here", "write your answer here"),
        "your answer here it is not written yet",  # of the release
    )
)


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
    nothing, reason = _nothing(question, said)
    if nothing:
        return Judgement(
            dict.fromkeys((c.id for c in question.criteria), Verdict("not met", reason)), nothing
        )
    return Judgement(_chosen(question, answer))


# --- nothing to judge ---------------------------------------------------------------------------


def _nothing(question: Question, said: Sequence[Sentence]) -> tuple[Nothing, str]:
    """Why the answer earns nothing for certain, if so."""
    words = [word for s in said for word in s.words if word[0].isalnum()]
    items = [s.item for s in said if s.item]
    if not words and not items:
        return "empty", "Nothing is written here."
    if " ".join(words) in NO_ANSWER and not items:
        return "empty", "The answer says that there is none."
    if _is_copied(question, said, words, items):
        return "copied", "This is the question's own text, with no answer to it."
    if len(words) >= ON_TOPIC_FROM and not items and _is_off_topic(question, words):
        return "off-topic", "No word of this is about the question."
    return "", ""


def _is_copied(
    question: Question, said: Sequence[Sentence], words: Sequence[str], items: Sequence[str]
) -> bool:
    """Whether every sentence stands in the question. Some options copied are a choice; all are not."""
    options = question.options.numbers if question.options else ()
    if len(words) < COPY_FROM or (items and options and not set(options) <= set(items)):
        return False
    asked = _sentences_of(question.asked)
    return all(_plain(s.words) in asked for s in said) and not _names_option(question, said)


def _names_option(question: Question, said: Sequence[Sentence]) -> bool:
    """Whether fewer than all options are named: by their own text, which stands in the question too."""
    if question.options is None:
        return False
    whole = {words: name for name, called in question.options.names for words in called}
    named = {whole[_plain(s.words)] for s in said if _plain(s.words) in whole}
    return bool(named) and named != set(question.options.numbers)


def _plain(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word[0].isalnum())


@lru_cache(maxsize=32)
def _sentences_of(asked: str) -> frozenset[tuple[str, ...]]:
    return frozenset(_plain(s.words) for s in sentences(asked))


def _is_off_topic(question: Question, words: Sequence[str]) -> bool:
    """Whether this is English, and nothing in it can be about the question, not even as "it"."""
    if not is_english(words) or any(word in POINTING or not word.isalpha() for word in words):
        return False
    return not any(same(known, word) for word in set(words) for known in question.vocabulary)


# --- choices ------------------------------------------------------------------------------------


def _chosen(question: Question, answer: str) -> dict[str, Verdict]:
    """A choice that stands alone settles everything; whatever stands beside it, a person reads."""
    read = {c.id: Verdict("unsure", f"{c.title}: a person reads this.") for c in question.criteria}
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
        return Verdict("unsure", f"{criterion.title}: a person decides about this choice.")
    return Verdict("not met", f"{criterion.title}: not right.")
