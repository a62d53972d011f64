"""Checks that the program and decode.py agree: the conformance vectors, and fresh archives of pictures that are not among them.

usage: python3 spec/reference/check.py [PRNN]      PRNN: the program, .build/release/prnn when not given
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

from decode import decode_archive
from model_file import load_model
from png_files import original_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = ROOT / "spec/vectors"
ROUND_TRIPS = [("photo", "fast"), ("photo", "max"), ("photo-fast", "fast")]  # model, effort
BUNDLED = sorted((ROOT / "Sources/BundledModels").glob("*.prnnmodel"))
PICTURES = sorted((ROOT / "corpus/made").glob("*.png"))


def models():
    files = [*BUNDLED, *VECTORS.glob("*.prnnmodel")]
    return {m.hash: m for m in (load_model(f.read_bytes()) for f in files)}


def samples_hash(archive, known):
    digest = hashlib.sha256()
    for _, samples in decode_archive(archive, known):  # of all images of a series
        digest.update(samples.tobytes())
    return digest.hexdigest()


def file_hashes(archive, known):
    """Of the PNG files that come back byte for byte; None for the others."""
    return [hashlib.sha256(original_file(header, image, record)).hexdigest() if record else None
            for header, samples in decode_archive(archive, known)
            for image, record in zip(samples, header.files or [b""] * len(samples))]


def decoded_again(program, source, options, model_files, folder):
    """Whether what decode.py, as a program, writes of an archive of `source` gives the same archive again."""
    archive, back, fresh = (f"{folder}/{name}" for name in ("a.prnn", "b", "b.prnn"))
    compress = [program, "compress", "--force", "--quiet", *options]
    subprocess.run([*compress, source, "-o", archive], check=True)
    words = [sys.executable, str(ROOT / "spec/reference/decode.py"), archive, "-o", back]
    subprocess.run(words + [w for f in model_files for w in ("--model", str(f))], check=True)
    subprocess.run([*compress, back, "-o", fresh], check=True)
    return pathlib.Path(archive).read_bytes() == pathlib.Path(fresh).read_bytes()


def decoded_exactly(program, source, folder):
    """Whether decode.py, as a program, gives the very file of an archive of `source`."""
    archive, back = f"{folder}/a.prnn", f"{folder}/b"
    subprocess.run([program, "compress", "--quiet", "--exact", "--coding", "mixing", source, "-o", archive], check=True)
    subprocess.run([sys.executable, str(ROOT / "spec/reference/decode.py"), archive, "-o", back], check=True)
    return pathlib.Path(back).read_bytes() == source.read_bytes()


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".build/release/prnn")
    known = models()
    passed = failed = 0

    def report(name, ok):
        nonlocal passed, failed
        passed, failed = passed + ok, failed + (not ok)
        if not ok:
            print(f"check.py: {name}: decoded to other samples", file=sys.stderr)

    for name, expected in json.loads((VECTORS / "vectors.json").read_text()).items():
        report(name, samples_hash((VECTORS / name).read_bytes(), known) == expected)
    for name, expected in json.loads((VECTORS / "files.json").read_text()).items():
        report(f"{name} (files)", file_hashes((VECTORS / name).read_bytes(), known) == expected)
    for picture in PICTURES:
        for model, effort in ROUND_TRIPS:
            options = ["--model", model, "--effort", effort]
            with tempfile.TemporaryDirectory() as folder:
                report(f"{picture.name} ({' '.join(options)})",
                       decoded_again(program, picture, options, BUNDLED, folder))
    for name in ("metadata-set", "metadata-single"):  # PNG chunks and times
        with tempfile.TemporaryDirectory() as folder:
            source = f"{folder}/{name}"
            subprocess.run([program, "decompress", "--quiet", VECTORS / f"{name}.prnn", "-o", source,
                            "--model", VECTORS / "tiny.prnnmodel"], check=True)
            report(f"{name} (again)", decoded_again(program, source, ["--coding", "mixing"], [], folder))
    for picture in ROOT.glob("corpus/made/hills-[gp]*[4e].png"):  # the file itself; small ones
        with tempfile.TemporaryDirectory() as folder:
            report(f"{picture.name} (exact)", decoded_exactly(program, picture, folder))
    with tempfile.TemporaryDirectory() as folder:  # a set, with its names and its model in the archive
        report("corpus/made", decoded_again(program, ROOT / "corpus/made", ["--embed-model"], [], folder))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
