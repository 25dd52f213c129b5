"""What of a student's outputs and pasted pictures may be shown: one reader for every page."""

from typing import Any

import pytest

from autograder.intake import harmless
from autograder.reading import shown

PNG = "iVBORw0KGgo="


def drew(data: Any) -> dict[str, Any]:
    return {"cell_type": "code", "outputs": [{"output_type": "display_data", "data": data}]}


def test_text_and_pictures_stay_as_they_are() -> None:
    printed = {"output_type": "stream", "name": "stdout", "text": ["3\n", "4\n"]}
    kept = harmless.outputs(
        {"outputs": [printed, *drew({"image/png": PNG, "text/plain": "<Axes>"})["outputs"]]}
    )
    assert kept == [
        {"output_type": "stream", "name": "stdout", "text": "3\n4\n"},
        {"output_type": "display_data", "data": {"image/png": PNG, "text/plain": "<Axes>"}, "metadata": {}},
    ]
    assert harmless.outputs({"outputs": kept}) == kept, "what is harmless is read once more by each page"


@pytest.mark.parametrize("value", [PNG + "\n", [PNG[:4] + "\n", PNG[4:]], f" {PNG} "])
def test_a_picture_loses_the_line_ends_that_programs_put_into_it(value: Any) -> None:
    assert harmless.outputs(drew({"image/png": value}))[0]["data"] == {"image/png": PNG}
    assert harmless.pasted({"attachments": {"a": {"image/png": value}}}) == {"a": {"image/png": PNG}}
    assert str(shown.outputs(drew({"image/png": value}))).count(f'src="data:image/png;base64,{PNG}"') == 1


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": "<script>1</script>"},
        {"image/svg+xml": PNG},
        {"image/gif": PNG},
        {"image/png": '"><script>'},
        {"image/png": f"{PNG}A"},
        {"image/png": ""},
        {"image/png": 3},
        {"image/png": [[[PNG]]]},
        [PNG],
        None,
    ],
)
def test_what_could_run_or_is_no_picture_is_left_out(data: Any) -> None:
    assert harmless.outputs(drew(data)) == []
    assert str(shown.outputs(drew(data))) == ""


def test_a_picture_that_is_none_leaves_the_text_beside_it() -> None:
    cell = drew({"image/png": "no picture<", "text/plain": "<Axes>"})
    assert harmless.outputs(cell)[0]["data"] == {"text/plain": "<Axes>"}
    assert str(shown.outputs(cell)) == "<pre>&lt;Axes&gt;</pre>"


@pytest.mark.parametrize(
    "output",
    ["junk", None, {}, {"text": "printed by no cell"}, {"output_type": "error", "traceback": ["x"]}],
)
def test_what_is_no_output_of_a_cell_is_left_out(output: Any) -> None:
    assert harmless.outputs({"outputs": [output]}) == []
    assert harmless.outputs({"outputs": output}) == []


def test_printed_text_that_is_none_is_empty() -> None:
    [output] = harmless.outputs({"outputs": [{"output_type": "stream", "text": {"<b>": 1}}]})
    assert output["text"] == ""


def test_outputs_end_at_a_limit_on_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harmless, "MAX_OUTPUT", 1000)
    cell = {"outputs": [{"output_type": "stream", "name": "stdout", "text": "x" * 600}] * 3}
    assert len(harmless.outputs(cell)) == 1
    assert str(shown.outputs(cell)).count("<pre>") == 1


def test_pasted_pictures_have_a_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harmless, "MAX_PASTED", len(PNG))
    cell = {"attachments": {"a": {"image/png": PNG}, "b": {"image/png": PNG}}}
    assert harmless.pasted_as_urls(cell) == {"a": f"data:image/png;base64,{PNG}"}


@pytest.mark.parametrize(
    "attachments", [None, [PNG], {"a": PNG}, {"a": {"text/html": PNG}}, {"a": {"image/png": None}}]
)
def test_what_is_no_pasted_picture_is_left_out(attachments: Any) -> None:
    assert harmless.pasted({"attachments": attachments}) == {}
    assert harmless.pasted({}) == {}
