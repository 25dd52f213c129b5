"""Is this English prose? Lists of keywords and answers in other languages are for a person to judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autograder.answers.text import Sentence, lexicon

# Words that hold English sentences together. Keyword lists do without them, other languages use other ones.
GLUE = lexicon(
    """
    a an the this that these those it its he they them their we us our you your i my me there here which
    what who is are was were be been being am do does did done has have had having will would can could
    should may might must not no never only also too very so much more most less least than then and or
    but if when while whereas because since as of in on at to for with without from by into through over
    under between after before during until about both either neither each every all any some such same
    other another one even still just always often hence thus therefore however although though up down
    out off per like unlike where how why again already
    """
)
LISTING = lexicon("and or not no")  # they hold lists together too, and count neither way
SIGNS = lexicon("= < > <= >= -> ≈")  # they relate two things, as a verb does
# Verbs that a sentence may turn on. Bare forms of the course's own verbs are not among them: "vanish" and
# "scale" stand in keyword lists as often as in sentences, and sentences have other words that show it.
VERBS = lexicon(
    """
    is are was were be been being am do does did has have had will would can could should may might must
    get gets got become becomes make makes made keeps kept let lets give gives gave given goes went come
    comes need needs lead leads cause causes means help helps helped work works worked use uses used
    learns learned see sees saw show shows reach reaches reached trains trained take takes taken depends
    suffer suffers happen happens occur occurs increases increased decreases decreased reduces reduced
    raises raised lowers lowered grows grew shrinks shrank vanishes vanished explodes exploded saturates
    kills killed stay stays remain remains say says acts allow allows avoids prevents multiplies
    multiplied divides divided computed normalizes normalized estimated scales scaled drops dropped
    changes changed stops stopped pass passes passed sums adds added performs performed converges
    converged overfits generalizes fits approaches turn turns dies forgets adjusts choose pick
    represents suppose exists accumulates hurts loses speeds seems think found find treated benefits
    decays fades lose lost drives driven blows disappears disappear needed leaves leave brings bring
    follows counts matters hits cares care resembles fires
    """
)
# Two dozen of the commonest short words of languages that share our letters, without those English has too.
OTHERS = {
    "Spanish": lexicon(
        "el los las una que porque para con del es son por como más pero cuando muy se lo entre su"
    ),
    "French": lexicon(
        "le les des une est sont que qui pour avec dans sur pas donc parce plus il elle ce aux du et"
    ),
    "German": lexicon(
        "der das und ist sind nicht ein eine mit für auf den dem von zu weil wird werden bei sich man"
    ),
    "Italian": lexicon(
        "il gli della delle una che perché per con sono è più quando nel di si ma anche questo"
    ),
    "Portuguese": lexicon(
        "os uma que porque para com não são dos das por mais quando muito ou em um ele isso"
    ),
    "Dutch": lexicon("het een van en zijn niet met voor dat omdat wordt worden bij als maar ook deze"),
    "Turkish": lexicon("ve bir bu için ile çok daha olarak ama değil olan gibi"),
    "Polish": lexicon("jest nie się że dla oraz jak ale są przez które"),
    "Swedish": lexicon("och att det är som inte för med på av ett till den om"),
    "Vietnamese": lexicon("là và của không các cho với một được này trong"),
    "Indonesian": lexicon("yang dan untuk dengan tidak dari adalah ini pada karena itu"),
}
FOREIGN_LETTERS = 0.15  # share of letters outside Latin and Greek from which a text is not English
FEW_WORDS = 6  # fewer words tell nothing about language or style
COMPARATIVES = lexicon(
    "higher lower larger smaller bigger better worse faster slower"
)  # "the larger, the better"
ONE_WORD = 0.28  # share of the commonest word, from which something else than a sentence is made with it
NEEDS_A_VERB = 16  # words; a note may do without ("ReLU: for all x < 0"), a sentence of this length does not
TERSE = 8  # words that a sentence of nouns around one verb may have
LITTLE_GLUE = 0.17  # prose has 0.3 to 0.5, telegram style about 0.25
FRAGMENTS = 4  # this many pieces of few words, most without a verb, make a list
SHORT_FRAGMENT = 3.0  # mean number of words in the pieces of a list


def words_of(sentences: Iterable[Sentence]) -> list[str]:
    """All words, without punctuation, signs and numbers."""
    return [word for s in sentences for word in s.words if word[0].isalpha()]


def foreign(sentences: Sequence[Sentence]) -> str:
    """Which other language this seems to be: a name, "another script", "unclear", or "" for English."""
    text = "".join(s.raw for s in sentences)
    letters = [c for c in text if c.isalpha()]
    outside = [
        c for c in letters if not (c < "\u0250" or "\u0370" <= c <= "\u03ff" or "\u1e00" <= c <= "\u1eff")
    ]
    if letters and len(outside) > FOREIGN_LETTERS * len(letters):
        return "another script"
    said = words_of(sentences)
    if len(said) < FEW_WORDS - 2:
        return ""
    glue = sum(word in GLUE for word in said)
    counts = {name: sum(word in common for word in said) for name, common in OTHERS.items()}
    name = max(counts, key=lambda n: counts[n])
    if counts[name] >= 2 and counts[name] > glue:
        return name
    accents = sum(any("\u00bf" < c < "\u0250" or c > "\u1dff" for c in word) for word in said)
    if len(said) >= FEW_WORDS and accents >= 0.15 * len(said) and glue < 0.2 * len(said):
        return "unclear"
    return ""


def has_verb(words: Iterable[str]) -> bool:
    return any(word in VERBS or word in SIGNS for word in words)


def glued(words: Sequence[str]) -> float:
    """The share of words that hold a sentence together."""
    counted = [word for word in words if (word[0].isalpha() and word not in LISTING) or word in SIGNS]
    holding = sum(word in GLUE or word in VERBS or word in SIGNS for word in counted)
    return holding / len(counted) if counted else 1.0


def fragments(sentences: Iterable[Sentence]) -> list[list[str]]:
    """The pieces between punctuation marks."""
    pieces: list[list[str]] = []
    for sentence in sentences:
        pieces.append([])
        for word in sentence.words:
            if word in (",", ":", "(", ")", "+", "&", "/"):
                pieces.append([])
            else:
                pieces[-1].append(word)
    return [piece for piece in pieces if any(word[0].isalpha() for word in piece)]


def is_list(sentences: Sequence[Sentence]) -> bool:
    """Whether the answer is a list of keywords: no sentences that could be right or wrong."""
    words = words_of(sentences)
    if len(words) < FEW_WORDS:
        return False
    terse = len(words) <= TERSE and any(w in VERBS and not w.endswith("ed") for w in words)
    if glued([word for s in sentences for word in s.words]) < LITTLE_GLUE and not terse:
        return True
    commonest = max(words.count(word) for word in set(words))
    if len(words) > NEEDS_A_VERB and commonest > ONE_WORD * len(words):
        return True
    if len(words) > TERSE and sum(w in GLUE - LISTING for w in words) < 0.1 * len(words):
        return True
    pieces = fragments(sentences)
    short = sum(len(piece) for piece in pieces) < SHORT_FRAGMENT * len(pieces)
    bare = sum(not has_verb(piece) for piece in pieces)
    return len(pieces) >= FRAGMENTS and short and bare > 0.6 * len(pieces)


def is_statement(words: Sequence[str]) -> bool:
    """Whether a sentence says something: a verb or a relation, and words that hold it together."""
    alphabetic = [word for word in words if word[0].isalpha()]
    if len(alphabetic) <= 4:
        return True  # too short to tell; `is_list` looks at the whole answer
    if len(alphabetic) > NEEDS_A_VERB and not has_verb(words):
        return False
    relation = has_verb(words) or any(w in GLUE and w not in ("a", "an", "the", "and") for w in words)
    relation = relation or sum(w in COMPARATIVES for w in words) > 1
    return relation and glued(words) >= LITTLE_GLUE - 0.05
