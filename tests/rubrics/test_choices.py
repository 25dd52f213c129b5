"""What is read as a choice and nothing else, and everything that a person has to read instead."""

import pytest

from autograder.answers.choices import pairs, whole
from autograder.answers.signs import LONGEST, Options
from autograder.answers.text import MAX_CHARACTERS


def named(**called: list[str]) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    return tuple((name.lstrip("_"), tuple(tuple(c.split()) for c in each)) for name, each in called.items())


ASKED = """Your soup is too salty, and you want to save it.
Which of the following things can do that? Name every one that can.

1. Add water.
2. Add salt.
3. Add a potato.
4. None of these.
"""
SOUP = Options(
    ("1", "2", "3", "4"),
    named(
        _1=["add water", "more water", "water"],
        _2=["add salt", "more salt"],
        _3=["add a potato", "potatoes"],
        _4=["none of these", "none of the above"],
    ),
    called=("thing", "case", "cooking trick"),
    asked=ASKED,
)

CLEAR = {
    "1 and 3": "13",
    "3 and 1.": "13",
    "1, 3": "13",
    "1,3": "13",
    "1 & 3": "13",
    "1+3": "13",
    "(1) and (3)": "13",
    "1) and 3)": "13",
    "1 as well as 3": "13",
    "1 and also 3": "13",
    "**1** and **3**": "13",
    "**1, 3**": "13",
    "***1***, _3_": "13",
    "$1$ and $3$": "13",
    r"$\text{1}$ and $\mathbf{3}$": "13",
    r"1\, 3": "13",
    "`1`, `3`": "13",
    "# 1 and 3": "13",
    "> 1 and 3": "13",
    "Answer: 1 and 3.": "13",
    "The answer is 1 and 3.": "13",
    "The correct options are 1 and 3.": "13",
    "I would choose 1 and 3.": "13",
    "Both 1 and 3 are right.": "13",
    "Option 1 and option 3": "13",
    "things 1 and 3": "13",
    "1 and 3 can do that.": "13",
    "1, 2 and 3": "123",
    "2": "2",
    "Only 2.": "2",
    "2 only": "2",
    "The 2nd case": "2",
    "case two": "2",
    "the second one": "2",
    "The first and the third.": "13",
    "The first and third": "13",
    "A and C": "13",
    "Option B.": "2",
    "More water and potatoes.": "13",
    "more waters, pottatoes": "13",
    "Add water.\nAdd a potato.": "13",
    "1. Add water.\n3. Add a potato.": "13",
    "1\\. Add water.\n3\\. Add a potato.": "13",
    "- 1\n- 3": "13",
    "* Option 1\n* Option 3": "13",
    "1\n3": "13",
    "1 and 3, but not 2.": "13",
    "1 and 3, not 2": "13",
    "1 and 3 (not 2 and 4)": "13",
    "1 and 3. Not 2.": "13",
    "All but 4.": "123",
    "All of them except 2 and 4": "13",
    "1: yes\n2: no\n3: yes\n4: no": "13",
    "1. yes\n2. no\n3. yes\n4. no": "13",
    "1 yes, 2 no, 3 yes, 4 no": "13",
    "None of these.": "4",
    "a) and c)": "13",
    "(a) and (c)": "13",
    "1, neither 2 nor 4": "1",
    "1, not 2, not 4": "1",
    "1 and 3. Not 2 and 4.": "13",
    "**1.** Add water.\n**3.** Add a potato.": "13",
    "1. **Add water.**\n3. **Add a potato.**": "13",
    "2 is right": "2",
    "number 2": "2",
    "\uff11\uff0c\uff13": "13",
    "\u2460, \u2462": "13",
    ASKED.splitlines()[1] + " 1 and 3.": "13",
    "Your soup is too salty, and you want to save it.\n\n1 and 3": "13",
}


@pytest.mark.parametrize(("answer", "chosen"), CLEAR.items(), ids=CLEAR)
def test_a_choice_and_nothing_else_is_read(answer: str, chosen: str) -> None:
    assert whole(SOUP, answer) == frozenset(chosen)


