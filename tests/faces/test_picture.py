"""Reading pictures: every kind that people have, and every way a file can be wrong."""

import contextlib
import io
import os
import re
import struct
import subprocess
import sys
import types
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, ImageFile, ImageOps

from emolib.faces import PictureError, read_picture
from emolib.faces import picture as reading
from emolib.faces.picture import LIMITS, is_animation

RGB = np.random.default_rng(3).integers(0, 256, (12, 20, 3), dtype=np.uint8)
GREY = RGB[..., 0]


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def grey_as_rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


class TestSources:
    def test_path_bytes_and_opened_picture_are_the_same(self, tmp_path):
        content = saved(Image.fromarray(RGB))
        path = tmp_path / "a face.png"
        path.write_bytes(content)
        for source in (
            path,
            str(path),
            content,
            bytearray(content),
            memoryview(content),
            Image.fromarray(RGB),
        ):
            read = read_picture(source)
            assert read.dtype == np.uint8
            assert np.array_equal(read, RGB)
            assert read.flags.writeable

    def test_home_is_known(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        Image.fromarray(RGB).save(tmp_path / "a.png")
        assert np.array_equal(read_picture("~/a.png"), RGB)

    def test_an_opened_picture_is_left_as_it_is(self):
        image = Image.fromarray(GREY)
        image.getexif()[0x0112] = 6
        read_picture(image)
        assert (image.mode, image.size) == ("L", (20, 12))
        assert image.getexif()[0x0112] == 6

    @pytest.mark.parametrize("source", [None, 3, RGB])
    def test_something_else(self, source):
        with pytest.raises(PictureError, match=r"Expected the path.*received"):
            read_picture(source)


class TestKinds:
    @pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "WEBP"])
    def test_lossless_formats(self, kind):
        options = {"lossless": True} if kind == "WEBP" else {}
        assert np.array_equal(
            read_picture(saved(Image.fromarray(RGB), kind, **options)), RGB
        )

    def test_grey_bilevel_and_palette(self):
        grey = Image.fromarray(GREY)
        assert np.array_equal(read_picture(saved(grey)), grey_as_rgb(GREY))
        ones = read_picture(saved(grey.convert("1")))
        assert set(np.unique(ones)) == {0, 255}
        palette = Image.fromarray(RGB).quantize(16)
        assert np.array_equal(
            read_picture(saved(palette)), np.array(palette.convert("RGB"))
        )

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_turned_as_exif_says(self, orientation):
        upright = np.zeros((40, 64, 3), np.uint8)
        upright[:20, :32] = 255  # white top left
        stored = {
            1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
            5: upright.transpose(1, 0, 2), 6: np.rot90(upright),
            7: upright.transpose(1, 0, 2)[::-1, ::-1], 8: np.rot90(upright, -1),
        }[orientation]  # fmt: skip
        exif = Image.Exif()
        exif[0x0112] = orientation
        content = saved(Image.fromarray(stored), "JPEG", exif=exif, quality=95)
        read = read_picture(content)
        assert read.shape == upright.shape
        assert np.abs(read.astype(int) - upright).mean() < 3

    def test_damaged_exif_is_no_reason_to_refuse(self):
        bad = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff\x12\x01\x03"
        content = saved(Image.fromarray(RGB), "JPEG", exif=bad)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert read_picture(content).shape == RGB.shape

    def test_cmyk(self):
        flat = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
        read = read_picture(saved(flat, "JPEG", quality=95))
        assert (np.abs(read.astype(int) - [255, 0, 0]) < 6).all()

    def test_transparent_parts_become_white(self):
        rgba = np.dstack([RGB, np.full(GREY.shape, 255, np.uint8)])
        rgba[:, :10, 3] = 0
        rgba[0, 15] = (0, 0, 0, 128)
        for image in (Image.fromarray(rgba), Image.fromarray(rgba).convert("RGBa")):
            read = read_picture(image)
            assert (read[:, :10] == 255).all()
            assert np.array_equal(read[1:, 10:], RGB[1:, 10:])
            assert (np.abs(read[0, 15].astype(int) - 127) <= 1).all()

    def test_transparency_of_grey_and_palette(self):
        la = Image.merge("LA", [Image.fromarray(GREY), Image.new("L", (20, 12), 0)])
        assert (read_picture(saved(la)) == 255).all()
        black = saved(Image.new("P", (4, 4), 0), transparency=0)
        assert (read_picture(black) == 255).all()
        shares = saved(Image.new("P", (4, 4), 0), transparency=bytes([0, 255]))
        assert (read_picture(shares) == 255).all()
        key = saved(Image.new("RGB", (4, 4), (9, 8, 7)), transparency=(9, 8, 7))
        assert (read_picture(key) == 255).all()

    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_sixteen_bits_are_scaled(self, kind):
        deep = np.linspace(0, 65535, 240).reshape(12, 20).astype(np.uint16)
        read = read_picture(saved(Image.fromarray(deep), kind))
        assert np.array_equal(read, grey_as_rgb(np.rint(deep / 257).astype(np.uint8)))

    def test_big_endian_sixteen_bits(self):
        values = struct.pack(">6H", 0, 257, 514, 65535, 32896, 65278)
        image = Image.frombytes("I;16B", (6, 1), values)
        assert read_picture(image)[0, :, 0].tolist() == [0, 1, 2, 255, 128, 254]

    @pytest.mark.parametrize(
        ("values", "kind", "expected"),
        [
            ([0, 100, 255], np.int32, [0, 100, 255]),
            ([0, 257, 65535], np.int32, [0, 1, 255]),
            ([0, 500_000, 1_000_000], np.int32, [0, 128, 255]),
            ([-100, 0, 100], np.int32, [0, 128, 255]),
            ([0, 0.5, 1], np.float32, [0, 128, 255]),
            ([0, 0.5, 200], np.float32, [0, 0, 200]),
            ([0, 2, np.nan], np.float32, [0, 2, 0]),
            ([7, 7, 7], np.int32, [7, 7, 7]),
        ],
    )
    def test_whole_and_floating_numbers(self, values, kind, expected):
        image = Image.fromarray(np.array([values], kind))
        assert image.mode in "IF"
        assert read_picture(image)[0, :, 0].tolist() == expected

    @pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
    def test_of_an_animation_the_first_frame(self, kind):
        frames = [Image.new("RGB", (16, 8), colour) for colour in ("red", "blue")]
        content = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        read = read_picture(content)
        assert read.shape == (8, 16, 3)
        assert read[..., 0].min() > 240
        assert read[..., 2].max() < 20


