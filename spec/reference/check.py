"""Checks that the program and decode.py agree: the conformance vectors, and fresh archives of pictures that are not among them.

usage: python3 spec/reference/check.py [PRNN]      PRNN: the program, .build/release/prnn when not given
"""

import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from decode import decode_archive
from model_file import load_model
from png_files import original_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = ROOT / "spec/vectors"
ROUND_TRIPS = [("photo", "fast"), ("photo-fast", "fast")]  # model, effort
LEARNING_TRIPS = [("photo", "max"), ("photo-3", "balanced")]  # of parts of the pictures, for they take long
BUNDLED = sorted((ROOT / "Sources/BundledModels").glob("*.prnnmodel"))
PICTURES = sorted((ROOT / "corpus/made").glob("*.png"))


@functools.cache
def models():
    files = [*BUNDLED, *VECTORS.glob("*.prnnmodel")]
    return {m.hash: m for m in (load_model(f.read_bytes()) for f in files)}


def samples_agree(vector, expected):
    digest = hashlib.sha256()
    for _, samples in decode_archive((VECTORS / vector).read_bytes(), models()):  # of all images of a series
        digest.update(samples.tobytes())
    return digest.hexdigest() == expected


def files_agree(vector, expected):
    """Whether the PNG files that come back byte for byte do, and no others; their place has None."""
    found = [hashlib.sha256(original_file(header, image, record)).hexdigest() if record else None
             for header, samples in decode_archive((VECTORS / vector).read_bytes(), models())
             for image, record in zip(samples, header.files or [b""] * len(samples))]
    return found == expected


def decoded_again(program, source, options, model_files):
    """Whether what decode.py, as a program, writes of an archive of `source` gives the same archive again."""
    with tempfile.TemporaryDirectory() as folder:
        archive, back, fresh = (f"{folder}/{name}" for name in ("a.prnn", "b", "b.prnn"))
        compress = [program, "compress", "--force", "--quiet", "--threads", "1", *options]
        subprocess.run([*compress, source, "-o", archive], check=True)
        words = [sys.executable, str(ROOT / "spec/reference/decode.py"), archive, "-o", back]
        subprocess.run(words + [w for f in model_files for w in ("--model", str(f))], check=True)
        subprocess.run([*compress, back, "-o", fresh], check=True)
        return pathlib.Path(archive).read_bytes() == pathlib.Path(fresh).read_bytes()


def vector_decoded_again(program, vector, options):
    """The same of the pictures in a vector."""
    with tempfile.TemporaryDirectory() as folder:
        source = f"{folder}/{vector}"
        subprocess.run([program, "decompress", "--quiet", VECTORS / f"{vector}.prnn", "-o", source,
                        "--model", VECTORS / "tiny.prnnmodel"], check=True)
        return decoded_again(program, source, options, [])


def decoded_exactly(program, source):
    """Whether decode.py, as a program, gives the very file of an archive of `source`."""
    with tempfile.TemporaryDirectory() as folder:
        archive, back = f"{folder}/a.prnn", f"{folder}/b"
        subprocess.run([program, "compress", "--quiet", "--exact", "--coding", "mixing", source, "-o", archive],
                       check=True)
        subprocess.run([sys.executable, str(ROOT / "spec/reference/decode.py"), archive, "-o", back], check=True)
        return pathlib.Path(back).read_bytes() == source.read_bytes()


def write_parts(program, folder):
    """The middle of each picture."""
    for picture in PICTURES:
        archive = folder / "archive"
        subprocess.run([program, "compress", "--force", "--quiet", "--coding", "mixing", picture, "-o", archive], check=True)
        subprocess.run([program, "decompress", "--quiet", "--crop", "32x24+60+40", archive, "-o", folder / picture.name],
                       check=True)
        archive.unlink()


def checks(program, parts):
    """What there is to check: a name, a function that says whether it holds, its arguments."""
    for picture in PICTURES:
        for trips, source in (LEARNING_TRIPS, parts / picture.name), (ROUND_TRIPS, picture):
            for model, effort in trips:
                options = ["--model", model, "--effort", effort]
                yield f"{picture.name} ({' '.join(options)})", decoded_again, (program, source, options, BUNDLED)
    yield "a set", decoded_again, (program, parts, ["--embed-model"], [])  # with names, and its model in the archive
    for name, expected in json.loads((VECTORS / "vectors.json").read_text()).items():
        yield name, samples_agree, (name, expected)
    for name, expected in json.loads((VECTORS / "files.json").read_text()).items():
        yield f"{name} (files)", files_agree, (name, expected)
    for name in ("metadata-set", "metadata-single"):  # PNG chunks and times
        yield f"{name} (again)", vector_decoded_again, (program, name, ["--coding", "mixing"])
    for picture in ROOT.glob("corpus/made/hills-[gp]*[4e].png"):  # the file itself; small ones
        yield f"{picture.name} (exact)", decoded_exactly, (program, picture)


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".build/release/prnn")
    passed = failed = 0
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool, tempfile.TemporaryDirectory() as parts:
        write_parts(program, pathlib.Path(parts))
        started = [(name, pool.submit(function, *arguments))
                   for name, function, arguments in checks(program, pathlib.Path(parts))]
        for name, check in started:
            try:
                ok, cause = check.result(), "decoded to other samples"
            except Exception as error:
                ok, cause = False, error
            passed, failed = passed + ok, failed + (not ok)
            if not ok:
                print(f"check.py: {name}: {cause}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
