"""The signs of an answer that may choose from numbered options: options, slots and what stands between them.

Words that only lead to options ("the answer is") are no signs. A word or mark that is not accounted for
leaves nothing: a person reads the answer.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.answers.text import MAX_CHARACTERS, spelled
from autograder.answers.words import lexicon, same, stem

Names = tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]  # option or slot -> what it is called, in words

LONGEST = 300  # characters beside the question's own; a longer answer holds more than a choice
CALLED = lexicon("option options choice choices number numbers answer answers nr")
CHOOSES = lexicon("choose pick select take")
BEHIND_OF = lexicon("the them these those")
LEADS = lexicon("a an is are i we my would chose correct right true both ones one of in")
LEADS |= CALLED | CHOOSES | BEHIND_OF
NO = lexicon("no false wrong incorrect")
BEHIND_ONE = NO | lexicon("is only not yes")  # after a number alone; "2 can" and "2 are right" may count
JOINS = lexicon("and & +")
JOINED_PAIRS = (("as", "well", "as"), ("and", "also"), ("and", "then"))
REFUSES = lexicon("not neither nor")
ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
SPELLED = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
RELATES = lexicon("is are like for to with as = -> : goes corresponds equals similar belongs resembles")
NEVER_LEADS = lexicon("not no never hardly nearly only but except or than less more likely why how")


@dataclass(frozen=True)
class Options:
    """What can be chosen, and what it can be given to."""

    numbers: tuple[str, ...]
    names: Names
    slots: Names = ()
    called: tuple[str, ...] = ()  # what the question calls its options: "case", "activation function"
    asked: str = ""

    @cached_property
    def asking(self) -> tuple[tuple[str, ...], ...]:
        """The words of what is asked, up to its first comma, without a slot at its end: "can do that"."""
        parts = [re.split(r"[,;:]", sentence)[0] for sentence in re.findall(r"[^.?!\n]*\?", self.asked)]
        called = sorted((words for _, names in self.slots for words in names), key=len, reverse=True)
        found = []
        for words in map(_words, parts):
            slot = next(
                (len(c) for c in called if len(c) < len(words) and _stands(c, words, len(words) - len(c))), 0
            )
            found.append(tuple(words[: len(words) - slot]))
        return tuple(found)

    @cached_property
    def leads(self) -> frozenset[tuple[str, str]]:
        """Neighbours in what is asked."""
        return frozenset(
            p for own in self.asking for p in itertools.pairwise(own) if not set(p) & NEVER_LEADS
        )

    def asks_whole(self, words: Sequence[str]) -> bool:
        """Whether the words hold the end of what is asked: "to work badly", not "to work" alone."""
        return any(tuple(words[at : at + 2]) == own[-2:] for own in self.asking for at in range(len(words)))

    @cached_property
    def given(self) -> frozenset[tuple[str, ...]]:
        """The sentences of the question that are no option: an answer may repeat them."""
        lines = [line for line in self.asked.splitlines() if not _MARKER.match(line)]
        return frozenset(tuple(_words(s)) for line in lines for s in _sentences(line)) - {()}


@dataclass(frozen=True)
class Sign:
    """One sign of a statement: an option, a slot, or what stands between them."""

    kind: str  # option, slot, join, refuse, but, yes, no, all, only, comma, relate
    name: str = ""  # of an option or a slot
    way: str = ""  # how an option is named: number, letter, ordinal, name


_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_ARROW = re.compile(r"\\(?:to|rightarrow|Rightarrow)\b|[=-]+>|→|⇒")
_WRAPPED = re.compile(r"\\(?:text|mathrm|mathbf|textbf|boxed)\s?\{([^{}\\]{1,40})\}")
_BULLET = re.compile(r"^\s*(?:[-*+•>]\s+|#{1,6}\s+)+")
_MARKER = re.compile(r"^\s*(?:[-*+•]\s+)?(\d{1,2})[.):]\s+(?=\S)(?!(?:and|or)\b|[&,+])")
_UNREAD = re.compile(r"~~|<|!\[|\?")  # struck out, HTML or "less than", a picture, a question
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3}|`)(?=\S)([^*_`]{1,200})(?<=\S)\1(?!\w)")
_TOKEN = re.compile(r"\d+(?:st|nd|rd|th)\b|\d+\.\d+|\d+|[^\W\d_]+|->|\S")
_END = re.compile(r"(?<=[^\W\d_])[.!;](?:\s+|$)|(?<=[\d)])[.!;](?:\s+(?=[^\s\d])|\s*$)|;\s")


def _words(text: str) -> list[str]:
    return [spelled(word) for word in re.findall(r"[^\W_]+", text)]


def _sentences(line: str) -> list[str]:
    parts = re.split(r"(?<=\?)\s+", _REFUSED.sub(r"; \1", line))
    return [sentence.strip() for part in parts for sentence in _END.split(part) if sentence.strip()]


def _lines(answer: str) -> list[str] | None:
    """The lines of an answer without Markdown, or None where something in it cannot be read for certain."""
    if len(answer) > MAX_CHARACTERS:
        return None
    text = unicodedata.normalize("NFKC", answer).strip()
    text = _WRAPPED.sub(r"\1", _ARROW.sub(" -> ", text))
    text = _ESCAPE.sub(r"\1", text).replace("$", " ")
    for _ in range(3):  # bold inside italic inside a formula
        text = _EMPHASIS.sub(r"\2", text)
    if "\\" in text or ".." in text:
        return None
    lines = [_MARKER.sub(r"\1: ", _BULLET.sub("", line).strip()) for line in text.splitlines()]
    return [line for line in lines if line]


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(re.sub(r"(?<=\w)n['’]t\b", " not", text))


class _SignReader:
    """Signs of one statement after the other."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.called = {stem(word) for word in (*CALLED, *options.called)}
        named = [*options.names, *options.slots]
        self.names = sorted(
            ((words, name) for name, called in named for words in called), key=lambda each: -len(each[0])
        )
        self.slots = {name for name, _ in options.slots}

    def signs(self, statement: str) -> list[Sign] | None:
        """What a statement holds, in order; None if a word of it is not accounted for."""
        shown = _tokens(_unbracketed(statement))
        words = [spelled(token) for token in shown]
        found: list[Sign] = []
        at, borrowed = 0, False
        while at < len(words):
            step = self._named(words, at) or self._numbered(shown, words, at) or self._other(words, at)
            if step is None:
                return None
            sign, length = step
            found += [sign] if sign else []
            borrowed |= sign is None and words[at] not in LEADS and stem(words[at]) not in self.called
            at += length
        if self._may_count(found, words) or (borrowed and not self.options.asks_whole(words)):
            return None
        return found

    def _may_count(self, found: Sequence[Sign], words: Sequence[str]) -> bool:
        """Whether a number alone may be how many there are: "2 can do that", "the answers are 2"."""
        options = [sign for sign in found if sign.kind == "option"]
        if self.options.slots or len(options) != 1 or options[0].way != "number":
            return False
        _, before, after = _around(words, words.index(options[0].name))
        if stem(before) in self.called or not {"are", "both"}.isdisjoint(words):
            return not {"are", "both"}.isdisjoint(words)
        return after.isalpha() and after not in BEHIND_ONE

    def picks(self, answer: str) -> bool:
        """Whether some options stand out in bold or italics, and others do not: which are chosen?"""
        strong = self._mentioned(" ; ".join(found[1] for found in _EMPHASIS.findall(answer)))
        return bool(strong) and not self._mentioned(_EMPHASIS.sub(" ; ", answer)) <= strong

    def _mentioned(self, text: str) -> set[str]:
        words = [spelled(token) for token in _tokens(text)]
        numbers = {word for word in words if word in self.options.numbers}
        named = [self._named(words, at) for at in range(len(words))]
        return numbers.union(s[0].name for s in named if s and s[0] and s[0].kind == "option")

    def _named(self, words: Sequence[str], at: int) -> tuple[Sign | None, int] | None:
        hits = [(len(n), name) for n, name in self.names if _stands(n, words, at)]
        if not hits:
            return None
        longest = max(length for length, _ in hits)
        name, *others = {name for length, name in hits if length == longest}
        return None if others else (Sign("slot" if name in self.slots else "option", name, "name"), longest)

    def _numbered(
        self, shown: Sequence[str], words: Sequence[str], at: int
    ) -> tuple[Sign | None, int] | None:
        word, before, after = _around(words, at)
        number, way = 0, "number"
        if word.isdecimal() and (before == "the" or self._counts(after)):  # "the 2 functions", "2 of them"
            return None
        if word.isdecimal():
            number = int(word)
        elif word in ORDINALS and (
            before == "the"
            or stem(after) in self.called
            or after in ("one", "ones")
            or (before == "and" and ORDINALS.keys() & set(words[:at]))
        ):
            number, way = ORDINALS[word], "ordinal"
        elif word in SPELLED and stem(before) in self.called:
            number, way = SPELLED[word], "ordinal"
        elif (
            len(word) == 1
            and shown[at] in "ABCDEF"
            and (not after or not after[0].isalpha() or after == "and")
        ):
            number, way = "ABCDEF".index(shown[at]) + 1, "letter"
        if str(number) not in self.options.numbers:
            return None
        return Sign("option", str(number), way), 1

    def _other(self, words: Sequence[str], at: int) -> tuple[Sign | None, int] | None:
        """Words and marks beside the options; no sign where they only lead to them."""
        word = words[at]
        for phrase in JOINED_PAIRS:
            if tuple(words[at : at + len(phrase)]) == phrase:
                return Sign("join"), len(phrase)
        if word in _KINDS:
            return Sign(_KINDS[word], way=word), 1
        _, before, after = _around(words, at)
        if self.options.slots and word in RELATES:
            return Sign("relate"), 1
        borrowed = {(before, word), (word, after)} & self.options.leads
        if word in LEADS and not borrowed and not self._leads(word, after):
            return None
        return (None, 1) if borrowed or word in LEADS or stem(word) in self.called else None

    def _leads(self, word: str, after: str) -> bool:
        """Whether a word leads to options here: not "I." or "a)", "would" alone, nor a count of them."""
        if len(word) == 1:
            return len(after) > 1 and after.isalpha()
        if word == "would":
            return after in CHOOSES
        if word == "of":
            return after in BEHIND_OF
        return not (after == "of" and (word == "one" or stem(word) in self.called))

    def _counts(self, after: str) -> bool:
        return after in ("of", "ones") or stem(after) in self.called


