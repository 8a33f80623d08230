"""The six emotions: their order, names, codes, colours and FACS prototypes.

The order is alphabetical and never changes: label ``k`` and column ``k`` of every
probability array mean ``EMOTIONS[k]``.
"""

from dataclasses import dataclass

from emolib.errors import EmolibError, did_you_mean


class UnknownEmotionError(EmolibError, ValueError):
    """A name that is none of the six emotions; the message suggests the nearest."""


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
        If `name` is neither; the message names the nearest valid one.

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
            f"(or {codes}).{did_you_mean(key, EMOTIONS)}"
        )
    return _BY_KEY[key]


def emotion_index(name: str) -> int:
    """Return the label (0 to 5) of an emotion; `name` and errors as in `get_emotion`.

    >>> emotion_index("fear")
    2
    """
    return EMOTIONS.index(get_emotion(name).name)
