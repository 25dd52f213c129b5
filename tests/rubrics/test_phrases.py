"""Patterns: how they are read, what they find, and when a thing is denied."""

import pytest

from autograder.answers.phrases import MAX_EXPANSION, Pattern, PatternError, fits, matches, parse
from autograder.answers.text import sentences

GROUPS = {
    "vanish": ["vanish*", "die out", "close to zero"],
    "bn": ["batch norm*", "bn"],
    "without": ["without <bn>", "no <bn>"],
    "loop": ["<loop>"],
    "many": ["a b c d e f g h i j".replace(" ", "x")] * 3,
}


def found(pattern: Pattern | str, answer: str) -> str:
    """ "said", "denied" or "" ."""
    wanted = parse(pattern, GROUPS) if isinstance(pattern, str) else pattern
    verdicts = [match.said for s in sentences(answer) for match in matches(wanted, s)]
    return "said" if any(verdicts) else "denied" if verdicts else ""


@pytest.mark.parametrize(
    ("pattern", "answer", "verdict"),
    [
        ("gradient* + <vanish>", "The gradients vanish.", "said"),
        ("gradient* + <vanish>", "Vanishing of the gradient", "said"),
        ("gradient* + <vanish>", "The gradients die out.", "said"),
        ("gradient* + <vanish>", "The gradients are very close to zero.", "said"),
        ("gradient* + <vanish>", "The activations vanish.", ""),
        ("gradient* .. <vanish>", "vanishing gradients", ""),
        ("gradient* & vanish*", "The gradient stays, but activations vanish.", ""),
        ("gradient* & vanish*", "Gradients: they vanish.", "said"),
        ("gradient* + vanish*", "The gradient stays, but activations vanish.", "said"),
        ("gradient* + vanish*", f"The gradient {'and so on ' * 8} vanishes.", ""),
        ("sum | total", "the total", "said"),
        ("<without>", "without the batch normalization", "said"),
        ("^ five", "It is the five layer net.", "said"),
        ("^ five", "Not three but five.", ""),
        ("#number", "0.46", "said"),
        ("#accuracy", "0.46", "said"),
        ("#accuracy", "46 %", "said"),
        ("#accuracy", "0.001", ""),
        ("#accuracy", "5", ""),
        ("@with robust", "robust", "said"),
        ("gradient*", "gradeint", "said"),
        ("gradient*", "gradint", "said"),
        ("gradient*", "grand", ""),
        ("larger", "largr", "said"),
        ("small", "smell", ""),
        ("increase", "decrease", ""),
        ("normaliz*", "normalisation", "said"),
    ],
)
def test_what_a_pattern_finds(pattern: str, answer: str, verdict: str) -> None:
    assert found(pattern, answer) == verdict


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("It vanishes.", "said"),
        ("It does not vanish.", "denied"),
        ("It doesn't vanish.", "denied"),
        ("It never vanishes.", "denied"),
        ("It can not possibly ever vanish.", "denied"),
        ("It neither explodes nor vanishes.", "denied"),
        ("Neither the loss nor the gradient vanishes.", "denied"),
        ("It hardly vanishes.", "denied"),
        ("It is unlikely to vanish.", "denied"),
        ("This prevents the gradient from vanishing.", "denied"),
        ("This avoids vanishing gradients.", "denied"),
        ("Without vanishing gradients it works.", "denied"),
        ("No vanishing here.", "denied"),
        ("It no longer vanishes.", "denied"),
        ("It is less likely to vanish.", "denied"),
        ("It explodes instead of vanishing.", "denied"),
        ("Vanishing is avoided.", "denied"),
        ("Vanishing gradients do not occur.", "denied"),
        # not denied
        ("It does not explode, but it vanishes.", "said"),
        ("It is not only small, it vanishes.", "said"),
        ("No matter what, it vanishes.", "said"),
        ("There is no doubt that it vanishes.", "said"),
        ("Without batch norm the gradients vanish.", "said"),
        ("It does not prevent vanishing.", "said"),
        ("It is not true that it does not vanish.", "said"),
        ("Not because of the loss it vanishes.", "said"),
    ],
)
def test_denial(answer: str, verdict: str) -> None:
    assert found("vanish*", answer) == verdict
    assert found("-vanish*", answer) == ("denied" if verdict == "said" else "said")
    assert found("~vanish*", answer) == "said"


def test_a_denial_that_the_pattern_names_is_its_own() -> None:
    assert found("prevent* + vanish*", "It prevents vanishing.") == "said"
    assert found("no vanish*", "There is no vanishing.") == "said"
    assert found("robust | -sensitive", "It is not sensitive.") == "said"


def test_words_set_aside_deny_nothing() -> None:
    [sentence] = sentences("Without batch norm: vanish.")
    assert [m.said for m in matches(parse("vanish*"), sentence, frozenset({0, 1, 2}))] == [True]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "'' has an empty term"),
        ("a +", r"'a \+' has an empty term"),
        (".. a", "has an empty term"),
        ("a | | b", "has an empty alternative"),
        ("a | -", "has an empty alternative"),
        ("*", r"'\*' is no word"),
        ("<nothing>", "<nothing> is no group; the groups are bn, loop"),
        ("<loop>", "<loop> holds itself"),
        ("<many> " * 6, f"unfolds to 729 phrases; at most {MAX_EXPANSION}"),
    ],
)
def test_a_wrong_pattern_is_told(pattern: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        parse(pattern, GROUPS)


def test_groups_are_optional() -> None:
    with pytest.raises(PatternError, match="<x> is no group; the groups are none"):
        parse("<x>")


def test_a_slip_is_forgiven_in_long_words_only() -> None:
    assert fits("saturat*", "satuartes")
    assert not fits("bias", "bais")
    assert not fits("positive", "negative")
    assert not fits("stable", "unstable")


def test_a_sentence_full_of_one_word_takes_no_time() -> None:
    assert found("a + b + c + d", "a b c d " * 3000)