def _around(words: Sequence[str], at: int) -> tuple[str, str, str]:
    """A word, the one before it and the one behind."""
    return words[at], words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""


_KINDS = {
    **dict.fromkeys(JOINS, "join"), **dict.fromkeys(REFUSES, "refuse"), **dict.fromkeys(NO, "no"),
    "yes": "yes", "but": "but", "except": "but", "all": "all", "everything": "all", "only": "only",
    ",": "comma", ":": "relate", "=": "relate", "->": "relate", "-": "relate", "–": "relate",
}  # fmt: skip


def _stands(name: Sequence[str], words: Sequence[str], at: int) -> bool:
    here = words[at : at + len(name)]
    return len(here) == len(name) and all(map(same, name, here))


_ONE = re.compile(r"\((\w{1,2})\)|(?<![\w(])(\w)\)")
_REFUSED = re.compile(r"\(\s*(?:and |but )?(not [^()]*)\)\s*$")


def _unbracketed(statement: str) -> str:
    """The brackets of "(1) and (3)" or "a) and c)" gone; "2 (3)" keeps them."""
    bare = _ONE.sub(lambda m: f" {(m[1] or m[2]).upper()} ", statement)
    if "(" not in bare and ")" not in bare and not re.search(r"\d\s+\(\w\)", statement):
        return bare.strip(" .!\"'“”")
    return statement.strip(" .!\"'“”")


