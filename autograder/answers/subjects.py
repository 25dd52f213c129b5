"""What a sentence is about: which of a question's subjects, or numbered options, each word belongs to.

"Sigmoid saturates, but leaky ReLU keeps a slope" says two things about two subjects. A word belongs to the
subject named last before it in its clause, else first after it there, else to the nearest one in the
sentence, else to what the sentence before was about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.answers.phrases import CLAUSE_ENDS, Phrases, occurrences
from autograder.answers.text import Sentence, lexicon

Subjects = tuple[tuple[str, Phrases], ...]  # name -> how it is called; "1", "2", … are options

CONNECTORS = lexicon("and & , or / both + nor")
OPTION_WORDS = lexicon(
    """
    option options choice choices number numbers case cases answer answers method methods item items
    # nr
    """
)
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": -1,
}  # fmt: skip
SPELLED_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4}
ROMANS = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
AFTER_ORDINAL = lexicon(
    """
    one ones option options case cases method choice activation activations function functions and & ,
    or is are does has because works helps do also
    """
)
BEFORE_OBLIQUE = (
    *(("than",), ("versus",), ("unlike",), ("compared", "to"), ("compared", "with"), ("relative", "to")),
    *(("instead", "of"), ("contrast", "to"), ("compare", "to")),
)
OTHERS = lexicon("other others rest remaining")  # "the other two do not"
BETWEEN_NUMBERS = lexicon("not but except only ( ) - to as well")
AROUND_NUMBERS = lexicon("not neither except but than all everything other any of")
AFTER_LETTER = lexicon("and & , : ) because is helps since or")
BEFORE_BRACKET = lexicon("but that for only not")
BEFORE_NUMBER = lexicon(", : but so because while and whereas since than except")
LISTED_AFTER = lexicon("and & , or")  # "the ones with this trouble are 1 and 2"
VERBAL = lexicon("helps help is does do has have would will because works since and yes no not")
COUNTED = lexicon("layer layers hidden of % times steps epochs")  # "5 layers" is no option
EQUALS = lexicon("like is are to -> : = as with")
AFTER_EQUALS = lexicon(", and because since as : ) (")
ARTICLES = lexicon("the a an that those of")
LEADS = lexicon(
    """
    the a answer answers is are was option options choice choices number numbers i we my think believe
    guess would say choose chose pick picked select selected correct right both only just and or & , : (
    ) + / following ones one of them these those should be to case cases it its they activation
    activations function functions solution yes that apply d also namely here would will work works
    problem like most likely true in as nr # no statement having using use
    well set stronger add adding increase increasing
    """
)


@dataclass(frozen=True)
class Mention:
    start: int
    end: int
    names: frozenset[str]
    by_number: bool = False
    oblique: bool = False  # only compared with: "than the plain net"


@dataclass(frozen=True)
class About:
    """One sentence, what it names, and what the sentence before was about."""

    sentence: Sentence
    mentions: tuple[Mention, ...]
    before: frozenset[str]
    loose: bool = False

    @cached_property
    def named(self) -> frozenset[int]:
        """Positions of words that name a subject: the "without" of "without batch norm" denies nothing."""
        return frozenset(at for m in self.mentions for at in range(m.start, m.end))

    @cached_property
    def groups(self) -> tuple[Mention, ...]:
        """Mentions, with those joined by "and" or a comma taken together."""
        words = self.sentence.words
        joined: list[Mention] = []
        for mention in self.mentions:
            last = joined[-1] if joined else None
            between = words[last.end : mention.start] if last else ()
            if (
                last
                and between
                and all(w in CONNECTORS or w in ARTICLES or w in OPTION_WORDS for w in between)
            ):
                names = last.names | mention.names
                joined[-1] = Mention(last.start, mention.end, names, last.by_number, last.oblique)
            else:
                joined.append(mention)
        return tuple(joined)

    @cached_property
    def clauses(self) -> tuple[int, ...]:
        """For each word, the number of its clause."""
        inside = {at for group in self.groups for at in range(group.start, group.end)}
        starts = {m.start for m in self.mentions}
        number, found = 0, []
        for at, word in enumerate(self.sentence.words):
            opens = word in CLAUSE_ENDS and word not in ("than", "when", "if", "where")
            joins = word == "and" and (
                at + 1 in starts or _SUBJECT_WORDS.intersection(self.sentence.words[at + 1 : at + 2])
            )
            if at not in inside and (opens or joins):
                number += 1
            found.append(number)
        return tuple(found)

    def subjects_at(self, at: int) -> frozenset[str]:
        """The subjects that the word at this position belongs to; empty if none was named."""
        governing = [g for g in self.groups if not g.oblique] or list(self.groups)
        if not governing:
            return self.before
        if not self.clauses:
            return governing[-1].names
        at = min(at, len(self.clauses) - 1)
        here = [
            g for g in governing if g.start < len(self.clauses) and self.clauses[g.start] == self.clauses[at]
        ]
        for candidates in (here, governing):
            earlier = [g for g in candidates if g.start <= at]
            if earlier:
                return earlier[-1].names
            if candidates:
                return candidates[0].names
        return frozenset()


_SUBJECT_WORDS = lexicon("it they this that there the with without for in i we")


def read(sentences: Sequence[Sentence], subjects: Subjects, loose: bool = False) -> tuple[About, ...]:
    """What each sentence is about. `loose`: numbers also count as options after "is" and "like"."""
    found: list[About] = []
    before: frozenset[str] = frozenset()
    count = sum(name.isdigit() for name, _ in subjects)
    for sentence in sentences:
        named = _named(sentence, subjects)
        taken = {at for m in named for at in range(m.start, m.end)}
        numbered = [m for m in _numbered(sentence, count, loose) if not taken & set(range(m.start, m.end))]
        if sentence.item and (own := _item(sentence, count, named)) is not None:
            numbered.insert(0, own)
        mentions = tuple(sorted([*named, *numbered], key=lambda m: (m.start, m.end)))
        if not mentions and OTHERS & set(sentence.words):
            before = frozenset(name for name, _ in subjects) - before
        about = About(sentence, mentions, before, loose)
        found.append(about)
        if about.groups:
            direct = [g for g in about.groups if not g.oblique] or list(about.groups)
            before = direct[-1].names
    return tuple(found)


def _named(sentence: Sentence, subjects: Subjects) -> list[Mention]:
    """Subjects called by name; where names overlap, the one that starts first counts, then the longer."""
    words = sentence.words
    places = [(s, e, name) for name, phrases in subjects for s, e in occurrences(phrases, words)]
    chosen: list[tuple[int, int, set[str]]] = []
    for start, end, name in sorted(places, key=lambda p: (p[0], -p[1])):
        same = next((c for c in chosen if (c[0], c[1]) == (start, end)), None)
        if same:
            same[2].add(name)
        elif all(end <= s or start >= e for s, e, _ in chosen):
            chosen.append((start, end, {name}))
    return [Mention(s, e, frozenset(names), False, _oblique(words, s)) for s, e, names in chosen]


def _oblique(words: Sequence[str], start: int) -> bool:
    while start > 0 and words[start - 1] in ARTICLES and words[start - 2 : start] != ("instead", "of"):
        start -= 1
    return any(tuple(words[max(0, start - len(p)) : start]) == p for p in BEFORE_OBLIQUE)


def _item(sentence: Sentence, count: int, named: Sequence[Mention]) -> Mention | None:
    """The option a list item's number stands for, unless the item goes on to name another one."""
    number = _option_number(sentence.item)
    if number is None or not 1 <= number <= count:
        return None
    early = [m for m in named if m.start <= 4 and any(n.isdigit() for n in m.names)]
    if early and str(number) not in early[0].names:
        return None
    return Mention(0, 0, frozenset((str(number),)), True)


