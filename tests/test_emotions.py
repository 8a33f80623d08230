import pytest

from emolib.emotions import (
    EMOTIONS,
    UnknownEmotionError,
    emotion_index,
    get_emotion,
)
from emolib.errors import EmolibError


def test_the_six_are_alphabetical():
    assert EMOTIONS == (
        "anger", "disgust", "fear", "happiness", "sadness", "surprise",
    )  # fmt: skip


@pytest.mark.parametrize("name", EMOTIONS)
def test_name_and_code_find_the_same_label(name):
    emotion = get_emotion(name)
    assert emotion.name == name
    assert EMOTIONS[emotion_index(name)] == name
    assert emotion_index(emotion.code) == emotion_index(name)


def test_codes_and_colours_are_distinct():
    emotions = [get_emotion(name) for name in EMOTIONS]
    assert len({emotion.code for emotion in emotions}) == 6
    assert len({emotion.colour for emotion in emotions}) == 6


def test_case_and_blanks_do_not_matter():
    assert get_emotion(" Fear ").name == "fear"
    assert emotion_index("SU") == 5


def test_an_unknown_emotion_names_the_nearest():
    with pytest.raises(UnknownEmotionError, match="Did you mean 'happiness'"):
        emotion_index("hapiness")


@pytest.mark.parametrize("name", ["", "neutral", "42", None])
def test_an_unknown_emotion_lists_the_six(name):
    with pytest.raises(UnknownEmotionError, match="anger, disgust, fear") as caught:
        get_emotion(name)
    assert repr(name) in str(caught.value)


def test_the_error_is_a_value_error():
    assert issubclass(UnknownEmotionError, ValueError)
    assert issubclass(UnknownEmotionError, EmolibError)
