"""What became of each file of an archive of eNTERFACE'05."""

from emolib.datasets.enterface05.clips import (
    EXPECTED,
    LEFT_OUT,
    SENTENCES,
    SUBJECTS,
    Survey,
    subject_name,
)
from emolib.emotions import EMOTIONS, emotion_index

SHOWN = 8  #: Differences that the short text of a report lists.


def make_report(
    survey: Survey, clips: dict, failed: dict, settings: dict, kind: str
) -> dict:
    """Return what ``report.json`` says, apart from the checksum of the corpus.

    `clips` and `failed` go from the name of a clip to ``file``, ``crc32`` and
    ``frames_without_face`` if it is in the data set, and to ``file``, ``kind`` and
    ``reason`` if it failed. `kind` is that of the archive, ``"zip"`` or ``"folder"``.
    """
    counts = {}
    for subject, code, _ in (name.split("_") for name in clips):
        of_subject = counts.setdefault(subject, dict.fromkeys(EMOTIONS, 0))
        of_subject[EMOTIONS[emotion_index(code)]] += 1
    return {
        "name": "enterface05",
        "settings": settings,
        "source": kind,
        "clips_expected": len(EXPECTED),
        "clips_found": len(survey.clips),
        "clips_prepared": len(clips),
        "complete": not (survey.missing or failed),
        "differences": _differences(survey.missing, failed),
        "counts": counts,
        "frames": {
            "total": settings["frames"] * len(clips),
            "without_face": sum(one["frames_without_face"] for one in clips.values()),
        },
        "failures": failed,
        "skipped": survey.skipped,
        "misnamed": survey.misnamed,
        "missing": list(survey.missing),
        "clips": clips,
    }


def report_text(report: dict) -> str:
    """Return the main lines of a report that `prepare` returned."""
    frames, differences = report["frames"], report["differences"]
    lines = [
        f"{report['clips_prepared']:,} of {report['clips_expected']:,} clips of "
        f"{len(report['counts'])} subjects, {frames['total']:,} frames, "
        f"{frames['without_face']:,} of them without a face",
        f"{len(report['skipped']):,} files passed over, {len(report['failures']):,} "
        f"clips failed, {len(report['misnamed']):,} files with misleading names",
    ]
    if report["complete"]:
        lines.append("this is the clean corpus, nothing is missing")
    else:
        lines.append("it differs from the clean corpus:")
        shown = differences[:SHOWN]
        lines += [one if len(one) < 160 else f"{one[:150]} ..." for one in shown]
        if len(differences) > SHOWN:
            lines.append(f"and {len(differences) - SHOWN} more in report.json")
    return "\n  ".join(lines)


def _differences(missing: tuple[str, ...], failed: dict) -> list[str]:
    """Say in a few lines what the clean corpus has and this has not."""
    absent, lines = [], []
    for who in (subject_name(one) for one in SUBJECTS if one not in LEFT_OUT):
        gone = [name for name in missing if name.startswith(f"{who}_")]
        if len(gone) == len(EMOTIONS) * len(SENTENCES):
            absent.append(who)
        elif gone:
            lines.append(f"{who}: not there: {', '.join(gone)}")
        own = (name for name in failed if name.startswith(f"{who}_"))
        lines += [f"{name}: {failed[name]['reason']}" for name in own]
    if absent:
        lines.insert(0, f"{len(absent)} subjects are not there: {', '.join(absent)}")
    return lines
