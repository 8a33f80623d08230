import pytest

from emolib.emotions import (
    EMOTIONS,
    UnknownEmotionError,
    did_you_mean_emotion,
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


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("hapiness", "happiness"), ("angy", "anger"), ("suprise", "surprise"),
        ("suprised", "surprise"), ("Happyness", "happiness"), ("hapy", "happiness"),
        ("angery", "anger"), ("sadnes", "sadness"), ("digust", "disgust"),
        ("fearfull", "fear"), ("surprize", "surprise"), ("joy", "happiness"),
        ("sad", "sadness"), ("neutrl", "neutral"),
    ],
)  # fmt: skip
def test_slips_of_the_pen_are_understood(slip, meant):
    assert did_you_mean_emotion(slip, "neutral") == f" Did you mean {meant!r}?"


#: What people feel, by the emotion that a hint may name, in 14 languages.
WORDS = {
    "anger": (
        "ira enojo enfado rabia furia colère rage fâché énervé Wut Zorn Ärger wütend "
        "ärgerlich rabbia ira arrabbiato raiva zangado boos woede vrede ilska arg "
        "gniew złość hněv öfke kızgın ikari okoru fennu shengqi gnev zlost marah"
    ),
    "disgust": (
        "asco repugnancia dégoût dégoûté Ekel angeekelt disgusto disgustato nojo "
        "desgosto aversão walging afschuw afkeer avsky äckel wstręt odraza tiksinti "
        "ken'o otvrashchenie jijik"
    ),
    "fear": (
        "miedo temor asustado peur effrayé crainte Angst Furcht ängstlich paura "
        "timore medo receio bang angstig rädsla rädd strach lęk strah korku kyoufu "
        "kongju pelko takut frykt"
    ),
    "happiness": (
        "alegria alegría feliz felicidad joie heureux heureuse bonheur Freude froh "
        "glücklich fröhlich felice felicità gioia contento blij vreugde glädje glad "
        "lycka radość szczęście štěstí mutluluk mutlu ureshii yorokobi radost senang "
        "heiter"
    ),
    "sadness": (
        "tristeza triste tristesse Trauer traurig Traurigkeit tristezza verdriet "
        "droevig sorg ledsen smutek smutny smutná üzüntü üzgün kanashimi beishang "
        "grust sedih suru"
    ),
    "surprise": (
        "sorpresa sorprendido surpris étonné Überraschung überrascht sorpreso "
        "surpresa surpreendido verrassing verrast överraskning zaskoczenie překvapení "
        "şaşkınlık odoroki udivlenie terkejut"
    ),
    "neutral": "neutro neutre neutrale Neutralität neutraal neytral obojętny nötr",
    "none of these": (
        "contempt desprecio mépris Verachtung disprezzo desprezo shame Scham "
        "vergüenza ånger angel angoisse angoscia angustia anguish distrust disguise "
        "disgrace dismay disdain despair sand said sade sado sadism joke joya fair "
        "fera fier feat hasira haserre harap hope hate surplus supreme surpassed "
        "fatigue bored anxious calm pride envy love sleepy confused jealous pain "
        "laughter smile other unknown"
    ),
}


@pytest.mark.parametrize("meant", WORDS)
def test_words_of_other_languages_are_never_taken_for_another_emotion(meant):
    wrong = {
        word: hint
        for word in WORDS[meant].split()
        if (hint := did_you_mean_emotion(word, "neutral"))
        and hint != f" Did you mean {meant!r}?"
    }
    assert not wrong


@pytest.mark.parametrize("name", ["", "neutral", "42", None])
def test_an_unknown_emotion_lists_the_six(name):
    with pytest.raises(UnknownEmotionError, match="anger, disgust, fear") as caught:
        get_emotion(name)
    assert repr(name) in str(caught.value)


def test_the_error_is_a_value_error():
    assert issubclass(UnknownEmotionError, ValueError)
    assert issubclass(UnknownEmotionError, EmolibError)
