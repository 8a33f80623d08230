"""A photograph, from the faces in it to six probabilities, and what they depend on."""

import threading
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from emolib.errors import ArgumentError
from emolib.widgets import answers, controls
from emolib.widgets._toolkit import ipywidgets
from emolib.widgets.evidence import evidence_map
from emolib.widgets.latest import Latest
from emolib.widgets.message_line import MessageLine
from emolib.widgets.photo import (
    SAMPLES,
    Marks,
    Photo,
    cut,
    drawn,
    eyes_of,
    find_faces,
    read_photo,
    sample,
    spread,
    spread_in_words,
    why_unsure,
)
from emolib.widgets.picture_file import PictureFile
from emolib.widgets.picture_row import PictureRow, Shown
from emolib.widgets.pictures import still
from emolib.widgets.reading import Reader
from emolib.widgets.sliders import Section, Slider, SliderPanel

#: The network that has learnt from photographs.
FIRST = "real-faces"

_MOST = 20  # percent of the distance between the eyes by which a mark is moved
_OWN = "own"
_MAP = "Map the evidence"
_ABOUT = (
    '<div style="line-height: 1.4; max-width: 48em"><b>What it is not for:</b> '
    "judging a person. It reads an expression, not a feeling, and the EU’s AI Act "
    "prohibits inferring emotions at work and in education, other than for medical or "
    "safety reasons.<br><small>Use a picture of yourself, or of somebody who has "
    "agreed. It stays in the memory of the kernel: nothing of it is saved with the "
    "notebook, and nothing is sent on. (In Colab the kernel is a machine of Google’s.)"
    "</small></div>"
)

_GUESS = (
    '<p style="line-height: 1.4; max-width: 48em">A hundred people would mark the '
    "pupils a hundred ways. Guess first: by how many points does the largest "
    "probability move? Is the answer ever another one? Then move the marks at random. "
    "A network that is sure need not be steady; compare two.</p>"
)


