"""Pictures of strangers: what is accepted, and what is left of it."""

import base64
import io
import struct
import zlib

import pytest
from PIL import Image

from registry.content import sandbox
from registry.listing.screenshots import MAX_SHOWN_SIDE, NoPicture, reencode


def encoded(image, format, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def picture(width=40, height=30, colour=(200, 30, 30)):
    return Image.new("RGB", (width, height), colour)


def read(data: bytes) -> dict:
    return reencode(base64.b64encode(data).decode())


def decoded(result: dict):
    return Image.open(io.BytesIO(base64.b64decode(result["data"])))


def png_claiming(width: int, height: int) -> bytes:
    """A small file whose header promises a huge picture."""

    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9999))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_reencode_makes_webp_of_every_accepted_format(format):
    result = read(encoded(picture(), format))

    image = decoded(result)
    assert image.format == "WEBP"
    assert image.size == (result["width"], result["height"]) == (40, 30)


def test_reencode_drops_metadata_and_turns_the_picture_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: lies on its side
    exif[0x010F] = "Maker of the camera"
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    data = encoded(picture(40, 30), "JPEG", exif=exif, comment=b"from my desk")

    result = read(data)

    image = decoded(result)
    assert image.size == (30, 40)
    assert not image.getexif()
    raw = base64.b64decode(result["data"])
    assert b"Maker" not in raw
    assert b"desk" not in raw


def test_reencode_keeps_transparency():
    image = Image.new("RGBA", (10, 10), (0, 0, 0, 0))

    assert decoded(read(encoded(image, "PNG"))).mode == "RGBA"


def test_reencode_shrinks_what_no_page_shows():
    result = read(encoded(picture(MAX_SHOWN_SIDE * 2, 100), "PNG"))

    assert (result["width"], result["height"]) == (MAX_SHOWN_SIDE, 50)


def test_reencode_takes_one_frame_of_many():
    frames = [picture(colour=(shade, 0, 0)) for shade in range(0, 250, 10)]
    data = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])

    assert getattr(decoded(read(data)), "n_frames", 1) == 1


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"/>', id="svg"),
        pytest.param(b"<!doctype html><script>1</script>", id="html"),
        pytest.param(encoded(picture(), "GIF"), id="gif"),
        pytest.param(b"GIF89a=1;alert(1)//", id="gif-script"),
        pytest.param(encoded(picture(), "BMP"), id="bmp"),
        pytest.param(encoded(picture(), "TIFF"), id="tiff"),
        pytest.param(encoded(picture(400, 400), "PNG")[:200], id="cut short"),
    ],
)
def test_reencode_refuses_what_is_no_whole_picture(data):
    with pytest.raises(NoPicture, match="not a whole PNG, JPEG or WebP"):
        read(data)


def test_reencode_refuses_a_huge_size_from_the_header_alone():
    with pytest.raises(NoPicture, match="50000 × 50000 pixels"):
        read(png_claiming(50_000, 50_000))


def test_reencode_answers_from_the_worker():
    data = base64.b64encode(encoded(picture(1600, 1000), "PNG")).decode()

    result = sandbox.run(reencode, data, timeout=10.0)

    assert (result["width"], result["height"]) == (1600, 1000)
    with pytest.raises(sandbox.SandboxError, match="not a whole PNG"):
        sandbox.run(reencode, base64.b64encode(b"<svg/>").decode(), timeout=10.0)
