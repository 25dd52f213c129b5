"""Which of the numbered options an answer chooses, where it does that and nothing else.

Every sign of the answer must be accounted for: options ("1", "the second", "case 2", their names), words
that lead to them ("the answer is"), the question's own words, and what joins or refuses options ("1 and 3,
but not 2", "all except 4", "1: yes, 2: no"). Whatever is left over, be it a joke, a hedge or an
explanation, leaves the choice open, and a person reads the answer.
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
LEADS = lexicon(
    """
    the a an answer answers is are was were option options choice choices number numbers nr i we my would
    choose chose pick select take correct right true both ones one of in them these those
    """
)
CALLED = lexicon("option options choice choices number numbers answer answers nr")
JOINS = lexicon("and & +")
JOINED_PAIRS = (("as", "well", "as"), ("and", "also"), ("and", "then"))
NO = lexicon("no false wrong incorrect")
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
    names: frozenset[str] = frozenset()
    way: str = ""  # how an option is named: number, letter, ordinal, name


# --- from text to signs -------------------------------------------------------------------------

_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_ARROW = re.compile(r"\\(?:to|rightarrow|Rightarrow)\b|[=-]+>|→|⇒")
_WRAPPED = re.compile(r"\\(?:text|mathrm|mathbf|textbf|boxed)\s?\{([^{}\\]{1,40})\}")
_BULLET = re.compile(r"^\s*(?:[-*+•>]\s+|#{1,6}\s+)+")
_MARKER = re.compile(r"^\s*(?:[-*+•]\s+)?\(?(\d{1,2})[.):]\s+(?=\S)(?!(?:and|or)\b|[&,+])")
_UNREAD = re.compile(r"~~|<|!\[|\?")  # struck out, HTML or "less than", a picture, a question
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3}|`)(?=\S)([^*_`]{1,200})(?<=\S)\1(?!\w)")
_TOKEN = re.compile(r"\d+(?:st|nd|rd|th)\b|\d+\.\d+|\d+|[^\W\d_]+|->|\S")
_END = re.compile(r"(?<=[^\W\d_])[.!;](?:\s+|$)|(?<=[\d)])[.!;](?:\s+(?=[^\s\d])|\s*$)|;\s")


def _words(text: str) -> list[str]:
    return [spelled(word) for word in re.findall(r"[^\W_]+", text)]


def _sentences(line: str) -> list[str]:
    parts = re.split(r"(?<=\?)\s+", line)
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
        return None if borrowed and not self.options.asks_whole(words) else found

    def _named(self, words: Sequence[str], at: int) -> tuple[Sign | None, int] | None:
        hits = [(len(n), name) for n, name in self.names if _stands(n, words, at)]
        if not hits:
            return None
        longest = max(length for length, _ in hits)
        names = {name for length, name in hits if length == longest}
        if len(names) > 1:
            return None
        kind = "slot" if names <= self.slots else "option"
        return Sign(kind, frozenset(names), "name"), longest

    def _numbered(
        self, shown: Sequence[str], words: Sequence[str], at: int
    ) -> tuple[Sign | None, int] | None:
        word, before = words[at], words[at - 1] if at else ""
        after = words[at + 1] if at + 1 < len(words) else ""
        number, way = 0, "number"
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
        return Sign("option", frozenset((str(number),)), way), 1

    def _other(self, words: Sequence[str], at: int) -> tuple[Sign | None, int] | None:
        """Words and marks beside the options; no sign where they only lead to them."""
        word = words[at]
        for phrase in JOINED_PAIRS:
            if tuple(words[at : at + len(phrase)]) == phrase:
                return Sign("join"), len(phrase)
        if word in _KINDS:
            return Sign(_KINDS[word], way=word), 1
        around = {(words[at - 1] if at else "", word), (word, words[at + 1] if at + 1 < len(words) else "")}
        if word in LEADS or stem(word) in self.called or around & self.options.leads:
            return None, 1
        return (Sign("relate"), 1) if self.options.slots and word in RELATES else None


_KINDS = {
    **dict.fromkeys(JOINS, "join"), **dict.fromkeys(REFUSES, "refuse"), **dict.fromkeys(NO, "no"),
    "yes": "yes", "but": "but", "except": "but", "all": "all", "everything": "all", "only": "only",
    ",": "comma", ":": "relate", "=": "relate", "->": "relate", "-": "relate", "–": "relate",
}  # fmt: skip


def _stands(name: Sequence[str], words: Sequence[str], at: int) -> bool:
    here = words[at : at + len(name)]
    return len(here) == len(name) and all(map(same, name, here))


_ONE = re.compile(r"\((\w{1,2})\)|(?<![\w(])(\w)\)")


def _unbracketed(statement: str) -> str:
    """The brackets of "(1) and (3)" or "a) and c)" gone, and of "(not 2)"; "2 (3)" keeps them."""
    bare = _ONE.sub(lambda m: f" {m[1] or m[2]} ", statement)
    if "(" not in bare and ")" not in bare and not re.search(r"\d\s+\(\w\)", statement):
        return bare.strip(" .!\"'“”")
    inner = re.sub(r"\((\s*(?:and |but )?not [^()]*)\)", r", \1 ", statement)
    return inner.strip(" .!\"'“”")


# --- statements ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Statement:
    chosen: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    verdicts: bool = False  # "1: yes"


def _statement(signs: Sequence[Sign], numbers: Sequence[str]) -> Statement | None:
    """What one statement chooses; None unless it is of a form that can be read in one way only."""
    signs = list(signs)
    if len(signs) > 1 and signs[0].way == ":":  # "Answer: 1"
        signs.pop(0)
    if len(signs) > 1 and signs[0].kind == "only" and _listed(signs[1:]) is not None:
        signs.pop(0)
    if signs and signs[-1].kind == "only":
        signs.pop()
    kinds = [sign.kind for sign in signs]
    if len({s.way for s in signs if s.kind == "option"} - {"name"}) > 1:
        return None
    if kinds[:2] == ["all", "but"]:
        left_out = _listed(signs[2:])
        return None if left_out is None else Statement(frozenset(numbers) - left_out, left_out)
    if set(kinds) & {"yes", "no"}:
        return _verdicts(signs)
    cut = next((at for at, kind in enumerate(kinds) if kind == "refuse"), len(signs))
    refused = _listed(signs[cut + 1 :]) if cut < len(signs) else frozenset()
    head = signs[:cut]
    while cut < len(signs) and head and head[-1].kind in ("comma", "but", "join"):
        head.pop()
    chosen = _listed(head) if head else frozenset()
    if chosen is None or refused is None or not chosen | refused or chosen & refused:
        return None
    return Statement(chosen, refused)


def _listed(signs: Sequence[Sign]) -> frozenset[str] | None:
    """Options with something that joins them between each two, and each once."""
    found: list[str] = []
    for at, sign in enumerate(signs):
        if sign.kind == "option":
            if at and signs[at - 1].kind == "option":
                return None
            found += sign.names
        elif (
            sign.kind not in ("join", "comma", "refuse")
            or not 0 < at < len(signs) - 1
            or (sign.kind == "refuse" and not found)
        ):
            return None
    return frozenset(found) if found and len(set(found)) == len(found) else None


def _verdicts(signs: Sequence[Sign]) -> Statement | None:
    """ "1: yes, 2: no, …": each option with its verdict."""
    given: dict[str, bool] = {}
    open_name = ""
    for sign in signs:
        if sign.kind == "option" and not open_name and not sign.names & set(given):
            open_name = next(iter(sign.names))
        elif sign.kind in ("yes", "no") and open_name:
            given[open_name], open_name = sign.kind == "yes", ""
        elif sign.kind not in ("comma", "relate", "join"):
            return None
    if open_name or not given:
        return None
    return Statement(
        frozenset(n for n, yes in given.items() if yes),
        frozenset(n for n, yes in given.items() if not yes),
        True,
    )


def _said(options: Options, answer: str) -> list[list[list[Sign]]] | None:
    """The signs of each sentence of each line; None if anything of the answer is not accounted for."""
    lines = [list(_own_sentences(options, line)) for line in _lines(answer) or ()]
    if not lines or sum(len(sentence) for line in lines for sentence in line) > LONGEST:
        return None
    reader, found = _SignReader(options), []
    for line in lines:
        own = []
        for sentence in line:
            signs = None if _UNREAD.search(sentence) else reader.signs(sentence)
            if signs is None:
                return None
            own += [signs] if any(s.way != ":" for s in signs) else []  # "Answer:" leads to a list
        found += [own] if own else []
    return found


def _own_sentences(options: Options, line: str) -> Iterator[str]:
    """Without those that the question holds."""
    for sentence in _sentences(line):
        if tuple(_words(sentence)) not in options.given:
            yield sentence


def whole(options: Options, answer: str) -> frozenset[str] | None:
    """The options that an answer chooses, if that is all it does."""
    said = _said(options, answer)
    if not said:
        return None
    read = [[_statement(_marked(signs), options.numbers) for signs in line] for line in said]
    statements = [s for line in read for s in line if s is not None]
    if len(statements) < sum(map(len, read)):
        return None
    if not _go_together(statements, lines=len(said)):
        return None
    chosen = frozenset().union(*(s.chosen for s in statements))
    refused = frozenset().union(*(s.refused for s in statements))
    if chosen & refused or not chosen:
        return None
    if any(s.verdicts for s in statements) and chosen | refused != set(options.numbers):
        return None
    return chosen


def _marked(signs: list[Sign]) -> list[Sign]:
    """ "1. Sigmoid", "1: sigmoid" and "option 1, the sigmoid" name one option twice."""
    options = [s for s in signs if s.kind == "option"]
    if (
        len(options) == 2
        and options[0].names == options[1].names
        and {s.way for s in options} == {"number", "name"}
    ):
        second = max(at for at, s in enumerate(signs) if s.kind == "option")
        return [s for at, s in enumerate(signs) if at != second and s.kind not in ("relate", "comma")]
    return signs


def _go_together(statements: Sequence[Statement], lines: int) -> bool:
    """One statement; one that chooses and one that refuses; or a list with an option on each line."""
    if len(statements) == 1 or all(s.verdicts for s in statements):
        return True
    if any(s.verdicts for s in statements):
        return False
    if len(statements) == 2 and statements[0].chosen and not statements[1].chosen:
        return True
    each = [name for s in statements for name in s.chosen]
    plain = lines == len(statements) and not any(s.refused for s in statements)
    return plain and len(each) == len(set(each)) == len(statements)


def pairs(options: Options, answer: str) -> dict[str, str] | None:
    """The option given to each slot ("the left one: 3, the right one: 2"), if each is given one once."""
    said = _said(options, answer)
    if not said or _own_numbers(answer, len(said)):
        return None
    given: dict[str, str] = {}
    for signs in (sentence for line in said for sentence in line):
        kept = [s for s in signs if s.kind in ("slot", "option")]
        if not kept or {s.kind for s in signs} - {"slot", "option", "join", "comma", "relate"}:
            return None
        if len(kept) % 2 or any(s.way == "name" for s in kept if s.kind == "option"):
            return None
        for a, b in zip(kept[::2], kept[1::2], strict=True):
            slot, option = (a, b) if a.kind == "slot" else (b, a)
            name = next(iter(slot.names))
            if (a.kind, b.kind) != (kept[0].kind, kept[1].kind) or a.kind == b.kind or name in given:
                return None
            given[name] = next(iter(option.names))
    return given if set(given) == {name for name, _ in options.slots} else None


def _own_numbers(answer: str, lines: int) -> bool:
    """Whether the lines are numbered from 1: then nobody knows if "1." is an option."""
    marked = [m[1] for line in answer.splitlines() if (m := _MARKER.match(_ESCAPE.sub(r"\1", line)))]
    return lines > 1 and marked == [str(at) for at in range(1, lines + 1)]