def _option_number(marker: str) -> int | None:
    low = marker.lower()
    if low.isdigit():
        return int(low)
    if low in ROMANS and low != "i":
        return ROMANS[low]
    return "abcd".index(low) + 1 if len(low) == 1 and low in "abcd" else None


def _numbered(sentence: Sentence, count: int, loose: bool) -> list[Mention]:
    """Options called by number, letter or ordinal, where the context says that they are."""
    words, shown = sentence.words, sentence.shown
    found: dict[int, Mention] = {}
    for _ in range(2):  # a second look: "1, 2 and 3" becomes clear from its first number
        for at in range(len(words)):
            if at in found:
                continue
            number = _number_at(words, shown, at, count)
            if number is not None and _is_reference(words, at, found, loose):
                found[at] = Mention(at, at + 1, frozenset((str(number),)), True, _oblique(words, at))
    return _ranges([found[at] for at in sorted(found)], words)


def _ranges(numbers: list[Mention], words: Sequence[str]) -> list[Mention]:
    """The same, with "1-3" and "1 to 3" as all of them."""
    result: list[Mention] = []
    for mention in numbers:
        last = result[-1] if result else None
        if last and mention.start == last.end + 1 and words[last.end] in ("-", "to", "through"):
            low, high = int(min(last.names)), int(max(mention.names))
            names = frozenset(map(str, range(low, high + 1)))
            result[-1] = Mention(last.start, mention.end, names or last.names, True, last.oblique)
        else:
            result.append(mention)
    return result


