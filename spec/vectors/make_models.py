"""Makes the model files paper-*.prnnmodel: tiny networks of the paper with random weights.

usage: python3 spec/vectors/make_models.py PRNN FOLDER [NAME...]     (PRNN: the program; needs PyTorch, safetensors and Pillow)

Run once; the files are frozen. The program finds the scales on pictures of noise. Only paper-bits keeps its
float weights.
"""

import dataclasses
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "reference"))

from coding import Fields  # noqa: E402
from local_networks import LocalNetwork  # noqa: E402
from make_pixelrnn_vectors import weights  # noqa: E402
from paper_networks import PaperNetwork  # noqa: E402
from pixelrnn import Architecture  # noqa: E402

MODELS = {  # kind, channels, layers, features, head width, residual, skip, output, condition; of each level
    "paper-bits": [Architecture("pixel-cnn", 1, 2, 4, 6, True, False, "bernoulli")],
    "paper-bits-levels": [Architecture("row-lstm", 1, 2, 4, 6, True, True, "bernoulli"),
                          Architecture("diagonal-bilstm", 1, 2, 4, 6, False, False, "bernoulli", 3)],
    "paper-gray": [Architecture("row-lstm", 1, 2, 4, 6, True, False, "softmax")],
    "paper-gray-levels": [Architecture("diagonal-bilstm", 1, 2, 4, 6, True, True, "softmax"),
                          Architecture("diagonal-bilstm", 1, 1, 5, 6, True, False, "softmax", 3)],
    "paper-pixel-cnn": [Architecture("pixel-cnn", 3, 2, 5, 7, True, True, "softmax")],
    "paper-row-lstm": [Architecture("row-lstm", 3, 2, 5, 7, False, True, "softmax")],
    "paper-diagonal-bilstm": [Architecture("diagonal-bilstm", 3, 2, 5, 7, True, False, "softmax")],
    "paper-levels": [Architecture("row-lstm", 3, 1, 4, 6, True, False, "softmax"),
                     Architecture("pixel-cnn", 3, 2, 4, 6, True, False, "softmax", 4),
                     Architecture("row-lstm", 3, 2, 4, 6, True, True, "softmax", 2)],
    "paper-differences": [Architecture("row-lstm", 3, 2, 5, 7, True, False, "differences")],
    "paper-differences-levels": [Architecture("pixel-cnn", 1, 1, 4, 6, True, False, "differences"),
                                 Architecture("diagonal-bilstm", 1, 2, 4, 6, True, False, "differences", 3)],
}


def parts(data):
    """Where the networks of a model file begin and end."""
    fields = Fields(data, "the model file")
    fields.take(8)
    version = fields.number("H")
    fields.take(fields.number("B"))
    fields.take(fields.number("I"))
    places = []
    for _ in range(fields.number("B")):
        start = fields.position
        fields.number("B")
        kind = fields.number("B") if version > 1 else 0
        LocalNetwork(fields, kind) if kind in (0, 4) else PaperNetwork(fields, kind)
        places.append((start, fields.position))
    return places


def with_alpha(model, name, tiny):
    """A model of a model's first network and of the alpha network of tiny.prnnmodel, its last, written as version 2."""
    (start, end), (alpha, last) = parts(model)[0], parts(tiny)[-1]
    head = b"PRNNMODL" + struct.pack("<HB", 2, len(name)) + name.encode() + struct.pack("<I", 2) + b"{}" + b"\2"
    return head + model[start:end] + tiny[alpha:alpha + 1] + b"\0" + tiny[alpha + 1:last]


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as data:
        for channels in (1, 3):
            pathlib.Path(data, str(channels)).mkdir()
            for i in range(8):
                a = rng.integers(0, 256, (8, 9, channels)).astype(np.uint8)
                Image.fromarray(a[..., 0] if channels == 1 else a).save(f"{data}/{channels}/{i}.png")
        pathlib.Path(data, "bits").write_bytes(rng.integers(0, 256, 300).astype(np.uint8).tobytes())
        names = sys.argv[3:] or MODELS
        for name, levels in ((name, MODELS[name]) for name in names):
            words = [program, "quantise", "--force", "-o", f"{folder}/{name}.prnnmodel"]
            bernoulli = levels[0].output == "bernoulli"
            words += [f"{data}/bits", "--bits", "6x5"] if bernoulli else [f"{data}/{levels[0].channels}"]
            for i, arch in enumerate(levels):
                file = f"{data}/{name}.{i}.safetensors"
                tensors = {key: t.contiguous() for key, t in weights(arch, i + 1).items()}
                save_file(tensors, file, {"architecture": json.dumps(dataclasses.asdict(arch))})
                words += ["--weights", file]
            subprocess.run(words, check=True)
            file = folder / f"{name}.prnnmodel"
            if name != "paper-bits":
                made = file.read_bytes()
                file.write_bytes(made[:parts(made)[-1][1]])
    if sys.argv[3:]:
        return
    gray, tiny = (folder / "paper-gray.prnnmodel").read_bytes(), (HERE / "tiny.prnnmodel").read_bytes()
    (folder / "paper-gray-alpha.prnnmodel").write_bytes(with_alpha(gray, "paper-gray-alpha", tiny))


if __name__ == "__main__":
    main()
