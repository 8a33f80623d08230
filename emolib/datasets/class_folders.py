"""Which pictures of a folder belong to which class and which part of the data."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emolib.datasets.face_dataset import PARTS, DatasetError
from emolib.datasets.layouts import (
    LAYOUTS,
    Layout,
    bare,
    class_name,
    did_you_mean_layout,
    folded,
    part_name,
)
from emolib.emotions import EMOTIONS, UnknownEmotionError, did_you_mean_emotion
from emolib.errors import ArgumentError, unknown
from emolib.faces.formats import Listing, is_hidden, list_pictures

_NAMED = 5  # so many names stand in a message for all


@dataclass
class Names:
    """What names of folders mean, in lower case, and which the user gave."""

    layout: Layout
    classes: dict[str, str]
    skip: set[str]
    given: set[str]
    seen: set[str] = field(default_factory=set)

    def kind(self, name: str) -> str | None:
        """Return the class of a folder, or None."""
        for key in (folded(name), bare(name)):
            if key in self.classes:
                self.seen.add(key)
                return self.classes[key]
        try:
            return class_name(name)
        except UnknownEmotionError:
            return None

    def left_out(self, names: Iterable[str]) -> str | None:
        """Return the first of some names that is to be left out, or None."""
        for name in names:
            for key in (folded(name), bare(name)):
                if key in self.skip:
                    self.seen.add(key)
                    return name
        return None


def given_names(
    classes: Mapping[str, str] | None, skip: Iterable[str] | None, layout: str | None
) -> Names:
    """Put together the names of `classes`, `skip` and `layout`, as `load` takes them.

    What makes no sense is an ArgumentError.
    """
    if layout is not None and layout not in LAYOUTS:
        raise ArgumentError(unknown("layout", layout, LAYOUTS))
    own = LAYOUTS.get(layout, Layout("a folder of class folders"))
    if not isinstance(classes or {}, Mapping):
        wanted = "{'alegria': 'happiness'}"
        raise ArgumentError(f"classes must be like {wanted}; received {classes!r}.")
    if not isinstance(skip or [], Iterable):
        raise ArgumentError(f"skip must be a list of names; received {skip!r}.")
    if classes and own.emotion_in_file:
        raise ArgumentError(
            f"layout={layout!r} takes the emotion from names of files; leave out "
            "classes."
        )
    mine = {}
    for name, kind in (classes or {}).items():
        try:
            mine[folded(str(name))] = class_name(str(kind))
        except UnknownEmotionError as error:
            raise ArgumentError(
                f"classes: {name!r} cannot stand for {kind!r}; expected one of "
                f"{', '.join(EMOTIONS)} or neutral."
                f"{did_you_mean_emotion(str(kind), 'neutral')}"
            ) from error
    out = own.skip if skip is None else [skip] if isinstance(skip, str) else skip
    left = {folded(str(one)) for one in out} - set(mine)
    asked = set(mine) | (left if skip is not None else set())
    return Names(own, own.classes | mine, left, asked)


def list_below(folder: Path) -> Listing:
    """List all pictures below, and below folders that are links, but no circle."""
    found = list_pictures(folder, below=True)
    pictures, skipped, hidden = list(found.pictures), dict(found.skipped), found.hidden
    for link in skipped.pop("a link to a folder", []):
        if link.resolve() in (above.resolve() for above in link.absolute().parents):
            continue
        more = list_below(link)
        pictures += more.pictures
        hidden += more.hidden
        for why, files in more.skipped.items():
            skipped[why] = skipped.get(why, []) + files
    return Listing(tuple(sorted(pictures)), skipped, hidden)


def find_rows(
    folder: Path, listing: Listing, names: Names, skipped: Counter
) -> Iterator[dict]:
    """Yield emotion, split, file and what the layout tells, in order of the parts."""
    inside: dict[tuple[str, ...], list[Path]] = {}
    for file in listing.pictures:
        inside.setdefault(file.relative_to(folder).parts[:-1], []).append(file)
    for dirs in list(inside):
        if (left := names.left_out(dirs)) is not None:
            skipped[f"left out: {left}"] += len(inside.pop(dirs))
    parts = _parts(folder, inside)
    kinds = {}
    if not names.layout.emotion_in_file:
        kinds = _kinds(folder, inside, parts, names, skipped)
        inside = {dirs: inside[dirs] for dirs in kinds}
    for dirs in sorted(inside, key=lambda dirs: [*PARTS, None].index(parts[dirs])):
        for file in inside[dirs]:
            told = _told(file.name, names, skipped)
            if told is not None:
                below = file.relative_to(folder).as_posix()
                row = {"emotion": kinds.get(dirs), "split": parts[dirs], "file": below}
                yield row | told


def _told(file_name: str, names: Names, skipped: Counter) -> dict[str, str] | None:
    """Return what the file's name tells in this layout; None if it is passed over."""
    pattern = names.layout.file
    if pattern is None:
        return {}
    match = re.search(pattern, file_name, re.IGNORECASE)
    if match is None:
        skipped[f"not named as in {names.layout.about}"] += 1
        return None
    told = {key: value.upper() for key, value in match.groupdict().items()}
    if (left := names.left_out(told.values())) is not None:
        skipped[f"left out: {left}"] += 1
        return None
    if "emotion" in told:
        told["emotion"] = names.classes[told["emotion"].lower()]
    return told


