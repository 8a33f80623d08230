"""Reading pictures: every kind that people have, and every way a file can be wrong."""

import io
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageFile

from emolib.faces import PictureError, read_picture
from emolib.faces import picture as reading

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

    def test_no_program_is_started_for_postscript(self, tmp_path):
        path = tmp_path / "a.eps"
        Image.fromarray(RGB).save(path)
        with pytest.raises(PictureError, match="is not a picture that can be read"):
            read_picture(path)

    @pytest.mark.parametrize("side", [9_500, 40_000])
    def test_too_large_is_refused_before_it_is_decoded(
        self, tmp_path, monkeypatch, side
    ):
        def chunk(name: bytes, data: bytes) -> bytes:
            sum_ = zlib.crc32(name + data)
            return struct.pack(">I", len(data)) + name + data + struct.pack(">I", sum_)

        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        path = tmp_path / "bomb.png"
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")
        )
        monkeypatch.setattr(
            ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded")
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own
            with pytest.raises(PictureError, match=r"bomb\.png has .*Save it smaller"):
                read_picture(path)
            warnings.simplefilter("error")
            with pytest.raises(PictureError, match=r"up to 80,000,000 are read"):
                read_picture(path)

    def test_the_limit_holds_for_opened_pictures(self, monkeypatch):
        monkeypatch.setattr(reading, "MOST_PIXELS", 239)
        with pytest.raises(PictureError, match="has 20 x 12 pixels; up to 239"):
            read_picture(Image.fromarray(RGB))
        monkeypatch.setattr(reading, "MOST_PIXELS", 240)
        assert read_picture(Image.fromarray(RGB)).shape == (12, 20, 3)


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
