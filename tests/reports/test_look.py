"""The pages' colours: enough contrast for text, in light and in dark (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from importlib import resources

import pytest

TEXT, GRAPHIC = 4.5, 3.0
PAIRS = [  # (text or mark, what it stands on, contrast it needs)
    *((ink, paper, TEXT) for ink in ("ink", "soft", "accent") for paper in ("paper", "tint")),
    *((ink, f"{ink}-bg", TEXT) for ink in ("full", "part", "none", "review")),
    ("none", "paper", TEXT),  # which property failed
    ("full", "paper", TEXT),  # a criterion that is met
    *(("on", level, TEXT) for level in "abcde"),  # the heat map
    ("accent", "line", GRAPHIC),  # bars on their track
    ("none", "paper", GRAPHIC),  # dots and lines of figures
]


def sheet(name: str) -> str:
    text = resources.files("autograder.reports").joinpath(f"templates/{name}").read_text("utf-8")
    return text.split("{% block style %}")[1].split("{% endblock %}")[0] if name.endswith(".html") else text


def colours(scheme: str) -> dict[str, str]:
    """The pages' variables in a scheme; what dark does not change is as in light."""
    css = sheet("style.css") + sheet("class_report.html") + sheet("feedback.html")
    dark = r"@media screen and \(prefers-color-scheme: dark\) \{ :root \{(.*?)\}"
    blocks = re.findall(r":root \{(.*?)\}", re.sub(dark, "", css, flags=re.DOTALL), re.DOTALL)
    if scheme == "dark":
        blocks += re.findall(dark, css, re.DOTALL)
    return {name: value for block in blocks for name, value in re.findall(r"--([\w-]+): (#\w+)", block)}


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_the_standard_does() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "ground", "needed"), PAIRS)
def test_contrast(scheme: str, mark: str, ground: str, needed: float) -> None:
    found = colours(scheme)
    assert contrast(found[mark], found[ground]) >= needed


def test_dark_changes_every_colour() -> None:
    light, dark = colours("light"), colours("dark")
    assert light.keys() == dark.keys()
    assert [name for name in light if light[name] == dark[name]] == []


@pytest.mark.parametrize("name", ["style.css", "feedback.html", "class_report.html"])
def test_no_colour_stands_outside_the_variables(name: str) -> None:
    rules = re.sub(r":root \{.*?\}", "", sheet(name), flags=re.DOTALL)
    assert re.findall(r"#[0-9a-f]{3,8}\b|\brgba?\(", rules) in ([], ["#fff"])  # white paper in print
