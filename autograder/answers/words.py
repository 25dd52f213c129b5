"""Words of English as such: what holds sentences together, in whatever subject.

Words of a subject stand in the rubrics alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import snowballstemmer
from rapidfuzz.distance import OSA

_STEMMER = snowballstemmer.stemmer("english")
FUZZY_FROM = 6  # letters; shorter words have too many neighbours that mean something else


def lexicon(listed: str) -> frozenset[str]:
    """A list of words, as text between spaces."""
    return frozenset(listed.split())


# Words that hold English sentences together; other languages use other ones.
GLUE = lexicon(
    """
    a an the this that these those it its he it they them their we us our you your i my me there here which
    what who is are was were be been being am do does did done has have had having will would can could
    should may might must not no never only also too very so much more most less least than then and or
    but if when while whereas because since as of in on at to for with without from by into through over
    under between after before during until about both either neither each every all any some such same
    other another one even still just always often hence thus therefore however although though up down
    out off above below per like unlike where how why again already really quite rather almost nearly
    """
)
# Of these, the ones that change what is said: no two answers that differ in one of them are alike.
MEANT = lexicon(
    """
    not no never neither nor hardly without only except but more most less least than up down out off same
    other all any some each every both none before after if could would should may might must unlike if
    almost nearly
    """
)
# Words that stand for something named elsewhere, compare, count or direct: with one of them, an answer may be
# about anything.
POINTING = lexicon(
    """
    it its they them their this that these those one ones both none neither same other others more less most
    least better worse higher lower larger smaller bigger faster slower up down enough few fewer many much
    little bit half twice double
    """
)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its ending: "layers" and "layer" are one."""
    return str(_STEMMER.stemWord(word.lower()))


@lru_cache(maxsize=200_000)
def same(a: str, b: str) -> bool:
    """Whether two words are one: by their stem, or but for a slip of the pen in a long word."""
    if stem(a) == stem(b):
        return True
    if min(len(a), len(b)) < FUZZY_FROM or a[0] != b[0] or not (a.isalpha() and b.isalpha()):
        return False
    return OSA.distance(a, b, score_cutoff=1) <= 1


ENGLISH = 0.25  # of its words, in any English text


def is_english(words: Iterable[str]) -> bool:
    """Whether enough of the words are those that hold English together."""
    found = list(words)
    return sum(word in GLUE for word in found) >= ENGLISH * len(found)
