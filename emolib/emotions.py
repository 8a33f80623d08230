"""The six emotions: their order, names, codes, colours and FACS prototypes.

The order is alphabetical and never changes: label ``k`` and column ``k`` of every
probability array mean ``EMOTIONS[k]``.
"""

from dataclasses import dataclass
from difflib import get_close_matches

from emolib.errors import EmolibError


class UnknownEmotionError(EmolibError, ValueError):
    """A name that is none of the six emotions; the message names the one meant."""


@dataclass(frozen=True)
class Emotion:
    """One of the six emotion classes of the eNTERFACE'05 corpus.

    Attributes
    ----------
    name : str
        English, in lower case: the class label in every file and figure.
    code : str
        Two letters, as in eNTERFACE'05 file names (``s1_an_1.avi``).
    colour : str
        Hex colour in every figure, from Okabe and Ito's palette for colour blindness.
    action_units : tuple of int
        Prototypical facial action units after the FACS manual and EMFACS; the sources
        disagree (Ekman & Friesen 1978; Du, Tao & Martinez 2014).
    """

    name: str
    code: str
    colour: str
    action_units: tuple[int, ...]


_ALL = (
    Emotion("anger", "an", "#D55E00", (4, 5, 7, 23)),
    Emotion("disgust", "di", "#009E73", (9, 10, 15, 17)),
    Emotion("fear", "fe", "#CC79A7", (1, 2, 4, 5, 20, 25)),
    Emotion("happiness", "ha", "#E69F00", (6, 12, 25)),
    Emotion("sadness", "sa", "#0072B2", (1, 4, 15)),
    Emotion("surprise", "su", "#56B4E9", (1, 2, 5, 26)),
)

#: The six class names in label order.
EMOTIONS: tuple[str, ...] = tuple(emotion.name for emotion in _ALL)

#: Other usual names of the six, as folders of pictures have them.
SYNONYMS = {
    "angry": "anger", "disgusted": "disgust", "afraid": "fear", "fearful": "fear",
    "happy": "happiness", "joy": "happiness", "sad": "sadness", "surprised": "surprise",
}  # fmt: skip

_BY_KEY = {key: emotion for emotion in _ALL for key in (emotion.name, emotion.code)}


def get_emotion(name: str) -> Emotion:
    """Look up an emotion by its name or its two-letter code.

    Parameters
    ----------
    name : str
        For example ``"fear"`` or ``"fe"``; case and outer blanks are ignored.

    Raises
    ------
    UnknownEmotionError
        If `name` is neither; the message names the one meant, where that is sure.

    Examples
    --------
    >>> get_emotion("su").name
    'surprise'
    """
    key = str(name).strip().lower()
    if key not in _BY_KEY:
        codes = ", ".join(emotion.code for emotion in _ALL)
        raise UnknownEmotionError(
            f"Unknown emotion {name!r}; expected one of {', '.join(EMOTIONS)} "
            f"(or {codes}).{did_you_mean_emotion(key)}"
        )
    return _BY_KEY[key]


def did_you_mean_emotion(word: str, *more: str) -> str:
    """Return a hint at the emotion that a word stands for; empty if that is not sure.

    Only synonyms and slips of the pen count, since a word of another language may look
    like a wrong emotion. `more` are other names that would do, such as ``"neutral"``.

    >>> did_you_mean_emotion("suprised"), did_you_mean_emotion("sorpresa")
    (" Did you mean 'surprise'?", '')
    """
    meant = SYNONYMS | {name: name for name in (*EMOTIONS, *more)}
    word = word.strip().casefold()
    # of three letters, one is a third: "sand" is no sad
    alike = [k for k in meant if k == word or (k[0] == word[:1] and len(k) > 3)]
    near = get_close_matches(word, alike, n=1, cutoff=0.85)
    return f" Did you mean {meant[near[0]]!r}?" if near else ""


def emotion_index(name: str) -> int:
    """Return the label (0 to 5) of an emotion; `name` and errors as in `get_emotion`.

    >>> emotion_index("fear")
    2
    """
    return EMOTIONS.index(get_emotion(name).name)
