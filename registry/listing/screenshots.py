"""A stranger's picture made safe to serve. Pure, no database; runs in the worker.

What is stored is never what was sent: the picture is decoded, turned upright, shrunk
to what a page can show and encoded anew, so metadata, second frames and whatever
hid behind the pixels stay behind.
"""

import base64
import hashlib
import io
import re

from registry.content.sandbox import SandboxError

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_UPLOAD_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 24_000_000  # 96 MB decoded; the worker has 768
MAX_SIDE = 12_000  # pixels, before shrinking
MAX_SHOWN_SIDE = 2_000  # pixels; a page is never wider
WEBP_QUALITY = 86
SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class NoPicture(SandboxError):
    """The sentence says what is wrong with the upload."""


def warm_up() -> None:
    """In the worker: load what ``reencode`` needs."""
    from PIL import Image

    small = Image.new("RGB", (2, 2))
    for kind in FORMATS:
        file = io.BytesIO()
        small.save(file, kind, exif=small.getexif())
        reencode(base64.b64encode(file.getvalue()).decode())


def reencode(encoded: str) -> dict:
    """The picture in ``encoded`` (base64) as WebP, without metadata.

    Returns data (base64), sha256 (of the new bytes), width, height (pixels).

    Raises NoPicture unless it is one PNG, JPEG or WebP of at most MAX_PIXELS. The
    size is read from the header, before any pixel is decoded.
    """
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # ours is an error, not a warning; see _check_size
    try:
        image = Image.open(io.BytesIO(base64.b64decode(encoded)), formats=FORMATS)
        _check_size(*image.size)
        image.seek(0)
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((MAX_SHOWN_SIDE, MAX_SHOWN_SIDE))
        has_alpha = (
            upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
        )
        clean = upright.convert("RGBA" if has_alpha else "RGB")
    except NoPicture:
        raise
    except Exception as error:  # decoders raise nearly anything on broken files
        raise NoPicture(
            "This file is not a whole PNG, JPEG or WebP picture."
        ) from error
    clean.info.clear()
    out = io.BytesIO()
    clean.save(out, "WEBP", quality=WEBP_QUALITY, exif=b"", icc_profile=b"", xmp=b"")
    data = out.getvalue()
    return {
        "data": base64.b64encode(data).decode(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": clean.width,
        "height": clean.height,
    }


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise NoPicture(
            f"The picture is {width} × {height} pixels; at most {MAX_SIDE} a side and "
            f"{MAX_PIXELS // 1_000_000} million in all can be read."
        )
    if min(width, height) < 1:
        raise NoPicture("The picture has no pixels.")
