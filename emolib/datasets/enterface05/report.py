"""What became of each file of an archive of eNTERFACE'05."""

from collections import Counter
from collections.abc import Iterable

from emolib.datasets.enterface05.clips import (
    EXPECTED,
    LEFT_OUT,
    SENTENCES,
    SUBJECTS,
    SYSTEM,
    Survey,
    subject_name,
)
from emolib.emotions import EMOTIONS, emotion_index

SHOWN = 8  #: Differences, and reasons, that the short text of a report lists.


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
        "skipped_by_reason": dict(Counter(survey.skipped.values()).most_common()),
        "misnamed": survey.misnamed,
        "missing": list(survey.missing),
        "clips": clips,
    }


def report_text(report: dict) -> str:
    """Return the main lines of a report that `prepare` returned."""
    frames, reasons = report["frames"], dict(report["skipped_by_reason"])
    system = reasons.pop(SYSTEM, 0)
    lines = [
        f"{report['clips_prepared']:,} of {report['clips_expected']:,} clips of "
        f"{len(report['counts'])} subjects, {frames['total']:,} frames, "
        f"{frames['total'] - frames['without_face']:,} of them with a face",
        f"{len(report['failures']):,} clips failed, {len(report['misnamed']):,} files "
        "with misleading names",
        f"{sum(reasons.values()):,} files and folders passed over, and {system:,} that "
        "an operating system left there",
    ]
    lines += _first(f"{count:,} x {reason}" for reason, count in reasons.items())
    if report["complete"]:
        lines.append("this is the clean corpus, nothing is missing")
    else:
        lines.append("it differs from the clean corpus:")
        lines += _first(report["differences"])
    # names on a disk may be no valid Unicode, which no terminal prints
    return "\n  ".join(lines).encode(errors="backslashreplace").decode()


def _first(lines: Iterable[str]) -> list[str]:
    """Shorten lines and a list of them."""
    lines = [one if len(one) < 160 else f"{one[:150]} ..." for one in lines]
    more = [f"and {len(lines) - SHOWN} more in report.json"] * (len(lines) > SHOWN)
    return lines[:SHOWN] + more


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
