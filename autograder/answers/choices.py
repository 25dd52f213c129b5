"""Which of the numbered options an answer chooses, however it says so.

Three kinds of signs, the stronger one deciding: a statement that lists what is chosen or refused ("1 and 3",
"not 2 but 3", "all except 4", "2: no"); what is said about an option ("the second one helps"); and, where
neither is found, the options a list starts its items with. Signs of one strength that contradict each other
leave the choice open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.answers.phrases import Pattern, matches
from autograder.answers.subjects import LEADS, OPTION_WORDS, About, Mention
from autograder.answers.text import lexicon

YES = lexicon("yes true correct right")
NO = lexicon("no false wrong incorrect never not nor")
EXCEPT = lexicon("except but besides excluding")
ALL = lexicon("all everything every each any")
NONE = lexicon("none neither nothing")
STOPS = lexicon(
    """
    because since as while whereas where which when if so however although though
    """
)
LISTED, SAID, ITEM = 3, 2, 1  # how strong a sign is


@dataclass
class Signs:
    """What speaks for and against each option, with the sentence it stands in."""

    options: tuple[str, ...]
    found: dict[tuple[str, bool], tuple[int, str]] = field(default_factory=dict)  # (option, for) -> strength
    open: bool = False  # "1 or 3": a choice that does not choose
    complete: bool = False  # a statement lists all that is chosen

    def add(self, names: frozenset[str], chosen: bool, strength: int, sentence: str) -> None:
        for name in names & set(self.options):
            if strength > self.found.get((name, chosen), (0, ""))[0]:
                self.found[name, chosen] = (strength, sentence)


@dataclass(frozen=True)
class Choice:
    """What an answer chooses. `options` is None where it chooses nothing, or says two things."""

    options: frozenset[str] | None
    sentence: str = ""
    contradictory: bool = False
    refused: frozenset[str] = frozenset()


def choose(
    about: Sequence[About], options: tuple[str, ...], yes: Sequence[Pattern], no: Sequence[Pattern]
) -> Choice:
    """The options chosen. `yes` and `no`: what is said of one that applies, and of one that does not."""
    signs = Signs(options)
    for sentence in about:
        if not sentence.sentence.asks:
            _listed(sentence, signs)
            _said(sentence, signs, yes, no)
    _items(about, signs)
    return _settle(signs)


# --- statements that list -----------------------------------------------------------------------


def _pieces(about: About) -> list[tuple[int, int]]:
    """The sentence cut at words and marks after which another thing is said; not within "1, 2 and 3"."""
    words = about.sentence.words
    inside = {at for g in about.groups for at in range(g.start, g.end)}
    pieces, start = [], 0
    for at, word in enumerate(words):
        cut = word in STOPS or word in (":", ",", "->", "(") or (word == "but" and not _excepts(words, at))
        if cut and at not in inside and "well" not in words[at - 1 : at + 2] and not _bracketed(words, at):
            pieces.append((start, at))
            start = at + 1
        elif word == "not" and _changes(about, start, at):
            pieces.append((start, at))
            start = at
    pieces.append((start, len(words)))
    return [(a, b) for a, b in pieces if b > a]


def _bracketed(words: Sequence[str], at: int) -> bool:
    """Whether a bracket holds one word only, as in "(1)"."""
    return words[at] == "(" and words[at + 2 : at + 3] == (")",)


def _changes(about: About, start: int, at: int) -> bool:
    """Whether the "not" here turns from options that are chosen to others: "1 and 3, not 2"."""
    before = any(start <= m.start < at for m in about.mentions)
    return before and any(at < m.start <= at + 3 for m in about.mentions)


def _excepts(words: Sequence[str], at: int) -> bool:
    """Whether the "but" at this place means "except": "all but 4"."""
    return any(word in ALL for word in words[max(0, at - 5) : at])


def _listed(about: About, signs: Signs) -> None:
    words, raw = about.sentence.words, about.sentence.raw
    pieces = _pieces(about)
    opening = True  # nothing but lists so far: names in the middle of a sentence choose nothing
    for number, (start, end) in enumerate(pieces):
        inside = [m for m in about.mentions if start <= m.start < end and m.end > m.start]
        names = frozenset().union(*(m.names for m in inside)) & set(signs.options)
        taken = {at for m in inside for at in range(m.start, m.end)}
        rest = [words[at] for at in range(start, end) if at not in taken]
        extra = [w for w in rest if w not in LEADS and w not in OPTION_WORDS and w not in NO]
        follows = number + 1 < len(pieces)
        if names and any(w in EXCEPT or w == "other" for w in rest) and any(w in ALL for w in rest):
            _all_except(about, start, end, inside, signs)
        elif extra and not (set(extra) <= (ALL | NONE)):
            opening = False
        elif names and not opening and not any(m.by_number for m in inside):
            continue
        elif names:
            _list(about, (start, end), names, rest, follows, signs)
        elif set(extra) & ALL and "apply" not in rest and not _asked_about(words, start):
            signs.add(frozenset(signs.options), True, LISTED, raw)
            signs.complete = True
        elif set(extra) & NONE:
            signs.add(frozenset(signs.options), False, LISTED, raw)
            signs.complete = True


def _asked_about(words: Sequence[str], start: int) -> bool:
    return start > 0 and words[start - 1] in ("for", "in")


def _all_except(about: About, start: int, end: int, inside: Sequence[Mention], signs: Signs) -> None:
    words = about.sentence.words
    at = next(i for i in range(start, end) if words[i] in EXCEPT or words[i] == "other")
    left_out = frozenset().union(*(m.names for m in inside if m.start > at)) & set(signs.options)
    if left_out:
        signs.add(frozenset(signs.options) - left_out, True, LISTED, about.sentence.raw)
        signs.add(left_out, False, LISTED, about.sentence.raw)
        signs.complete = True


def _list(
    about: About, span: tuple[int, int], names: frozenset[str], rest: list[str], follows: bool, signs: Signs
) -> None:
    """A piece that holds options and nothing else that says anything."""
    words, raw = about.sentence.words, about.sentence.raw
    end = span[1]
    if "or" in rest and not set(rest) & (NO | NONE) and "either" not in rest and len(names) > 1:
        signs.open = True
        return
    heading = follows and words[end] in (":", "->") and len(names) == 1 and not set(rest) & {"answer", "only"}
    if heading:
        verdict = words[end + 1] if end + 1 < len(words) else ""
        if verdict in YES or verdict in NO:
            signs.add(names, verdict in YES, LISTED, raw)
        return
    if set(rest) & (NO | NONE) and not ("not" in rest and "only" in rest):
        signs.add(names, False, LISTED, raw)
        return
    if about.sentence.item and follows and len(names) == 1:
        verdict = words[end + 1] if end + 1 < len(words) else ""
        signs.add(names, verdict not in NO, ITEM if verdict not in YES | NO else LISTED, raw)
        return
    bare = len(names) == 1 and not any(m.by_number for m in about.mentions) and about.sentence.item
    signs.add(names, True, ITEM if bare else LISTED, raw)
    if not bare and words[end : end + 1] != ("(",):
        signs.complete = True
    if "only" in rest:
        signs.add(frozenset(signs.options) - names, False, LISTED, raw)


# --- what is said of an option ------------------------------------------------------------------


def _said(about: About, signs: Signs, yes: Sequence[Pattern], no: Sequence[Pattern]) -> None:
    sentence = about.sentence
    for pattern, applies in [*((p, True) for p in yes), *((p, False) for p in no)]:
        found = list(matches(pattern, sentence, about.named))
        plain = any(match.said for match in found)  # then the ways in which it is denied are chance
        for match in found:
            if match.said == plain and about.mentions:
                names = about.subjects_at(max(start for start, _ in match.spans))
                signs.add(names, applies == match.said, SAID, sentence.raw)
    _verdicts(about, signs)


def _verdicts(about: About, signs: Signs) -> None:
    """ "Sigmoid: yes", "2. Yes, …", and "the third does not" with nothing after it."""
    words, raw = about.sentence.words, about.sentence.raw
    if about.sentence.item and words[:1] and words[0] in ("yes", "no", "true", "false"):
        first = about.mentions[0].names if about.mentions else frozenset()
        signs.add(first, words[0] in YES, LISTED, raw)
    for group in about.groups:
        tail = words[group.end : group.end + 3]
        if tail[:2] in (("does", "not"), ("do", "not"), ("is", "not"), ("will", "not"), ("would", "not")):
            if len(tail) == 2 or tail[2] in (
                ",",
                ":",
                "because",
                "since",
                "as",
                ")",
                "have",
                "suffer",
                "help",
            ):
                signs.add(group.names, False, SAID, raw)
        elif tail in (("do",), ("does",), ("will",), ("would",)) or words[: group.start][-2:] in _SO:
            signs.add(group.names, True, SAID, raw)  # "2 does not help, 3 does", "and so does 3"
        elif tail[:1] == (":",) and tail[1:2] and tail[1] in YES | NO:
            signs.add(group.names, tail[1] in YES, LISTED, raw)
        elif tail[:1] == ("only",) or words[max(0, group.start - 2) : group.start] == ("only", "the"):
            signs.add(frozenset(signs.options) - group.names, False, SAID, raw)


_SO = (("so", "does"), ("so", "do"), ("so", "would"), ("so", "will"))


def _items(about: Sequence[About], signs: Signs) -> None:
    """List items that start with an option and neither choose nor refuse it in words."""
    for sentence in about:
        first = sentence.mentions[0] if sentence.mentions else None
        if (
            first
            and not sentence.sentence.asks
            and (sentence.sentence.item or first.start == 0)
            and first.by_number
        ):
            signs.add(first.names, True, ITEM, sentence.sentence.raw)


# --- the outcome --------------------------------------------------------------------------------


def _settle(signs: Signs) -> Choice:
    chosen, refused, sentence = set(), set(), ""
    clash = signs.open
    for option in signs.options:
        pro, pro_in = signs.found.get((option, True), (0, ""))
        con, _ = signs.found.get((option, False), (0, ""))
        if pro and pro == con:
            clash = True
        elif pro > con:
            chosen.add((option, pro))
            sentence = sentence or pro_in
        elif con:
            refused.add(option)
    strongest = max((s for _, s in chosen), default=0)
    if strongest == ITEM and len(chosen) + len(refused) == len(signs.options):
        return Choice(None)  # all options gone through, none chosen in so many words
    if strongest > ITEM:
        chosen = {(o, s) for o, s in chosen if s > ITEM}
    if signs.complete and any(s < LISTED for _, s in chosen):
        clash = True
    if clash:
        return Choice(None, sentence, contradictory=True)
    if chosen:
        return Choice(frozenset(o for o, _ in chosen), sentence, refused=frozenset(refused))
    if len(refused) == len(signs.options):
        stated = next(iter(signs.found.values()))[1]
        return Choice(frozenset(), stated, refused=frozenset(refused))
    return Choice(None, "")


# --- options for each of several things ---------------------------------------------------------


def pair(about: Sequence[About], slots: tuple[str, ...], options: tuple[str, ...]) -> dict[str, Choice]:
    """The option given to each slot, as in "batch norm: 3, layer norm: 2"."""
    given: dict[str, dict[str, str]] = {slot: {} for slot in slots}  # slot -> option -> sentence
    for sentence in about:
        if not sentence.sentence.asks:
            for slot, option in _pairs(sentence, slots, options):
                given[slot].setdefault(option, sentence.sentence.raw)
    result = {}
    for slot, found in given.items():
        single = frozenset(found) if len(found) == 1 else None
        result[slot] = Choice(single, next(iter(found.values()), ""), contradictory=len(found) > 1)
    return result


def _pairs(about: About, slots: tuple[str, ...], options: tuple[str, ...]) -> list[tuple[str, str]]:
    sequence: list[tuple[str, str, int]] = []
    for mention in about.mentions:
        if mention.oblique and not mention.by_number:
            continue
        for name in sorted(mention.names):
            kind = "slot" if name in slots else "option" if name in options else ""
            if kind and (not sequence or (kind, name) != sequence[-1][:2]):
                sequence.append((kind, name, mention.start))
    words = about.sentence.words
    found_slots = [n for k, n, _ in sequence if k == "slot"]
    found_options = [n for k, n, _ in sequence if k == "option"]
    if "respectively" in words and len(found_options) == len(slots):
        return list(zip(found_slots if len(found_slots) == len(slots) else slots, found_options, strict=True))
    pairs = []
    position = 0
    while position + 1 < len(sequence):
        (kind, name, at), (other_kind, other, other_at) = sequence[position : position + 2]
        near = _joined(words, at, other_at)
        if kind != other_kind and near:
            pairs.append((name, other) if kind == "slot" else (other, name))
            position += 2
        else:
            position += 1
    return pairs


def _joined(words: Sequence[str], a: int, b: int) -> bool:
    """Whether a slot and an option belong to one statement: no reason, and no "not", between them."""
    between = words[a:b]
    return len(between) <= 14 and not any(
        w in STOPS - {"as"} or w in ("not", "than", "unlike") for w in between
    )