class TestWhatCannotBeRead:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
    def test_cut_short(self, tmp_path, kind):
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        content = saved(Image.fromarray(noise), kind)
        path = tmp_path / f"half.{kind.lower()}"
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(PictureError, match=rf"half\.{kind.lower()} is (cut|not a)"):
            read_picture(path)

    def test_wherever_it_is_cut_the_error_is_clear(self):
        content = saved(Image.fromarray(RGB))
        for length in range(0, len(content) - 20, 7):  # the last bytes are checksums
            with pytest.raises(PictureError, match="The picture is"):
                read_picture(content[:length])

    def test_missing_folder_empty_and_text(self, tmp_path):
        with pytest.raises(PictureError, match=r"gone\.png does not exist; check"):
            read_picture(tmp_path / "gone.png")
        with pytest.raises(PictureError, match="is a folder; give the path"):
            read_picture(tmp_path)
        (tmp_path / "empty.jpg").touch()
        with pytest.raises(PictureError, match=r"empty\.jpg is empty: 0 bytes.*again"):
            read_picture(tmp_path / "empty.jpg")
        (tmp_path / "notes.png").write_text("not a picture")
        with pytest.raises(PictureError, match=r"notes\.png is not a picture.*JPEG"):
            read_picture(tmp_path / "notes.png")
        with pytest.raises(PictureError, match="The picture is empty"):
            read_picture(b"")
        with pytest.raises(PictureError, match="cannot be read"):
            read_picture("a\0b.png")

    def test_no_program_is_started_for_postscript(self, tmp_path, monkeypatch):
        (tmp_path / "gs").write_text(f"#!/bin/sh\ntouch {tmp_path / 'started'}\n")
        (tmp_path / "gs").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
        path = tmp_path / "a.png"
        Image.fromarray(RGB).save(path, "EPS")
        with Image.open(path) as opened, contextlib.suppress(OSError):
            opened.load()
        assert (tmp_path / "started").exists(), "Pillow on its own starts it"
        (tmp_path / "started").unlink()
        with pytest.raises(
            PictureError, match=r"a\.png is not a picture that can be r"
        ):
            read_picture(path)
        with pytest.raises(PictureError, match=r"not a picture.*drawing.*as PNG"):
            read_picture(path.read_bytes())
        with (
            Image.open(path) as opened,
            pytest.raises(PictureError, match="was opened as EPS, which is not read"),
        ):
            read_picture(opened)
        assert not (tmp_path / "started").exists()

    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("a.mp4", b"\0\0\0 ftypisom\0\0", "video.*ffmpeg"),
            ("a.jpg", b"\0\0\0 ftypisom\0\0", "video.*ffmpeg"),
            ("a.avi", b"RIFF....AVI LIST", "video"),
            ("a.pdf", b"%PDF-1.7", "PDF"),
            ("a.svg", b" <svg/>", "drawing"),
            ("a.cr3", b"\0\0\0 ftypcrx \0", "raw data of a camera"),
            ("a.psd", b"8BPS", "format that is not read"),
            ("a.txt", b"happy", "give one of PNG, JPEG"),
        ],
    )
    def test_other_kinds_are_named_and_what_to_do(self, tmp_path, name, content, words):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(PictureError, match=f"(?s){name} is not.*{words}"):
            read_picture(tmp_path / name)

    @pytest.mark.parametrize("tags", [{50706: b"\1\4\0\0"}, {254: 1}, {}])
    def test_the_thumbnail_of_raw_data_is_not_taken_for_it(self, tmp_path, tags):
        path = tmp_path / ("a.tif" if tags else "a.nef")
        Image.fromarray(RGB).save(path, "TIFF", tiffinfo=tags)
        with pytest.raises(PictureError, match="raw data of a camera; develop it"):
            read_picture(path)

    def test_heic_names_the_package_and_is_read_with_it(self, tmp_path, monkeypatch):
        path = tmp_path / "a.jpg"  # as telephones and people rename them
        path.write_bytes(b"\0\0\0 ftypheic" + saved(Image.fromarray(RGB)))
        monkeypatch.setitem(sys.modules, "pillow_heif", None)
        with pytest.raises(
            PictureError, match=r"a\.jpg.*HEIC.*pip install pillow-heif"
        ):
            read_picture(path)

        class Reader(ImageFile.ImageFile):
            format = "HEIF"

            def _open(self):
                self.fp.seek(12)
                with Image.open(io.BytesIO(self.fp.read())) as inside:
                    self._size, self._mode = inside.size, inside.mode
                    self.tile = [("raw", (0, 0, *inside.size), 0, inside.mode)]
                    self.fp = io.BytesIO(inside.tobytes())

        standin = types.ModuleType("pillow_heif")
        standin.register_heif_opener = lambda: Image.register_open("HEIF", Reader)
        monkeypatch.setitem(sys.modules, "pillow_heif", standin)
        before = dict(Image.OPEN), list(Image.ID)
        assert np.array_equal(read_picture(path), RGB)
        assert (dict(Image.OPEN), list(Image.ID)) == before

    @pytest.mark.parametrize("side", [11_000, 40_000])
    def test_too_large_is_refused_before_it_is_decoded(
        self, tmp_path, monkeypatch, side
    ):
        path = tmp_path / "bomb.png"
        path.write_bytes(png(side, side, 2, b""))
        monkeypatch.setattr(
            ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded")
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(PictureError, match=r"bomb\.png has .*Save it smaller"):
                read_picture(path)

    def test_the_limit_holds_for_opened_pictures(self, monkeypatch):
        monkeypatch.setattr(reading, "MOST_PIXELS", 239)
        with pytest.raises(PictureError, match="has 20 x 12 pixels; up to 239"):
            read_picture(Image.fromarray(RGB))
        monkeypatch.setattr(reading, "MOST_PIXELS", 240)
        assert read_picture(Image.fromarray(RGB)).shape == (12, 20, 3)
        monkeypatch.setattr(reading, "MOST_BYTES", 719)
        with pytest.raises(PictureError, match="would take 0 MB of memory"):
            read_picture(Image.fromarray(RGB))


def chunk(name: bytes, data: bytes) -> bytes:
    tail = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + tail


def png(width, height, colour, pixels, depth=8, after=b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + after
    return b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IEND", b"")


def tiff(width, height, bits, kind, packing, data, tile=None) -> bytes:
    """Grey, one strip or tile; `kind` 1 whole, 3 floating; `packing` 1 none, 8 zip."""
    tags = [(256, width), (257, height), (258, bits), (259, packing), (262, 1)]
    place = 8 + 2 + 12 * (10 + (tile is not None)) + 4
    tags += [(277, 1), (339, kind)]
    if tile:
        tags += [(322, tile), (323, tile), (324, place), (325, len(data))]
    else:
        tags += [(273, place), (278, height), (279, len(data))]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, v) for tag, v in sorted(tags))
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries
    return head + b"\0" * 4 + data