LEFT_OPEN = {
    "explained": [
        "1 and 3, because they take up salt.",
        "1 and 3. Water thins it.",
        "1 (thins it) and 3",
        "1 and 3 are useful",
        "1 and 3\n\nWater makes it thinner.",
    ],
    "hedged": [
        "Maybe 1 and 3.",
        "I think 1 and 3.",
        "Probably 1",
        "1 and 3?",
        "1 and 3, I guess",
        "perhaps 2",
    ],
    "joked": [
        "1 and 3. Just kidding, it is 2.",
        "1 and 3 ;-)",
        "1 and 3 \N{SMILING FACE WITH OPEN MOUTH}",
        "42",
    ],
    "corrected": [
        "1 and 3. It is 2.",
        "1 and 3, or rather 2.",
        "1. No, 3.",
        "~~1~~ 3",
        "<s>1</s> 3",
        "1 and 3. No wait, 1.",
        "2\n1 and 3",
        "Option 1. Option 3.",
    ],
    "denied twice": ["not not 1", "1 and 3 do not not help", "not neither 1 nor 3", "1, not only 1"],
    "denied": [
        "not 1 and 3",
        "1 and 3 can not do that",
        "1 does not",
        "Neither 1 nor 3.",
        "Not in 2",
        "No 1, 3",
    ],
    "both ways": [
        "1 and 3, not 3",
        "1 or 3",
        "either 1 or 3",
        "1: yes, 1: no",
        "1 and 1",
        "1 and 3 but only 3",
    ],
    "how many": [
        *("2 of them", "1 of these can do that", "2 things", "the 2 things", "2 options are correct"),
        *(
            "2 are correct",
            "2 can do that",
            "Only 2 can do that",
            "both 2",
            "2 right ones",
            "The answers are 2.",
        ),
        *(
            "Number of things: 2",
            "The number of options is 2",
            "one of 1 and 3",
            "In 2 of these",
            "the 2",
            "2 ones",
        ),
    ],
    "refused, one or both": [
        *(
            "1, not 2, and 3",
            "1 and not 2 and 3",
            "1, not 2, 3",
            "1 but not 2 and 3",
            "1 (not 2 and 4) and 3",
        ),
        *("1 nor 3", "1 and 3 nor 2", "1 neither 2", "1, neither 2 and 3", "1 neither 2 nor 3"),
    ],
    "in brackets": ["1, (3)", "1 and (3)", "(1), 3", "1\n(3)", "1 (and 3)", "[1], 3"],
    "some stand out": [
        *("**1** and 3", "*1*, 2, *3*", "**1**\n2\n**3**", "__1__, 3"),
        "1. **Add water.**\n2. Add salt.\n3. **Add a potato.**",
    ],
    "own letters": ["a) 2", "a. potatoes", "a: 2", "a) potatoes", "i) 2"],
    "no longer": ["1 was my choice", "It was 1", "1 was right", "1 would", "The answers were 1 and 3"],
    "a value": ["water is 1", "potatoes: 2", "water = 2"],
    "part of it": ["1: yes, 2: no", "1: yes\n3: no", "1 yes"],
    "two kinds of sign": ["1 and the third", "A and 3", "First, 2 and 3", "the first, 3"],
    "ranges": ["1-3", "1 to 3", "1...3", "1/3", "2 (3)", "1 (3)"],
    "other numbers": ["1.3", "5", "1 and 5", "13", "2 times", "2 %", "-1", "0", "1/2 of 3", "3 g of salt"],
    "an own numbering": ["1. Potatoes\n2. Water", "1) more salt 2) more water"],
    "Markdown": ["| 1 | 3 |", "![1](x.png)", "<b>1</b>", "- [x] 1\n- [ ] 2", "[1](http://x)"],
    "LaTeX": [r"$\frac{1}{3}$", r"$1 \to 3$", r"$\{1, 3\}$", r"$x_1$ and $x_3$", r"\item 1"],
    "hypothetical": [
        "If 1 were right, 3 would be too.",
        "1 if 3",
        "1 unless 2",
        "1 would do",
        "I would say 1 if asked",
    ],
    "a first word": ["First, 2.", "Second: 3", "One and three", "last"],
    "words that collide": ["salt and water", "water is 2", "a and c", "I"],
    "long": ["1 " + "and 3 " * 100],
    "empty": ["", "  ", "the answer is", "***", "."],
}