class PhotoLab:
    """Find the faces in a picture, cut one out, read it, and move the cut.

    It begins with samples; the reader's own still comes from a file. Of that nothing
    is kept: it is not in the state that a notebook saves. There is no webcam.

    Attributes
    ----------
    widget : ipywidgets.VBox
        What is displayed.
    photo : Photo
        The picture, and the faces found in it.
    marks : Marks
        How far the eye marks of the face that is read have been moved.

    Examples
    --------
    >>> lab = PhotoLab()
    >>> lab.move(Marks(left_x=5))
    """

    def __init__(self):
        self._reader = Reader(FIRST)
        self._finder = self._reader.recognizer  # the same faces for each network
        self.marks, self._place = Marks(), 0
        self._percents, self._mapped, self._trials = 7.0, False, None
        self._source, self._cut = "", None
        self._lock = threading.RLock()
        self._build()
        self._latest = Latest(self._message.guard(self._draw), self._lock)
        self.show_sample(next(iter(SAMPLES)))

    @property
    def crop(self) -> np.ndarray | None:
        """What the network sees, uint8 (64, 64); None where no face was found."""
        asked = self.photo, self._place, self.marks
        if self._cut is None or self._cut[0] != asked:
            eyes = self._eyes()
            self._cut = asked, None if eyes is None else cut(self.photo.image, eyes)
        return self._cut[1]

    @property
    def probabilities(self) -> np.ndarray | None:
        """What the network answers to it, float32 (6,)."""
        return None if self.crop is None else self._reader.read(self.crop)

    def show_sample(self, name: str) -> None:
        """Show a picture that comes with the lab, a key of `SAMPLES`."""
        self._take(find_faces(self._finder, sample(name), own=False), "", name)

    def open(self, source: str | Path | bytes) -> None:
        """Show a picture of the reader's own.

        Parameters
        ----------
        source : str, Path or bytes
            A still, as in `emolib.faces.read_picture`; what cannot be read raises
            `PictureError`, and the picture that is shown stays.
        """
        image, told = read_photo(source)
        self._take(find_faces(self._finder, image, own=True), told, _OWN)

    def choose(self, place: int) -> None:
        """Read another of the faces, by its place from 0, the largest first.

        Where the picture has no such face, that is an `ArgumentError`.
        """
        with self._lock:
            count = len(self.photo.faces)
            if not 0 <= place < count:
                raise ArgumentError(
                    f"There are {count} faces, from 0 on. Received: {place}"
                )
            self._place, self.marks, self._trials = place, Marks(), None
            self._latest.ask()

    def move(self, marks: Marks) -> None:
        """Move the eye marks, and with them the crop."""
        with self._lock:
            self.marks, self._trials = marks, None
            self._latest.ask()

    def read_with(self, network: str) -> None:
        """Have another network read: one of `emolib.models.available`, or a folder."""
        reader = Reader(network)
        with self._lock:
            self._reader, self._trials = reader, None
            self._latest.ask()

    def try_marks(self) -> None:
        """Move both marks at random, a hundred times, and show the range of answers."""
        with self._lock:
            if self.crop is not None:
                self._trials = spread(
                    self._reader.read_all, self.photo, self._eyes(), self._percents
                )
                self._latest.ask()

    def forget(self) -> None:
        """Let go of the reader's picture, and show the first sample again."""
        self.show_sample(next(iter(SAMPLES)))

    def snapshot(self) -> Figure:
        """Return what the network sees, and what it answers, as a figure.

        Raises
        ------
        ValueError
            If no face was found.
        """
        if self.crop is None:
            raise ArgumentError("No face was found; show another picture first.")
        return self._reader.snapshot(self.crop)

    def close(self) -> None:
        """Remove the lab, and let go of the picture; nothing is drawn any more."""
        self._latest.close()
        for row in self._rows:
            row.show(())
        controls.close_all(self.widget)
        self._cut = self._trials = None
        self._reader.forget()
        self.photo = Photo(np.zeros((1, 1, 3), np.uint8), (), "", own=False)

    def _build(self) -> None:
        self._message = MessageLine(self._lock)
        guard = self._message.guard
        samples = {words: name for name, words in SAMPLES.items()}
        self._sample = controls.choice(
            "Picture", samples | {"Your own": _OWN}, guard(self._chosen)
        )
        self._network = controls.network_choice(guard(self.read_with))
        self._file = PictureFile("A still of your own", self._open_given, guard)
        self._forget = controls.button("Forget the picture", guard(self.forget))
        self._picture = PictureRow("The picture", 400, guard)
        self._faces = PictureRow("Faces to choose from", 64, guard, self.choose)
        self._answer = PictureRow("What the network sees", 192, guard)
        self._map = PictureRow("Where it looks", 192, guard)
        self._spread = PictureRow("What moving the marks does", 64, guard)
        self._rows = (
            self._picture, self._faces, self._answer, self._map, self._spread,
        )  # fmt: skip
        self._sliders = SliderPanel(_sections(), self._values(), self._moved, guard)
        self._sliders.layout.max_width = "28em"
        self._spread.layout.max_width = "36em"
        self._back = controls.button("Marks back", guard(lambda: self.move(Marks())))
        self._try = controls.button("Move the marks at random", guard(self.try_marks))
        self._mapping = controls.button(_MAP, guard(self._toggle_map))
        self._still = ipywidgets.HTML(layout={"display": "none"})
        row, heading = controls.row, controls.heading
        pictures = ipywidgets.VBox([self._picture, self._faces])
        self.widget = controls.lab(
            self._still,
            row(self._sample, self._network),
            row(self._file, self._forget),
            ipywidgets.HTML(_ABOUT),
            self._message,
            row(pictures, self._answer),
            heading("Move the crop: how much depends on the eye marks?"),
            self._sliders,
            ipywidgets.HTML(_GUESS),
            row(self._back, self._try),
            self._spread,
            heading("Where does it look?"),
            row(self._mapping),
            self._map,
        )

    def _take(self, photo: Photo, told: str, source: str) -> None:
        with self._lock:
            self.photo, self.marks, self._place = photo, Marks(), 0
            self._source, self._trials = source, None
            self._message.words = f"{photo.told} {told}".strip()
            self._latest.ask()

    def _chosen(self, name: str) -> None:
        if name != _OWN:
            if name != self._source:
                self.show_sample(name)
        elif self._source != _OWN:
            self._message.words = (
                "Choose a file below, in the field “A still of your own”."
            )
            self._sample.value = self._source

    def _open_given(self, content: bytes) -> None:
        self._message.words = "Looking for faces."
        self.open(content)

    def _moved(self, changed: dict[str, float], settled: bool) -> None:
        if "percents" in changed:
            self._percents = changed["percents"]
        moved = {name: one for name, one in changed.items() if name != "percents"}
        if moved:
            self.move(replace(self.marks, **moved))

    def _values(self) -> dict[str, float]:
        return asdict(self.marks) | {"percents": self._percents}

    def _eyes(self) -> np.ndarray | None:
        if not self.photo.faces:
            return None
        return self.marks.of(self.photo.faces[self._place])

    def _answers(self) -> tuple[list[np.ndarray], np.ndarray]:
        """Return the crop of each face, that which is read as it is moved; and answers.

        The answers are (faces, 6).
        """
        if self.crop is None:
            return [], np.empty((0, 6), np.float32)
        crops = [
            self.crop if k == self._place else cut(self.photo.image, eyes_of(face))
            for k, face in enumerate(self.photo.faces)
        ]
        return crops, self._reader.read_all(np.stack(crops))

    def _draw(self) -> None:
        crops, shares = self._answers()
        line, eyes = self._reader.line, self._eyes()
        said = [answers.answer_words(one, line) for one in shares]
        numbered = [
            f"{k}, {one}" if len(said) > 1 else one for k, one in enumerate(said, 1)
        ]
        words = "; ".join(numbered) or "no face"
        image = drawn(self.photo, shares, line, eyes)
        self._picture.show([Shown(image, f"The picture, with its faces: {words}")])
        several = [
            Shown(crop, f"Face {one}")
            for crop, one in zip(crops, numbered, strict=True)
        ]
        self._faces.show(several if len(several) > 1 else (), self._place)
        if eyes is None:
            self._answer.show(())
        else:
            face, network = self.photo.faces[self._place], self._reader.name
            mine = shares[self._place]
            below = answers.bars_html(mine, line, self._reader.own_line)
            below += f"<p>{why_unsure(mine, line, face, network)}</p>"
            seen = Shown(self.crop, "The face in 64 by 64 grey pixels")
            told = f"The network {network} answers: {said[self._place]}."
            self._answer.show([seen], None, told, below)
        self._show_map()
        self._show_spread()
        with self._message.drawing():
            self._show_controls()

    def _show_map(self) -> None:
        self._mapping.description = f"✓ {_MAP}" if self._mapped else _MAP
        if not self._mapped or self.crop is None:
            self._map.show(())
            return
        image, words = evidence_map(self._reader.read_all, self.crop)
        self._map.show([Shown(image, "The face with a map over it")], None, words)

    def _show_spread(self) -> None:
        if self._trials is None or self.crop is None:
            self._spread.show(())
            return
        low, high = np.percentile(self._trials, [5, 95], axis=0)
        line = self._reader.line
        words = spread_in_words(self._trials, self.probabilities, line, self._percents)
        bars = answers.range_bars(low, high, line)
        self._spread.show((), None, words, bars)

    def _show_controls(self) -> None:
        nothing = not self.photo.faces
        off = tuple(self._values()) if nothing else ()
        self._sliders.show(self._values(), off)
        for button in (self._back, self._try, self._mapping):
            button.disabled = nothing
        self._forget.disabled = not self.photo.own
        self._sample.value = self._source
        controls.show_network(self._network, self._reader.name)

    def _toggle_map(self) -> None:
        self._mapped = not self._mapped
        self._show_map()

    def _ipython_display_(self) -> None:
        self._latest.now()
        if not self.photo.own:
            said = answers.in_words(self.probabilities)
            words = (
                f"{SAMPLES[self._source]}: a face in 64 by 64 grey pixels. The network "
                f"{self._reader.name} answers: {said}."
            )
            self._still.value = still(self.snapshot(), words)
        display(self.widget)


def _sections() -> tuple[Section, ...]:
    """Return sliders for both marks, and for how far they are moved at random."""
    sides, ways = ("left", "right"), {"x": ("left", "right"), "y": ("up", "down")}
    names = {"x": "sideways", "y": "up and down"}
    marks = tuple(
        Slider(
            f"{side}_{axis}", f"{side.capitalize()} mark, {names[axis]}",
            -_MOST, _MOST, 1, "%", ways[axis],
        )
        for side in sides
        for axis in ways
    )  # fmt: skip
    far = Slider("percents", "At random by up to", 1, 15, 1, "%")
    title = "In percent of the distance between the eyes"
    return (Section(title, (*marks, far)),)
