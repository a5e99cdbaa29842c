"""Pictures, unpacked in a worker without a submission (grader/asserts/picture.py)."""

import io

import numpy as np


def decode_picture(package, data, max_pixels):
    """Unpack a PNG in this worker, for a picture can attack its reader: `{"pixels": uint8 (H, W, 3)}` or `{"error": sentence}`.

    Transparency is laid on white; of an animation the first picture counts.
    """
    from PIL import Image

    if not isinstance(data, bytes) or data[:8] != b"\x89PNG\r\n\x1a\n":
        return {"error": "the file is not a PNG: it does not begin with a PNG's eight bytes"}
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                return {"error": f"the picture has {width} x {height} pixels; at most {max_pixels} are looked at"}
            picture.load()
            return {"pixels": flatten_picture(picture)}
    except Exception as error:  # a broken PNG raises many types
        return {"error": f"the PNG can't be read: {type(error).__name__}: {error}"[:300]}


def flatten_picture(picture):
    """Any mode as uint8 `(H, W, 3)` on white."""
    from PIL import Image

    if picture.mode.startswith(("I", "F")):
        gray = np.asarray(picture).astype(np.int64) >> 8
        return np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    painted = picture.convert("RGBA")
    return np.array(Image.alpha_composite(Image.new("RGBA", painted.size, "white"), painted).convert("RGB"))
