"""Checks that the program and decode.py agree: the conformance vectors, and fresh archives of pictures that are not among them.

usage: python3 spec/reference/check.py [PRNN]      PRNN: the program, .build/release/prnn when not given
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

from decode import decode_archive, load_model

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = ROOT / "spec/vectors"
PICTURES = sorted((ROOT / "corpus/made").glob("*.png"))


def models():
    files = [*(ROOT / "Sources/BundledModels").glob("*.prnnmodel"), *VECTORS.glob("*.prnnmodel")]
    return {m.hash: m for m in (load_model(f.read_bytes()) for f in files)}


def samples_hash(archive, known):
    digest = hashlib.sha256()
    for _, samples in decode_archive(archive, known):
        digest.update(samples.tobytes())
    return digest.hexdigest()


def reference_png(archive, out):
    """decode.py as a program: its PNG, read back by the program's own reader, must give the same archive again."""
    words = [sys.executable, str(ROOT / "spec/reference/decode.py"), str(archive), "-o", str(out)]
    for f in (ROOT / "Sources/BundledModels").glob("*.prnnmodel"):
        words += ["--model", str(f)]
    subprocess.run(words, check=True)


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
    with tempfile.TemporaryDirectory() as folder:
        for picture in PICTURES:
            archive, fresh = f"{folder}/a.prnn", f"{folder}/b.prnn"
            for model in ("photo", "photo-fast"):
                subprocess.run([program, "compress", "--force", "--quiet", "--model", model, picture, "-o", archive],
                               check=True)
                reference_png(archive, f"{folder}/b.png")
                subprocess.run([program, "compress", "--force", "--quiet", "--model", model, f"{folder}/b.png", "-o",
                                fresh], check=True)
                report(f"{picture.name} ({model})",
                       pathlib.Path(archive).read_bytes() == pathlib.Path(fresh).read_bytes())
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
