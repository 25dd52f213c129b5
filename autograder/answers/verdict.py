"""Inline questions: what an answer says, held against the criteria of a rubric.

Each criterion comes to met, not met or unsure. Met needs a sentence that says it and none that denies it;
lists of keywords, other languages and contradictions are unsure, and a person decides. No message holds
what the rubric looks for: students read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from autograder.answers import choices, language, subjects
from autograder.answers.phrases import Match, Pattern, fits, matches
from autograder.answers.question import Criterion, Evidence, Question
from autograder.answers.subjects import LEADS, About
from autograder.answers.text import Sentence, sentences

Outcome = Literal["met", "not met", "unsure"]
Nothing = Literal["", "empty", "copied", "off-topic"]
NOTHING = ("empty", "copied", "off-topic")  # an answer of this kind earns nothing for certain

QUOTED = 200  # characters of a student's sentence that a message repeats
COPIED = 0.7  # share of a sentence's word triples that stand in the question, from which it is a copy
EXPLAINS_FROM = 5  # words beside the options; "Options 1 and 3 are correct" explains nothing
ON_TOPIC_FROM = 8  # words; a shorter answer is too short to be off-topic for certain
COPY_FROM = 5  # words; fewer may well be the same by chance
NO_ANSWER = frozenset(
    (
        *("i do not know", "do not know", "no idea", "idk", "i have no idea", "not sure", "i am not sure"),
        *("no answer", "n a", "na", "none", "todo", "tbd", "skip", "skipped", "no time", "ran out of time"),
        *("answer", "answer here", "your answer here", "write your answer here"),
        "your answer here it is not written yet",  # of the release
    )
)


# --- a rubric -----------------------------------------------------------------------------------


# --- verdicts -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    outcome: Outcome
    message: str  # safe for the student; holds their own sentence


@dataclass(frozen=True)
class Judgement:
    """What an answer came to: a verdict for each criterion, by id."""

    verdicts: Mapping[str, Verdict]
    nothing: Nothing = ""  # why there is nothing to judge


@dataclass(frozen=True)
class _Reading:
    question: Question
    about: tuple[About, ...]
    doubt: str = ""  # why nothing can be relied on: another language, a list of keywords

    @cached_property
    def recognised(self) -> frozenset[About]:
        """The sentences that say, or deny, what some criterion looks for."""
        parts = [part for criterion in self.question.criteria for part in criterion.evidence]
        return frozenset(
            about
            for about in self.about
            for part in parts
            for pattern in (*part.accept, *part.reject)
            for match in matches(pattern, about.sentence, about.named)
            if _clear(about, match, pattern.subject or part.subject)
        )


@lru_cache(maxsize=32)  # the criteria of a question come one after the other
def judge(question: Question, answer: str) -> Judgement:
    """Hold an answer against the criteria of its question."""
    said = sentences(answer)
    nothing, reason = _nothing(question, said)
    if nothing:
        verdict = Verdict("not met", reason)
        return Judgement({c.id: verdict for c in question.criteria}, nothing)
    own = _without_copies(question, said)
    about = subjects.read(own, question.subjects, loose=any(c.slot for c in question.criteria))
    reading = _Reading(question, about, _doubt(said))
    return Judgement({c.id: _verdict(reading, c) for c in question.criteria})


def _nothing(question: Question, said: Sequence[Sentence]) -> tuple[Nothing, str]:
    """Why the answer earns nothing for certain, if so."""
    words = [word for s in said for word in s.words if word[0].isalnum()]
    items = "".join(s.item for s in said)
    if not words and not items:
        return "empty", "Nothing is written here."
    if " ".join(words) in NO_ANSWER:
        return "empty", "The answer says that there is none."
    own = [s for s in _without_copies(question, said) if s.item or not _is_copy(question, s)]
    if len(words) >= COPY_FROM and not own:
        return "copied", "This is the question's own text, with no answer to it."
    if len(words) >= ON_TOPIC_FROM and not language.foreign(said) and not _on_topic(question, words):
        return "off-topic", "No word of this is about the question."
    return "", ""


def _doubt(said: Sequence[Sentence]) -> str:
    other = language.foreign(said)
    if other:
        return f"it seems to be in {'another language' if other == 'unclear' else other}"
    return "it is a list of words more than sentences" if language.is_list(said) else ""


def _on_topic(question: Question, words: Sequence[str]) -> bool:
    return any(
        fits(phrase[0], w) for w in words if len(w) > 1 or w.isdigit() for phrase in question.vocabulary
    )


def _triples(words: Sequence[str]) -> set[tuple[str, ...]]:
    plain = [w for w in words if w[0].isalnum()]
    return set(zip(plain, plain[1:], plain[2:], strict=False)) or {tuple(plain)}


@lru_cache(maxsize=32)
def _question_triples(asked: str) -> frozenset[tuple[str, ...]]:
    return frozenset(t for s in sentences(asked) for t in _triples(s.words))


def _without_copies(question: Question, said: Sequence[Sentence]) -> list[Sentence]:
    """The answer without sentences taken from the question. Some options copied are a choice; all are not."""
    copies = [s for s in said if (s.item or len(s.words) > 2) and _is_copy(question, s)]
    items = {s.item for s in copies if s.item}
    if question.options and items < set(question.options):
        copies = [s for s in copies if not s.item]
    return [s for s in said if s not in copies]


def _is_copy(question: Question, sentence: Sentence) -> bool:
    triples = _triples(sentence.words)
    return len(triples & _question_triples(question.asked)) >= COPIED * len(triples)


# --- one criterion ------------------------------------------------------------------------------


def _verdict(reading: _Reading, criterion: Criterion) -> Verdict:
    if reading.doubt:
        return Verdict("unsure", f"{criterion.title}: a person reads this answer, since {reading.doubt}.")
    if criterion.chosen is not None:
        return _choice(reading, criterion)
    return _evidence(reading, criterion)


def _choice(reading: _Reading, criterion: Criterion) -> Verdict:
    question = reading.question
    if criterion.slot:
        slots = tuple(dict.fromkeys(c.slot for c in question.criteria if c.slot))
        choice = choices.pair(reading.about, slots, question.options)[criterion.slot]
    else:
        choice = choices.choose(reading.about, question.options, question.yes, question.no)
    quote = _quoted(choice.sentence)
    if choice.options is None:
        why = "it seems to choose two things" if choice.contradictory else "what it chooses is not clear"
        return Verdict("unsure", f"{criterion.title}: a person decides, since {why}.{quote}")
    if choice.options == criterion.chosen:
        return Verdict("met", f"{criterion.title}: right.{quote}")
    if choice.options in criterion.unsure or _left_open(reading, criterion, choice):
        return Verdict("unsure", f"{criterion.title}: a person decides about this choice.{quote}")
    return Verdict("not met", f"{criterion.title}: not right.{quote}")


def _left_open(reading: _Reading, criterion: Criterion, choice: choices.Choice) -> bool:
    """Whether the answer names a right option and, as far as we understand, neither takes nor refuses it."""
    missing = (criterion.chosen or frozenset()) - (choice.options or frozenset()) - choice.refused
    named = {name for about in reading.about for m in about.mentions for name in m.names}
    digits = {word for about in reading.about for word in about.sentence.words}
    return bool(missing & (named | digits)) and not criterion.slot


def _evidence(reading: _Reading, criterion: Criterion) -> Verdict:
    """Met if every part is; the first part that is not decides what is said."""
    outcomes = [_part(reading, part) for part in criterion.evidence]
    worst = min(outcomes, key=lambda o: ("not met", "unsure", "met").index(o[0]))
    outcome, quote = worst[0], _quoted(worst[1])
    if outcome == "met":
        return Verdict(
            "met",
            f"{criterion.title}: said.{''.join(_quoted(s) for s in dict.fromkeys(s for _, s in outcomes))}",
        )
    if outcome == "unsure":
        return Verdict(
            "unsure", f"{criterion.title}: touched on, but not clearly said; a person decides.{quote}"
        )
    if quote:
        return Verdict("not met", f"{criterion.title}: this says something else.{quote}")
    return Verdict("not met", f"{criterion.title}: nothing in the answer says this.")


def _part(reading: _Reading, part: Evidence) -> tuple[Outcome, str]:
    against = _first(reading, part.reject, part.subject, _named)
    met = _first(reading, part.accept, part.subject, _clear)
    if met and against:
        return "unsure", against
    if met:
        return "met", met
    if against:
        return "not met", against
    hint = _first(reading, (*part.accept, *part.unclear), part.subject, _perhaps)
    hint = hint or _unrecognised(reading, part.subject)
    return ("unsure", hint) if hint else ("not met", "")


def _unrecognised(reading: _Reading, subject: str) -> str:
    """A sentence that explains something, of which we do not know what: unforeseen words are not none.

    A sentence that another criterion has recognised explains that one, except for a choice: a person
    reads all other answers anyway, but not a choice that is clear.
    """
    for about in reading.about:
        if about in reading.recognised and reading.question.kind == "text":
            continue
        named = frozenset().union(*(m.names for m in about.mentions))
        if about.sentence.asks:
            continue
        rest = [w for at, w in enumerate(about.sentence.words) if at not in about.named and w not in LEADS]
        if len(rest) >= EXPLAINS_FROM and (not subject or not named or subject in named):
            return about.sentence.raw
    return ""


Quality = Callable[[About, Match, str], bool]


def _first(reading: _Reading, patterns: Sequence[Pattern], subject: str, quality: Quality) -> str:
    """The first sentence in which one of the patterns is found, well enough."""
    for about in reading.about:
        if about.sentence.asks:
            continue
        for pattern in patterns:
            of = pattern.subject or subject
            if any(quality(about, match, of) for match in matches(pattern, about.sentence, about.named)):
                return about.sentence.raw
    return ""


def _clear(about: About, match: Match, subject: str) -> bool:
    """Said, in a sentence that is one, and of the right subject."""
    if not match.said or not language.is_statement(about.sentence.words):
        return False
    return not subject or all(subject in names for names in _subjects(about, match))


def _named(about: About, match: Match, subject: str) -> bool:
    """Clear, and the sentence itself names the subject: "it" may be another thing than we think."""
    return _clear(about, match, subject) and (not subject or bool(about.groups))


def _perhaps(about: About, match: Match, subject: str) -> bool:
    """Said or denied, of the right subject or of nobody knows which."""
    return not subject or all(subject in names or not names for names in _subjects(about, match))


def _subjects(about: About, match: Match) -> list[frozenset[str]]:
    """What the match's words are about; words that name a subject are not asked."""
    starts = [start for start, _ in match.spans]
    free = [at for at in starts if not any(m.start <= at < m.end for m in about.mentions)]
    return [about.subjects_at(at) for at in free or starts]


def _quoted(sentence: str) -> str:
    text = " ".join(sentence.split())
    return f" “{text if len(text) <= QUOTED else text[: QUOTED - 1] + '…'}”" if text else ""


# --- the hidden test ----------------------------------------------------------------------------
