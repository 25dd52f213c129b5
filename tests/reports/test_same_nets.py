"""The class report lists trained models that several students handed in."""

from autograder.records.record import Record
from autograder.reports import class_report
from autograder.reports.same_nets import SameNets

from .sample import Tags, assignment, case, graded, record


def handed_in(student: str, net: str, outcome: str = "passed", file: str = "conv_net") -> Record:
    message = f"results/{file}.npz: net {net}"
    cell = graded(2.0, case("train_conv_net[file]", outcome, message=message), grade_id="train_conv_net")
    return record(cell, student=student)


A, B = "0123456789abcdef", "0123456789abcde0"


def test_the_same_net_is_named_for_each_who_has_it() -> None:
    records = [handed_in("s001", A), handed_in("s002", B), handed_in("s003", A)]
    text = Tags(class_report.render(records, assignment("train_conv_net"))).text
    assert "results/conv_net.npz holds the same net as s003" in text
    assert "results/conv_net.npz holds the same net as s001" in text
    assert text.count("holds the same net") == 2


def test_files_that_the_same_others_have_stand_in_one_line() -> None:
    nets = SameNets()
    for student, file, net in (
        ("s001", "conv_net", A),
        ("s001", "two_layer_net", A),
        ("s002", "conv_net", A),
        ("s002", "two_layer_net", A),
        ("s003", "two_layer_net", A),
        ("s001", "fully_connected_net", B),
        ("s002", "fully_connected_net", B),
    ):
        nets.add(handed_in(student, net, file=file))
    assert nets.found()["s001"] == [
        "results/conv_net.npz, results/fully_connected_net.npz hold the same nets as s002",
        "results/two_layer_net.npz holds the same net as s002, s003",
    ]


def test_a_long_list_is_cut() -> None:
    twins = SameNets()
    for number in range(9):
        twins.add(handed_in(f"s{number:03}", A))
    assert twins.found()["s000"] == [
        "results/conv_net.npz holds the same net as s001, s002, s003, s004, s005 and 3 more"
    ]


def test_a_file_that_did_not_load_says_nothing() -> None:
    twins = SameNets()
    for student in ("s001", "s002"):
        twins.add(handed_in(student, A, "failed"))
    assert twins.found() == {}