def small_files_of_large_pictures() -> dict[str, bytes]:
    """Return what fits into an e-mail and, decoded without a thought, in no memory."""
    zeros, rows = zlib.compress(bytes(100_000_000), 1), 7_000
    text = b"\0\1\0\0\0" + zlib.compress("\U0001f600".encode() + b"a" * 1_000_000)
    texts = b"".join(chunk(b"iTXt", b"k%d" % k + text) for k in range(60))
    segment = b"\xff\xe1\xff\xffExif\0\0" + bytes(65_527)
    jpeg = saved(Image.new("RGB", (8, 8)), "JPEG", progressive=True, subsampling=0)
    size = jpeg.index(b"\xff\xc2") + 5
    large, endless = struct.pack(">HH", rows, rows), b"GIF89a\xff\xff\xff\xff"
    flat = Image.new("RGB", (5_000, 5_000))
    return {
        "float.tif": tiff(8_900, 8_900, 32, 3, 1, bytes(200)),
        "grey16.tif": tiff(rows, rows, 16, 1, 8, zeros),
        "tile.tif": tiff(10, 10, 8, 1, 8, zeros, tile=40_000),
        "grey16.png": png(rows, rows, 0, zeros, depth=16),
        "text.png": png(rows, rows, 0, zeros, after=texts),
        "tall.png": png(1, 50_000_000, 0, zeros),
        "notes.jpg": jpeg[:2] + 600 * segment + jpeg[2:],
        "scans.jpg": jpeg[:size] + large + jpeg[size + 4 :],
        "flat.webp": saved(flat, "WEBP", method=0),
        "screen.gif": endless + saved(flat.reduce(500), "GIF")[10:],
    }


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_no_file_takes_the_memory(tmp_path):
    """Each is read or refused, in one process of at most 500 MB."""
    for name, content in small_files_of_large_pictures().items():
        (tmp_path / name).write_bytes(content)
        assert len(content) < 40_000_000
    code = """
import re, sys
from pathlib import Path
from emolib.faces import PictureError, read_picture
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        print(path.name, read_picture(path).shape)
    except PictureError as error:
        print(str(error).replace(sys.argv[1], ""))
    status = Path("/proc/self/status").read_text()
    peak = 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", status)[1])
    assert peak < 430e6, (path.name, peak)  # the networks take 50 MB
"""
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-600:]
    assert "grey16.png (7000, 7000, 3)" in done.stdout