def _parts(folder: Path, inside: Iterable[tuple[str, ...]]) -> dict[tuple, str | None]:
    """Return the part of each folder that has pictures."""
    found = {}
    for dirs in inside:
        told = {part for name in dirs if (part := part_name(name))}
        if len(told) > 1:
            raise DatasetError(
                f"{folder.joinpath(*dirs)} is in two parts, {' and '.join(told)}; "
                "rename one of these folders."
            )
        found[dirs] = next(iter(told), None)
    there = set(found.values())
    held = "test" if "validation" in there and "test" not in there else "validation"
    return {dirs: held if part == "eval" else part for dirs, part in found.items()}


def _kinds(
    folder: Path, inside: dict, parts: dict, names: Names, skipped: Counter
) -> dict[tuple[str, ...], str]:
    """Return the class of each folder that has pictures, or say which have none."""
    kinds, homes, places, others = {}, {}, {}, {}
    for dirs in inside:
        told = [(k, kind) for k, one in enumerate(dirs) if (kind := names.kind(one))]
        if len({kind for _, kind in told}) > 1:
            raise DatasetError(
                f"{folder.joinpath(*dirs)} names two classes, "
                f"{' and '.join(kind for _, kind in told)}; rename or skip one."
            )
        if told:
            (at, kinds[dirs]), *_ = told
            homes[dirs[:at]] = dirs
            places[tuple(one for one in dirs[:at] if not part_name(one))] = dirs
        else:
            others[dirs] = [one for one in dirs if not part_name(one)]
    mixed = {parts[dirs] is None: folder.joinpath(*dirs) for dirs in kinds}
    if len(mixed) > 1:
        raise DatasetError(
            f"{folder} mixes split folders ({mixed[False]}) and class folders outside "
            f"them ({mixed[True]}); keep either there, or pass skip=[...]."
        )
    if len(places) > 1:
        one, other = (folder.joinpath(*dirs) for dirs in list(places.values())[:2])
        raise DatasetError(
            f"{folder} has class folders in more than one place ({one}, {other}); pass "
            "the path of one, or skip=[...] with a folder to leave out."
        )
    _check_known(folder, inside, next(iter(places), None), others, names, skipped)
    for home in homes:
        _check_none_empty(folder.joinpath(*home), home, kinds, names)
    return kinds


def _check_known(
    folder: Path, inside: dict, place: tuple | None, others: dict, names: Names,
    skipped: Counter,
) -> None:  # fmt: skip
    """Refuse folders with pictures that are no class; count pictures outside of any."""
    if place is None:  # no class at all: what is around all folders is not one either
        shared = zip(*others.values(), strict=False)
        depth = next((k for k, one in enumerate(shared) if len(set(one)) > 1), None)
        shortest = min(map(len, others.values()), default=0)
        depth = max(shortest - 1, 0) if depth is None else depth
    strange = {}
    for dirs, rest in others.items():
        if place is not None:
            shared = zip(rest, place, strict=False)
            depth = next((k for k, (a, b) in enumerate(shared) if a != b), len(place))
        if len(rest) > depth:
            at = dirs.index(rest[depth]) + 1
            strange.setdefault(rest[depth], folder.joinpath(*dirs[:at]))
        else:
            skipped["not in a class folder"] += len(inside[dirs])
    if not strange:
        return
    paths, (one, *_) = [str(path) for path in strange.values()], strange
    hints = {did_you_mean_emotion(bare(name), "neutral") for name in strange}
    held = [file.name for files in inside.values() for file in files]
    layout = did_you_mean_layout(strange, held) if not names.classes else ""
    are = "s {} are" if len(paths) > 1 else " {} is"
    raise DatasetError(
        f"Class folder{are.format(some_of(paths))} none of the six emotions."
        f"{''.join(sorted(hints))}{layout} Rename it (to {', '.join(EMOTIONS)} or "
        f'neutral), say what it stands for, classes={{"{one}": "<emotion>"}} '
        f'(--classes {one}=<emotion>), or leave it out, skip=["{one}"] (--skip {one}).'
    )


def _check_none_empty(path: Path, home: tuple, kinds: dict, names: Names) -> None:
    """Refuse class folders in `path` that hold no picture."""
    full = {dirs[len(home)] for dirs in kinds if dirs[: len(home)] == home}
    for child in sorted(path.iterdir()):
        name = child.name
        if name in full or is_hidden(child) or not child.is_dir():
            continue
        if names.left_out([name]) is None and names.kind(name):
            files = list_pictures(child, below=True).skipped
            held = counted({why: len(paths) for why, paths in files.items()})
            raise DatasetError(
                f"Class folder {child} is empty: it holds no pictures that can be read"
                f"{held}. Fill it or remove it."
            )


def check_all_there(folder: Path, names: Names) -> None:
    """Refuse names in classes or skip that no folder has: slips of the pen."""
    if missing := names.given - names.seen:
        there = {path.name for path in folder.rglob("*") if path.is_dir()}
        known = {key for name in there for key in (folded(name), bare(name))}
        if missing := sorted(missing - known):
            raise ArgumentError(
                f"Nothing in {folder} is called {some_of(map(repr, missing))}, which "
                f"classes or skip names. Use those of its folders: "
                f"{some_of(sorted(there))}."
            )


def some_of(names: Iterable[str]) -> str:
    """Join the first few, and count the rest."""
    names = list(names)
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def counted(skipped: Mapping[str, int]) -> str:
    """Say how many files were skipped and why, after a semicolon; "" if none were."""
    told = ", ".join(f"{count:,} ({why})" for why, count in skipped.items())
    return f"; {sum(skipped.values()):,} skipped: {told}" if told else ""
