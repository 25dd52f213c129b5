"""Phrases that a rubric looks for, and whether a sentence says them or denies them.

A pattern is a few terms that stand close together in one sentence:

    gradient* + <vanish>          both, in any order
    gradient* & <vanish>          both in one clause: no comma, "but", "because" between them
    larger .. batch*              the first before the second
    <gradient> + -<vanish>        the second is denied: "the gradient does not vanish"
    sum | total                   one or the other
    close to zero                 these words in a row; "the", "very" and the like may stand between them

`word*` is any ending of the word, `<name>` a group of words from the rubric, `#number` any number and
`#accuracy` a number that can be an accuracy. `^` stands for the start of the sentence, and `@name` at the
start of a pattern says which subject it must be about. A term counts only as it stands: `<vanish>` is not
found in "does not vanish", `-<vanish>` is found nowhere else, and `~<vanish>` in both.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from autograder.answers.text import Sentence, lexicon, spelled

JOINS = ("+", "&", "..")
WINDOW = 16  # words from a pattern's first to its last: about two clauses
FUZZY_FROM = 6  # letters; shorter words have too many neighbours that mean something else
NOT_REACH = 8  # words that a "not" reaches forward
NO_REACH = 4  # words that a "no" or a "without" reaches forward
AFTER_REACH = 5  # words between a thing and the "is avoided" that takes it back
REMEMBERED = 5000  # words of which a group of phrases keeps what they may start
MAX_WAYS = 2000  # combinations of places tried for one pattern in one sentence
MAX_EXPANSION = 400  # phrases that one group may unfold to

FILLERS = lexicon(
    """
    the a an very really quite so much more too also rather extremely completely almost nearly just of
    its their our your this that these any all some each every such is are ( ) about
    """
)
OPENERS = lexicon(
    """
    the a it is was i think would say answer : ( that this one we its so yes no , and
    """
)
CLAUSE_ENDS = lexicon(
    """
    , : ( ) but because since while whereas although though however which therefore thus hence when if
    unless so where than
    """
)
DENIALS = lexicon(
    """
    not never hardly barely rarely seldom neither nor nowhere nobody nothing unlikely
    """
)
PREVENTIONS = lexicon(
    """
    avoid* prevent* eliminat* solv* mitigat* alleviat* counteract* stop stops stopping fixes overcom* lack*
    fail* unable immune hinder* remov* discourag* protect*
    """
)
PREVENTING_PAIRS = (
    ("less", "likely"),
    ("less", "prone"),
    ("rather", "than"),
    ("instead", "of"),
    ("no", "longer"),
)
BARE = frozenset(("no", "without", "non"))
NOUN_ENDS = lexicon(
    """
    the a an this that these its their it they we i you is are was were be does do did will would can
    has have in on at for with to from and or as means gives gave got gets reached reaches , : ( ) = < >
    ->
    """
)
NOT_DENYING = (("not", "only"), ("not", "just"), ("no", "matter"), ("no", "doubt"), ("no", "wonder"))


class PatternError(ValueError):
    """A pattern that cannot be read; the message says what is wrong with it."""


Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Phrases:
    """Several phrases, found by their first words."""

    all: tuple[Phrase, ...]
    _starting: dict[str, tuple[Phrase, ...]] = field(default_factory=dict, repr=False, compare=False)

    def starting(self, word: str) -> tuple[Phrase, ...]:
        """Those that may start with this word. Remembered: answers share most of their words."""
        found = self._starting.get(word)
        if found is None:
            found = tuple(p for p in self.all if p[0] == "^" or fits(p[0], word))
            if len(self._starting) < REMEMBERED:
                self._starting[word] = found
        return found


TAKEN_BACK = Phrases(
    tuple(
        (be, verb)
        for be in ("is", "are", "was", "were", "be", "been", "gets", "get")
        for verb in ("avoid*", "prevent*", "solv*", "mitigat*", "alleviat*", "eliminat*", "fixed", "gone")
    )
    + tuple(
        (do, "not", verb)
        for do in ("do", "does", "did", "will", "would", "can")
        for verb in ("occur*", "happen*", "exist*", "arise*", "appear*")
    )
)


@dataclass(frozen=True)
class Term:
    """Alternatives, by whether they must be said (1), denied (-1), or either (0)."""

    alternatives: tuple[tuple[int, Phrases], ...]


@dataclass(frozen=True)
class Pattern:
    text: str
    terms: tuple[Term, ...]
    joins: tuple[str, ...]  # how term i and term i + 1 stand together: one of JOINS
    window: int = WINDOW
    subject: str = ""  # of this pattern, where it is another than its criterion's


@dataclass(frozen=True)
class Match:
    """Where in a sentence a pattern was found: (start, end) of each term."""

    spans: tuple[tuple[int, int], ...]
    said: bool  # False: all words are there, but one is denied that should not be, or the reverse


# --- reading patterns ---------------------------------------------------------------------------


def group(entries: Sequence[str], groups: Mapping[str, Sequence[str]]) -> Phrases:
    """The phrases of a list of entries, with the groups they name put in."""
    found = dict.fromkeys(p for entry in entries for p in _expand(entry.split(), groups, ()))
    return Phrases(tuple(found))


def _expand(words: list[str], groups: Mapping[str, Sequence[str]], above: tuple[str, ...]) -> list[Phrase]:
    choices: list[list[Phrase]] = []
    for word in words:
        if not word.startswith("<") or not word.endswith(">") or len(word) < 3:
            choices.append([(_spelled(word),)])
            continue
        name = word[1:-1]
        if name in above:
            raise PatternError(f"<{name}> holds itself")
        if name not in groups:
            raise PatternError(f"<{name}> is no group; the groups are {', '.join(sorted(groups)) or 'none'}")
        choices.append([p for entry in groups[name] for p in _expand(entry.split(), groups, (*above, name))])
    found = [tuple(itertools.chain(*parts)) for parts in itertools.product(*choices)]
    if len(found) > MAX_EXPANSION:
        raise PatternError(f"{' '.join(words)} unfolds to {len(found)} phrases; at most {MAX_EXPANSION}")
    return found


def _spelled(word: str) -> str:
    if not word.strip("*"):
        raise PatternError(f"{word!r} is no word")
    return spelled(word)


def parse(text: str, groups: Mapping[str, Sequence[str]] | None = None, window: int = WINDOW) -> Pattern:
    """Read a pattern.

    Raises:
        PatternError: it is empty, or names a group that is not there.
    """
    terms: list[Term] = []
    joins: list[str] = []
    current: list[str] = []
    pieces = text.split()
    subject = pieces.pop(0)[1:] if pieces and pieces[0].startswith("@") else ""
    for piece in [*pieces, "+"]:
        if piece not in JOINS:
            current.append(piece)
            continue
        if not current:
            raise PatternError(f"{text!r} has an empty term; write terms as 'word + word' or 'word .. word'")
        terms.append(_term(" ".join(current), groups or {}))
        joins.append(piece)
        current = []
    return Pattern(text, tuple(terms), tuple(joins[:-1]), window, subject)


def _term(text: str, groups: Mapping[str, Sequence[str]]) -> Term:
    parts = [part.strip() for part in text.split("|")]
    if not all(part.strip("-~") for part in parts):
        raise PatternError(f"{text!r} has an empty alternative")
    by_sign: dict[int, list[str]] = {}
    for part in parts:
        by_sign.setdefault({"-": -1, "~": 0}.get(part[0], 1), []).append(part.lstrip("-~"))
    return Term(tuple((sign, group(bare, groups)) for sign, bare in by_sign.items()))


# --- words --------------------------------------------------------------------------------------


@lru_cache(maxsize=200_000)
def fits(pattern: str, word: str) -> bool:
    """Whether a word is the pattern's word; one slip of the pen is forgiven in a long word."""
    if pattern[0] == "#":
        return _is_number(pattern, word)
    stem, any_ending = (pattern[:-1], True) if pattern.endswith("*") else (pattern, False)
    if word == stem or (any_ending and word.startswith(stem)):
        return True
    if len(stem) < FUZZY_FROM or not stem.isalpha() or not word.isalpha() or word[0] != stem[0]:
        return False
    if any_ending:
        return any(_one_slip(stem, word[:n]) for n in range(len(stem) - 1, len(stem) + 2) if n <= len(word))
    return _one_slip(stem, word)


def _is_number(kind: str, word: str) -> bool:
    digits = word.rstrip("%")
    if not digits.replace(".", "", 1).isdigit():
        return False
    if kind == "#number":
        return True
    value = float(digits)
    if word.endswith("%"):
        return 1 <= value <= 100
    return 0.05 <= value < 1 or (10 <= value <= 100 and "." in digits)


def _one_slip(a: str, b: str) -> bool:
    """One letter too many, too few, wrong, or two swapped."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return a == b
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    if len(a) == len(b):
        return rest_a[1:] == rest_b[1:] or (rest_a[:2] == rest_b[:2][::-1] and rest_a[2:] == rest_b[2:])
    longer, shorter = (rest_a, rest_b) if len(a) > len(b) else (rest_b, rest_a)
    return longer[1:] == shorter


def ends_at(phrase: Phrase, words: Sequence[str], at: int) -> int | None:
    """Where the phrase that starts at `at` ends (the position after it), or None if it is not there."""
    if phrase[0] == "^":
        if len(phrase) == 1 or not OPENERS.issuperset(words[:at]):
            return None
        phrase = phrase[1:]
    if at >= len(words) or not fits(phrase[0], words[at]):
        return None
    position = at + 1
    for wanted in phrase[1:]:
        skipped = 0
        while position < len(words) and not fits(wanted, words[position]):
            if words[position] not in FILLERS or skipped == 2:
                return None
            position, skipped = position + 1, skipped + 1
        if position >= len(words):
            return None
        position += 1
    return position


def occurrences(phrases: Phrases, words: Sequence[str]) -> list[tuple[int, int]]:
    """Every place where one of the phrases stands, the longest at each start."""
    found = []
    for at, word in enumerate(words):
        candidates = phrases.starting(word)
        ends = [end for phrase in candidates if (end := ends_at(phrase, words, at)) is not None]
        if ends:
            found.append((at, max(ends)))
    return found


# --- denial -------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def denials(words: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """(position, end of reach) of each word that denies what follows it."""
    found = []
    for at, word in enumerate(words):
        if any(words[at : at + len(p)] == p for p in NOT_DENYING):
            continue
        if word == "nor" and any(w in DENIALS for w in words[:at]):
            continue  # it carries on what "neither" began
        if word in DENIALS:
            found.append((at, _reach(words, at, NOT_REACH, CLAUSE_ENDS | {"and"})))
        elif (word in BARE and words[at : at + 2] != ("no", "longer")) or (
            word == "free" and words[at + 1 : at + 2] == ("of",)
        ):
            found.append((at, _reach(words, at, 1 if word == "non" else NO_REACH, NOUN_ENDS)))
        elif any(fits(p, word) for p in PREVENTIONS) or words[at : at + 2] in PREVENTING_PAIRS:
            found.append((at, _reach(words, at, NOT_REACH, CLAUSE_ENDS - {"than"})))
    return tuple(found)


def _reach(words: tuple[str, ...], at: int, limit: int, ends: frozenset[str]) -> int:
    for position in range(at + 1, min(at + 1 + limit, len(words))):
        if words[position] in ends:
            return position
    return min(at + 1 + limit, len(words))


def denied(words: tuple[str, ...], start: int, end: int, own: frozenset[int] = frozenset()) -> bool:
    """Whether what stands at start..end is denied by a word outside `own` (twice denied is said)."""
    count = sum(
        1 for at, reach in denials(words) if at < start < reach and at not in own and not start <= at < end
    )
    stop = next((p for p in range(end, len(words)) if words[p] in (",", ":", "but")), len(words))
    after = range(end, min(stop, end + AFTER_REACH))
    count += any(
        ends_at(phrase, words, at) is not None and at not in own
        for at in after
        for phrase in TAKEN_BACK.starting(words[at])
    )
    return count % 2 == 1


# --- matching -----------------------------------------------------------------------------------


def matches(pattern: Pattern, sentence: Sentence, aside: frozenset[int] = frozenset()) -> Iterator[Match]:
    """Every way the sentence holds the pattern's words, said or denied; words at `aside` deny nothing."""
    places = [_places(term, sentence.words) for term in pattern.terms]
    if not all(places):
        return
    for found in itertools.islice(itertools.product(*places), MAX_WAYS):
        spans = tuple((start, end) for start, end, _ in found)
        start, end = min(s for s, _ in spans), max(e for _, e in spans)
        if end - start > pattern.window or _overlap(spans):
            continue
        if not all(
            _joined(join, a, b, sentence.words)
            for join, a, b in zip(pattern.joins, spans, spans[1:], strict=False)
        ):
            continue
        own = aside.union(at for s, e in spans for at in range(s, e))
        yield Match(spans, all(not g or denied(sentence.words, s, e, own) == (g < 0) for s, e, g in found))


def _places(term: Term, words: Sequence[str]) -> list[tuple[int, int, int]]:
    return [(s, e, sign) for sign, phrases in term.alternatives for s, e in occurrences(phrases, words)]


def _joined(join: str, a: tuple[int, int], b: tuple[int, int], words: Sequence[str]) -> bool:
    if join == "..":
        return a[1] <= b[0]
    between = words[min(a[1], b[1]) : max(a[0], b[0])]
    return join == "+" or not any(word in CLAUSE_ENDS and word not in (":", "(", ")") for word in between)


def _overlap(spans: Sequence[tuple[int, int]]) -> bool:
    ordered = sorted(spans)
    return any(a[1] > b[0] for a, b in itertools.pairwise(ordered))