class TestLarge:
    def test_limits_are_what_the_estimate_allows(self):
        stated = {kind: int(n) for kind, n in re.findall(r"([A-Z]\w+) (\d+)", LIMITS)}
        assert f"Up to {50} million" in LIMITS
        assert "of a JPEG up to 250 million" in LIMITS
        kinds = {"HEIC": "HEIF", "WebP": "WEBP", "AVIF": "AVIF", "JPEG": "JPEG2000"}
        stated["JPEG"] = stated.pop("2000", 18)
        for kind, millions in stated.items():
            image = Image.new("RGB", (1000, 1000))
            image.format = kinds[kind]
            assert millions * reading._bytes(image, 0, 1) <= reading.MOST_BYTES

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
    @pytest.mark.parametrize("turn", [1, 6])
    def test_shrunk_while_it_is_read_if_less_is_enough(self, kind, turn):
        smooth = np.linspace(0, 255, 600 * 400).reshape(400, 600).astype(np.uint8)
        exif = Image.Exif()
        exif[274] = turn
        content = saved(Image.fromarray(smooth).convert("RGB"), kind, exif=exif)
        whole, size = reading.read_at_least(content, 400 * 600 // 4 + 1)
        assert size == whole.shape[1::-1] == ((400, 600) if turn == 6 else (600, 400))
        assert np.array_equal(whole, read_picture(content))
        half, size = reading.read_at_least(content, 400 * 600 // 4)
        assert size == whole.shape[1::-1]
        assert half.shape == (whole.shape[0] // 2, whole.shape[1] // 2, 3)
        mean = whole.reshape(*half.shape[:1], 2, half.shape[1], 2, 3).mean(axis=(1, 3))
        assert np.abs(mean - half).max() < 3

    def test_strips_make_no_difference(self, monkeypatch):
        deep = np.random.default_rng(1).normal(0, 900, (50, 70)).astype(np.float32)
        pictures = [Image.fromarray(RGB).convert(mode) for mode in ("P", "RGBA", "LA")]
        pictures += [Image.fromarray(deep), Image.fromarray(deep.astype(np.int32))]
        whole = [read_picture(one) for one in pictures]
        monkeypatch.setattr(reading, "_STRIP", 200)
        for one, before in zip(pictures, whole, strict=True):
            assert np.array_equal(read_picture(one), before)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_each_format_is_turned_once(kind, turn):
    image, exif = (
        Image.fromarray(np.kron(RGB, np.ones((4, 4, 1), np.uint8))),
        Image.Exif(),
    )
    exif[274] = turn
    content = saved(image, kind, exif=exif)
    with Image.open(io.BytesIO(content)) as opened:
        expected = np.array(ImageOps.exif_transpose(opened).convert("RGB"))
    assert np.array_equal(read_picture(content), expected)


def test_threads_and_nothing_global_is_changed(tmp_path):
    paths = []
    for k in range(24):
        paths.append(tmp_path / f"{k}.png")
        Image.fromarray(np.full((30, 30, 3), k, np.uint8)).save(paths[-1])
    before = (
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)
    )  # fmt: skip
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(read_picture, paths * 4))
    assert [int(one[0, 0, 0]) for one in read] == list(range(24)) * 4
    after = (
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)
    )  # fmt: skip
    assert after == before


class TestAnimations:
    TWO = (Image.fromarray(RGB), Image.fromarray(255 - RGB))

    @pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
    def test_a_file_of_several_pictures_moves_and_one_of_one_does_not(self, kind):
        first, other = self.TWO
        film = saved(first, kind, save_all=True, append_images=[other])
        assert is_animation(film)
        assert not is_animation(saved(first, kind))

    def test_pages_are_no_animation(self):
        first, other = self.TWO
        assert not is_animation(
            saved(first, "TIFF", save_all=True, append_images=[other])
        )
        assert not is_animation(saved(first, "JPEG"))

    def test_what_is_no_picture_is_refused(self):
        with pytest.raises(PictureError, match="not a picture"):
            is_animation(b"not a picture")