def _number_at(words: Sequence[str], shown: Sequence[str], at: int, count: int) -> int | None:
    word = words[at]
    number: int | None = None
    if word.isdecimal():
        number = int(word[:9])  # more digits are no option either
    elif word in ORDINALS:
        number = ORDINALS[word] if ORDINALS[word] > 0 else count
    elif word in SPELLED_NUMBERS and at and words[at - 1] in OPTION_WORDS:
        number = SPELLED_NUMBERS[word]
    elif len(word) == 1 and word in "abcd" and (shown[at].isupper() or _in_brackets(words, at)):
        number = "abcd".index(word) + 1
    elif word in ROMANS and _in_brackets(words, at) and (word != "i" or words[at - 1 : at] == ("(",)):
        number = ROMANS[word]
    return number if number is not None and 1 <= number <= count else None


def _in_brackets(words: Sequence[str], at: int) -> bool:
    return words[at + 1 : at + 2] == (")",)


def _is_reference(words: Sequence[str], at: int, found: dict[int, Mention], loose: bool) -> bool:
    """Whether the number at this place stands for an option: what is around it tells."""
    word = words[at]
    previous = words[at - 1] if at else ""
    following = words[at + 1] if at + 1 < len(words) else ""
    if word in ORDINALS:
        return not following or following in AFTER_ORDINAL
    if word == "a" and following and following not in AFTER_LETTER:
        return False
    if previous in OPTION_WORDS or (previous == "(" and following == ")"):
        return True
    if following == ")" and (at == 0 or previous in CONNECTORS or previous in BEFORE_BRACKET):
        return True
    if all(w in LEADS or w in OPTION_WORDS or w in AROUND_NUMBERS for w in words[:at]):
        return previous not in ("=", "<", ">") and following not in COUNTED
    if found and min(found) < at and previous in CONNECTORS and following == "(":
        return True
    if previous == "are" and following in LISTED_AFTER:
        return True
    near = at - 1
    while near >= 0 and (words[near] in CONNECTORS or words[near] in BETWEEN_NUMBERS):
        near -= 1
    if near in found and near != at - 1:
        return True
    if previous in BEFORE_NUMBER and (
        following in VERBAL or (not following and previous in ("but", "except"))
    ):
        return True
    return loose and previous in EQUALS and (not following or following in AFTER_EQUALS)
