"""Numbers that pages take from the code are the code's."""

from pathlib import Path

import pytest

from autograder import bounded, inherited
from autograder.answers import groups, labelled, verdict, words
from autograder.cli import progress
from autograder.gradebook import unanswered, url
from autograder.intake import archives, submission, written
from autograder.judge import scoring
from autograder.release import leaks
from autograder.reports import items, markdown
from autograder.runs import grade
from autograder.sandbox import level, session
from autograder.similarity import compare, pairs_page
from autograder.workers import cluster, pool, process

ROOT = Path(__file__).parents[2]
WORDS = {3: "three", 5: "five", 6: "six", 8: "eight", 10: "ten"}
MB = 2**20

SAID = [
    ("docs/intake.md", f"more than {archives.MAX_ENTRIES:,}"),
    ("docs/intake.md", f"{archives.MAX_FILE_BYTES // MB} MB in a file"),
    ("docs/intake.md", f"{archives.MAX_TOTAL_BYTES // MB} MB in a hand-in"),
    ("docs/intake.md", f"{archives.MAX_FILES:,} that may be work"),
    ("docs/intake.md", f"extended headers of more than {archives.MAX_TAR_HEADER // 1024} KB"),
    ("docs/intake.md", f"{bounded.DEFAULT.seconds:g} seconds and {bounded.DEFAULT.memory_mb // 1024} GB"),
    ("docs/intake.md", f"{archives.MAX_NOTED} things are said of one hand-in, of {submission.MAX_SENTENCE}"),
    ("docs/intake.md", f"{written.MAX_ANSWER:,} characters of an answer are kept"),
    ("docs/intake.md", f"more than {written.MAX_ANSWER:,} characters"),
    ("docs/intake.md", f"{WORDS[pool.ATTEMPTS]} times the assignment's `submission_seconds`"),
    ("docs/intake.md", f"and {WORDS[int(pool.AROUND // 60)]} minutes more"),
    ("docs/similarity.md", f"runs of {compare.K['code']} characters of normalised code"),
    ("docs/similarity.md", f"{compare.K['answers']} characters of prose"),
    ("docs/similarity.md", f"fewer than {compare.ENOUGH} runs"),
    ("docs/similarity.md", f"stands at {compare.THRESHOLD:.0%}".replace("%", " %")),
    ("docs/similarity.md", f"lists {compare.LISTED} pairs, shows {pairs_page.SHOWN} of them"),
    (
        "docs/similarity.md",
        f"up to {pairs_page.PASSAGES} passages a pair, {pairs_page.LINES} lines a passage",
    ),
    ("docs/similarity.md", f"{pairs_page.WIDTH} characters a line"),
    ("docs/similarity.md", f"the first {compare.MAX_TEXT:,} characters are read"),
    ("docs/rubrics.md", f"a word of {WORDS[words.FUZZY_FROM]} letters or more"),
    ("docs/rubrics.md", f"pairs from {groups.ALIKE:g})"),
    ("docs/rubrics.md", f"From {WORDS[labelled.FEWEST]} examples"),
    ("docs/rubrics.md", f"An answer of {WORDS[verdict.ON_TOPIC_FROM]} words or more"),
    ("docs/instructor-guide.md", f"from {leaks.CODE_SIGNS} signs, {leaks.PROSE_SIGNS} for prose"),
    ("docs/reports.md", f"Below {items.WEAK}"),
    ("docs/scale.md", f"a line every {WORDS[int(progress.PLAIN_EVERY_SECONDS)]} seconds"),
    ("docs/scale.md", f"ends {WORDS[pool.MAX_DEATHS]} of them"),
    (
        "docs/scale.md",
        f"every {process.BEAT_SECONDS:g} s that it lives; after {process.QUIET_SECONDS:g} s of nothing",
    ),
    ("docs/scale.md", f"the first {WORDS[grade.HOPELESS]} hand-ins"),
    ("docs/scale.md", f"no worker has been there for {cluster.JOIN_SECONDS} s"),
    (
        "docs/scale.md",
        f"{cluster.LOOK_SECONDS} to look, {cluster.ANSWER_SECONDS} for its answer, "
        f"{cluster.LOOK_SECONDS + cluster.ANSWER_SECONDS} to leave it",
    ),
    ("docs/scale.md", f"| {url.LOCK_SECONDS} s, or `lock_timeout`"),
    ("docs/scale.md", f"| {url.CONNECT_SECONDS} s, or `connect_timeout`"),
    ("docs/scale.md", f"no answer from the server for {unanswered.ANSWER_SECONDS:g} s"),
    ("docs/scale.md", f"| {level.PROBE_SECONDS:g} s, {WORDS[level.PROBES]} times"),
    ("docs/scale.md", f"or {inherited.JUDGE_MB:,} MB where that is more, and {inherited.ROOM_MB} MB"),
    *(
        ("docs/scale.md", f"`-{limit.option}` below {limit.shown(limit.needed)}")
        for limit in inherited.FIXED
        if limit.option != "f"
    ),
    ("docs/scale.md", f"after {WORDS[session.GIVE_UP]} times without ever returning"),
    (
        "docs/decisions/0052-core-and-edge-shares.md",
        f"edge cases {scoring.EDGE_SHARE:.0%}".replace("%", " %"),
    ),
    ("bench/README.md", f"{markdown.LONGEST:,} characters (the longest text"),
]


@pytest.mark.parametrize(("where", "words"), SAID)
def test_the_number_is_that_of_the_code(where: str, words: str) -> None:
    text = " ".join((ROOT / where).read_text(encoding="utf-8").split())
    assert words in text, f"{where}: expected {words!r}"
