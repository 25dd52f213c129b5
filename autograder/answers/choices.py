"""Which of the numbered options an answer chooses, where it does that and nothing else.

Every sign of the answer must be accounted for: options ("1", "the second", "case 2", their names), words
that lead to them ("the answer is"), the question's own words, and what joins or refuses options ("1 and 3,
but not 2", "all except 4", "1: yes, 2: no"). Whatever is left over, be it a joke, a hedge or an
explanation, leaves the choice open, and a person reads the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.answers.signs import Options, Sign, own_numbers, said


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
    refused = _refused(signs[cut:], beside=signs[cut - 1].kind if cut else "")
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
            found.append(sign.name)
        elif (
            sign.kind not in ("join", "comma", "refuse")
            or not 0 < at < len(signs) - 1
            or (sign.kind == "refuse" and not found)
        ):
            return None
    return frozenset(found) if found and len(set(found)) == len(found) else None


def _refused(signs: Sequence[Sign], beside: str) -> frozenset[str] | None:
    """The options of "not 2", "neither 2 nor 4"; beside chosen ones "not 2 and 3" may take in one or both."""
    if not signs:
        return frozenset()
    found, way = _listed(signs[1:]), signs[0].way
    more = [sign.way for sign in signs[1:] if sign.kind == "refuse"]
    each = len(more) == len(found or ()) - 1
    if way == "nor" or (way == "neither" and not (each and set(more) == {"nor"} and beside != "option")):
        return None
    return found if each or not beside else None


def _verdicts(signs: Sequence[Sign]) -> Statement | None:
    """ "1: yes, 2: no, …": each option with its verdict."""
    given: dict[str, bool] = {}
    open_name = ""
    for sign in signs:
        if sign.kind == "option" and not open_name and sign.name not in given:
            open_name = sign.name
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


def whole(options: Options, answer: str) -> frozenset[str] | None:
    """The options that an answer chooses, if that is all it does."""
    found = said(options, answer)
    if not found:
        return None
    read = [_statement(_marked(signs), options.numbers) for line in found for signs in line]
    statements = [s for s in read if s is not None]
    if len(statements) < len(read) or not _go_together(statements, lines=len(found)):
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
    if [s.way for s in options] == ["number", "name"] and options[0].name == options[1].name:
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
    found = said(options, answer)
    if not found or own_numbers(answer, len(found)):
        return None
    given: dict[str, str] = {}
    for signs in (sentence for line in found for sentence in line):
        kept = [s for s in signs if s.kind in ("slot", "option")]
        if not kept or {s.kind for s in signs} - {"slot", "option", "join", "comma", "relate"}:
            return None
        if len(kept) % 2 or any(s.way == "name" for s in kept if s.kind == "option"):
            return None
        if _runs_on(signs):
            return None
        for a, b in zip(kept[::2], kept[1::2], strict=True):
            slot, option = (a, b) if a.kind == "slot" else (b, a)
            if (a.kind, b.kind) != (kept[0].kind, kept[1].kind) or a.kind == b.kind or slot.name in given:
                return None
            given[slot.name] = option.name
    return given if set(given) == {name for name, _ in options.slots} else None


def _runs_on(signs: Sequence[Sign]) -> bool:
    """Whether anything relates one pair to what follows it: "left = 3 = right, 2"."""
    kept = [at for at, sign in enumerate(signs) if sign.kind in ("slot", "option")]
    behind = (signs[at + 1].kind for at in kept[1::2] if at + 1 < len(signs))
    return "relate" in behind
