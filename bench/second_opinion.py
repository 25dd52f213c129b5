"""Would a statistical reader be worth having? TF-IDF of words and characters with logistic regression.

    python -m bench.second_opinion

Per criterion, from the labelled answers (bench/labelled.py), split as in bench.rubrics: the build part and
the other questions in five folds, the other writers from the build part. It needs scikit-learn, which
nothing that ships does. Beside it what the kit has: kernel ridge regression (answers/labelled.py).
"""

import argparse
import sys
import warnings
from collections.abc import Mapping, Sequence
from functools import cache

from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from autograder.answers.labelled import Example, propose
from autograder.answers.question import Question
from bench.labelled import PARTS, labelled, questions
from bench.rubrics import HEAD, Read, Way, line, read, taught

SURE = (0.7, 0.8, 0.9)  # probability from which a verdict is given
WEIGHT = 20.0  # of the data against the penalty


def statistical(sure: float) -> Way:
    def proposed(
        question: Question, examples: Sequence[Example], texts: Sequence[str]
    ) -> list[Mapping[str, bool]]:
        found: list[dict[str, bool]] = [{} for _ in texts]
        for criterion in question.criteria:
            labels = tuple((e.answer, criterion.id in e.met) for e in examples)
            for own, probability in zip(found, probabilities(labels, tuple(texts)), strict=True):
                if not 1 - sure < probability < sure:
                    own[criterion.id] = probability >= sure
        return found

    return proposed


@cache  # the same for each of SURE
def probabilities(labels: tuple[tuple[str, bool], ...], texts: tuple[str, ...]) -> tuple[float, ...]:
    """That a criterion is met, for each text."""
    if len({met for _, met in labels}) < 2:
        return (0.5,) * len(texts)
    vectors = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+"),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2),
    )
    model = make_pipeline(vectors, LogisticRegression(C=WEIGHT, class_weight="balanced", solver="liblinear"))
    model.fit([answer for answer, _ in labels], [met for _, met in labels])
    return tuple(map(float, model.predict_proba(list(texts))[:, 1]))


def fewer(number: int) -> Way:
    """The kit's own way with so many examples only."""
    return lambda question, examples, texts: propose(question, examples[:number], texts)


def main() -> int:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    asked = questions()
    rows = [read(answer, asked) for answer in labelled()]
    ways: dict[str, Way] = {f"statistical, {sure:g}": statistical(sure) for sure in SURE}
    ways |= {"ridge, 16 examples": fewer(16), "ridge, 32 examples": fewer(32), "ridge, all": propose}
    print(HEAD)
    for part in PARTS:
        print(line(f"{part}: none", _of(rows, part)))
    for name, way in ways.items():
        found = taught(rows, way)
        for part in PARTS:
            print(line(f"{part}: {name}", _of(found, part)), flush=True)
    return 0


def _of(rows: list[Read], part: str) -> list[Read]:
    return [row for row in rows if row.answer.part == part]


if __name__ == "__main__":
    sys.exit(main())
