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

#: Differences that the short text of a report lists.
SHOWN = 8


def make_report(
    survey: Survey, clips: dict, failed: dict, settings: dict, kind: str
) -> dict:
    """Gather what ``report.json`` says, apart from the checksum of the corpus.

    Parameters
    ----------
    survey : Survey
        From `emolib.datasets.enterface05.clips.find_clips`.
    clips, failed : dict of str to dict
        Name of a clip -> ``file``, ``crc32`` and ``frames_without_face`` if it is in
        the data set; ``file``, ``kind`` and ``reason`` if it failed.
    settings : dict
        Of the preparation.
    kind : {"zip", "folder"}
        Of the archive.
    """
    counts = {}
    for name in clips:
        subject, code, _ = name.split("_")
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
    """Return the main lines of a report.

    Parameters
    ----------
    report : dict
        As `emolib.datasets.enterface05.prepare.prepare` returns it.
    """
    frames = report["frames"]
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
        differences = report["differences"]
        lines += [
            one if len(one) < 160 else f"{one[:150]} ..." for one in differences[:SHOWN]
        ]
        if len(differences) > SHOWN:
            lines.append(f"and {len(differences) - SHOWN} more in report.json")
    return "\n  ".join(lines)


def _differences(missing: tuple[str, ...], failed: dict) -> list[str]:
    """Say in a few lines what the clean corpus has and this has not."""
    absent, lines = [], []
    for subject in (one for one in SUBJECTS if one not in LEFT_OUT):
        who = subject_name(subject)
        gone = [name for name in missing if name.startswith(f"{who}_")]
        if len(gone) == len(EMOTIONS) * len(SENTENCES):
            absent.append(who)
        elif gone:
            lines.append(f"{who}: not there: {', '.join(gone)}")
        lines += [
            f"{name}: {one['reason']}"
            for name, one in failed.items()
            if name.startswith(f"{who}_")
        ]
    if absent:
        lines.insert(0, f"{len(absent)} subjects are not there: {', '.join(absent)}")
    return lines