@pytest.mark.parametrize("answer", [a for each in LEFT_OPEN.values() for a in each])
def test_whatever_is_left_over_leaves_the_choice_open(answer: str) -> None:
    assert whole(SOUP, answer) is None


def test_a_longer_answer_is_more_than_a_choice() -> None:
    longest = "the answer is " * (LONGEST // 14) + "1"
    assert whole(SOUP, longest) == frozenset("1")
    assert whole(SOUP, "the answer is " + longest) is None
    assert whole(SOUP, "1" + " " * MAX_CHARACTERS) is None


CHANGED = {"1 and not 3": [frozenset("1")], "All but 2 4": [], "1 2 and 3": []}


@pytest.mark.parametrize(
    "more", ["so", "not", "hardly", "2", "x", "/", "but", "if", "or", "why", "3", "é", "?", "…"]
)
@pytest.mark.parametrize("clear", ["1 and 3", "Option 1.", "1: yes, 2: no, 3: yes, 4: no", "All but 4"])
def test_one_word_more_is_never_overlooked(clear: str, more: str) -> None:
    """Put anywhere, it changes the choice or leaves it open."""
    words = clear.split()
    for at in range(1, len(words) + 1):
        answer = " ".join([*words[:at], more, *words[at:]])
        assert whole(SOUP, answer) in (None, *CHANGED.get(answer, ())), answer


# --- an option for each of two things -----------------------------------------------------------

DRINKS = Options(
    ("1", "2", "3"),
    named(_1=["cold"], _2=["warm"], _3=["hot"]),
    named(tea=["tea", "green tea"], beer=["beer", "ale"]),
    asked="Which of these is most like tea? Which is most like beer?\n\n1. cold\n2. warm\n3. hot",
)

PAIRS = {
    "tea: 3, beer: 1": "31",
    "tea: 3\nbeer: 1": "31",
    "- tea: **3**\n- beer: **1**": "31",
    "TEA = 3, ALE = 1": "31",
    "tea -> 3\nbeer -> 1": "31",
    r"tea $\to$ 3, beer $\to$ 1": "31",
    "tea 3 beer 1": "31",
    "3 is like tea and 1 is like beer.": "31",
    "(3) for tea, (1) for beer": "31",
    "Beer is 1 and green tea is 3.": "31",
    "Tea is most like 3. Beer is most like 1.": "31",
    "Tea is like the third, beer like the first one.": "31",
    "tea: 2, beer: 2": "22",
}


@pytest.mark.parametrize(("answer", "given"), PAIRS.items(), ids=PAIRS)
def test_one_option_for_each_of_two_things(answer: str, given: str) -> None:
    assert pairs(DRINKS, answer) == dict(zip(("tea", "beer"), given, strict=True))


NO_PAIRS = (
    *("tea: 3 and 2, beer: 1", "tea: 3, 2, beer: 1", "3 and 1", "tea and beer: 3 and 1, respectively"),
    *("tea: 3", "both: 3", "tea is not 3, beer is 1", "tea: 3, beer: not 1", "tea: 3. Beer: 1. No, 2."),
    *(
        "tea 3 beer 1 tea 1 beer 3",
        "tea: 3, 1 beer",
        "1. tea\n2. beer",
        "1. tea: 3\n2. beer: 1",
        "tea like beer",
    ),
    *(
        "tea: 3, beer: 1, since it is cold",
        "tea: 3 or 2, beer: 1",
        "tea: hot, beer: cold",
        "tea: 3, beer: 1?",
    ),
    *("tea = 3 = beer, 1", "tea with 3 is beer with 1", "tea: **3**, beer: 1", "(3) for tea, 1 for beer"),
    *("tea is 3 things of 1 beer", "tea: the 3 for beer: 1"),
    *("tea: 3, beer: 1. The other way round.", "tea: 3, beer: 9", "coffee: 3, beer: 1", "", "tea beer"),
)


@pytest.mark.parametrize("answer", NO_PAIRS)
def test_what_is_not_one_option_for_each_is_left_open(answer: str) -> None:
    assert pairs(DRINKS, answer) is None
