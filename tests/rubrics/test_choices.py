"""Which options an answer chooses, in the many ways people say it."""

import pytest

from autograder.answers import choices, subjects
from autograder.answers.phrases import group, parse
from autograder.answers.text import sentences

NAMES = {
    "1": ["larger data*", "more data"],
    "2": ["hidden unit*", "more units"],
    "3": ["regulariz*", "weight decay"],
    "4": ["none of the above"],
}
OPTIONS = tuple((name, group(entries, {})) for name, entries in NAMES.items())
YES = (parse("help* | works | work"), parse("less overfit*"))
NO = (parse("worse | hurts"), parse("more overfit*"))


def choose(answer: str) -> choices.Choice:
    about = subjects.read(sentences(answer), OPTIONS)
    return choices.choose(about, tuple(NAMES), YES, NO)


CLEAR = {
    # numbers, in any order and dress
    "1 and 3": "13",
    "3 and 1": "13",
    "1, 3": "13",
    "1,3": "13",
    "1 & 3": "13",
    "1/3": "13",
    "1 + 3": "13",
    "(1) and (3)": "13",
    "1) and 3)": "13",
    "1. and 3.": "13",
    "**1** and **3**": "13",
    "**1, 3**": "13",
    "$1$ and $3$": "13",
    "`1`, `3`": "13",
    "# 1 and 3": "13",
    "> 1 and 3": "13",
    "<b>1</b> and <b>3</b>": "13",
    "Answer: 1 and 3.": "13",
    "Answers: 1, 3": "13",
    "The answer is 1 and 3.": "13",
    "The correct options are 1 and 3.": "13",
    "I think the right ones are 1 and 3.": "13",
    "I would choose 1 and 3, since they fight overfitting.": "13",
    "options 1 & 3": "13",
    "Option 1 and option 3": "13",
    "Both 1 and 3.": "13",
    "1 as well as 3": "13",
    "numbers 1 and 3 are right": "13",
    "No. 1 and no. 3": "13",
    "1, 2 and 3": "123",
    "1-3": "123",
    "1 to 3": "123",
    "1": "1",
    "**2**": "2",
    "Option 4.": "4",
    "Only 2": "2",
    "only option 2 is correct": "2",
    "Just number 3.": "3",
    "1 and 3, because they reduce what the net can memorise.": "13",
    "1 and 3. 2 makes the net larger.": "13",
    # letters and ordinals
    "A & C": "13",
    "A and C": "13",
    "a) and c)": "13",
    "Options A, C": "13",
    "The first and the third.": "13",
    "first and third": "13",
    "The 1st and the 3rd option.": "13",
    "the first one and the third one": "13",
    "Option one and option three.": "13",
    "(i) and (iii)": "13",
    # names
    "More data and regularization.": "13",
    "More data, weight decay": "13",
    "A larger data set and a stronger regularization": "13",
    # negation and exclusion
    "not 2 but 3": "3",
    "Not 2, but 1 and 3.": "13",
    "all except 4": "123",
    "All but 4.": "123",
    "Everything except 2 and 4": "13",
    "All of them except 4": "123",
    "all of these other than 2": "134",
    "1 and 3, but not 2.": "13",
    "1 and 3 (not 2 or 4)": "13",
    "1 and 3, not 2": "13",
    "Neither 2 nor 4; 1 and 3 are right.": "13",
    "All of them.": "1234",
    "none": "",
    "Neither.": "",
    # lists
    "- 1\n- 3": "13",
    "* Option 1\n* Option 3": "13",
    "1: yes\n2: no\n3: yes\n4: no": "13",
    "1. yes\n2. no\n3. yes\n4. no": "13",
    "1. Yes, it helps.\n2. No, it hurts.\n3. Yes.\n4. No.": "13",
    "1 yes, 2 no, 3 yes, 4 no": "13",
    "1) true 2) false 3) true 4) false": "13",
    "1 ✓\n2 ✗\n3 ✓\n4 ✗": "13",
    "More data: yes. More units: no. Weight decay: yes. None of the above: no.": "13",
    "- More data helps.\n- More units make it worse.\n- Weight decay helps.": "13",
    "1. More data helps.\n2. More units do not help.\n3. Weight decay helps.\n4. No.": "13",
    # an own numbering does not shift the options
    "1. More data helps.\n2. Weight decay helps.": "13",
    # predicates
    "1 and 3 help, 2 does not.": "13",
    "1 and 3 will help.": "13",
    "2 and 4 do not help, 1 and 3 do.": "13",
    "1 helps. 3 helps too. 2 would make it worse.": "13",
    "More data helps and so does weight decay; more units do not.": "13",
}


@pytest.mark.parametrize(("answer", "chosen"), CLEAR.items(), ids=CLEAR)
def test_clear_choices(answer: str, chosen: str) -> None:
    assert choose(answer).options == frozenset(chosen)


OPEN = (
    "1 or 3",
    "Either 1 or 3.",
    "1 and 3 help. 3 does not help.",
    "It depends on the data.",
    "The slope is 1 and the mean is 3.",
    "In step 2 the loss was 3.",
    "Which of them help? 1 or 2?",
    "Maybe 2.5",
    "5",
    "We trained 3 nets with 2 hidden layers.",
    "",
)


@pytest.mark.parametrize("answer", OPEN)
def test_what_chooses_nothing_is_left_open(answer: str) -> None:
    assert choose(answer).options is None


def test_the_sentence_that_chooses_is_kept() -> None:
    assert choose("The net overfits. So 1 and 3.").sentence == "So 1 and 3."


SLOTS = (
    *(("batch", group(["batch norm*", "bn"], {})), ("layer", group(["layer norm*", "ln"], {}))),
    *(
        (name, group(entries, {}))
        for name, entries in {"1": ["rows"], "2": ["whole image"], "3": ["mean image"]}.items()
    ),
)


def pairs(answer: str) -> tuple[str, str]:
    about = subjects.read(sentences(answer), SLOTS, loose=True)
    found = choices.pair(about, ("batch", "layer"), ("1", "2", "3"))
    return tuple("".join(found[s].options) if found[s].options else "?" for s in ("batch", "layer"))  # type: ignore[return-value]


PAIRS = {
    "batch norm: 3, layer norm: 2": "32",
    "BN = 3, LN = 2": "32",
    "BN -> 3\nLN -> 2": "32",
    "Batch normalization is most like 3, layer normalization is most like 2.": "32",
    "3 is like batch norm and 2 is like layer norm.": "32",
    "(3) for batch norm, (2) for layer norm": "32",
    "Batch norm is like the third, layer norm like the second.": "32",
    "Layer norm is 2 and batch norm is 3.": "32",
    "Subtracting the mean image is like batch norm. Scaling the whole image is like layer norm.": "32",
    "3 and 2, respectively.": "32",
    "Batch norm and layer norm are 3 and 2 respectively.": "32",
    "Batch norm is 2.": "2?",
    "3 and 2": "??",
    "Batch norm is not like 2.": "??",
    "Both are like 1.": "??",
    "Batch norm is 3. No, batch norm is 2.": "??",
}


@pytest.mark.parametrize(("answer", "options"), PAIRS.items(), ids=PAIRS)
def test_one_option_for_each_of_two_things(answer: str, options: str) -> None:
    assert "".join(pairs(answer)) == options