def said(options: Options, answer: str) -> list[list[list[Sign]]] | None:
    """The signs of each sentence of each line; None if anything of the answer is not accounted for."""
    lines = [list(_own_sentences(options, line)) for line in _lines(answer) or ()]
    if not lines or sum(len(sentence) for line in lines for sentence in line) > LONGEST:
        return None
    reader, found = _SignReader(options), []
    if reader.picks(answer):
        return None
    for line in lines:
        own = []
        for sentence in line:
            signs = None if _UNREAD.search(sentence) else reader.signs(sentence)
            if signs is None:
                return None
            own += [signs] if any(s.way != ":" for s in signs) else []  # "Answer:" leads to a list
        found += [own] if own else []
    signs = [sign for line in found for own in line for sign in own]
    bracketed = sum(len(_ONE.findall(sentence)) for line in lines for sentence in line)
    numbered = sum(sign.way in ("number", "letter", "ordinal") for sign in signs)
    return found if bracketed in (0, numbered) else None  # "1, (3)" is a hedge


def _own_sentences(options: Options, line: str) -> Iterator[str]:
    """Without those that the question holds."""
    for sentence in _sentences(line):
        if tuple(_words(sentence)) not in options.given:
            yield sentence


def own_numbers(answer: str, lines: int) -> bool:
    """Whether the lines are numbered from 1: then nobody knows if "1." is an option."""
    marked = [m[1] for line in answer.splitlines() if (m := _MARKER.match(_ESCAPE.sub(r"\1", line)))]
    return lines > 1 and marked == [str(at) for at in range(1, lines + 1)]
