"""Prepares what the benchmarks run on and checks every picture against manifest.json.

usage: python3 corpus/prepare.py SHARED DIR       SHARED: the folder that has data/unpack.sh
       python3 corpus/prepare.py --list DIR       writes the manifest of the pictures in DIR

Needs djxl (apt-get install libjxl-tools) and Pillow. The hash is SHA-256 of the RGB samples, so it does not depend on the PNG writer
(of MNIST that of the file of bits).
"""

import hashlib
import json
import pathlib
import subprocess
import sys

from PIL import Image

MANIFEST = pathlib.Path(__file__).parent / "manifest.json"
FOLDERS = ["photos/validation", "kodak", "cifar10", "mnist"]


def entry(path):
    if path.suffix == ".bits":
        return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    image = Image.open(path).convert("RGB")
    return {"width": image.width, "height": image.height, "sha256": hashlib.sha256(image.tobytes()).hexdigest()}


def main():
    first, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if first == "--list":
        sets = json.loads(MANIFEST.read_text())
        for name in FOLDERS:
            files = sorted(f for f in (folder / name).iterdir() if f.suffix in (".png", ".bits"))
            sets.setdefault(name, {})["files"] = {f.name: entry(f) for f in files}
        MANIFEST.write_text(json.dumps(sets, indent=1) + "\n")
        return
    subprocess.run([f"{first}/data/unpack.sh", str(folder)], check=True)
    bad = 0
    for name, group in json.loads(MANIFEST.read_text()).items():
        for file, expected in group.get("files", {}).items():
            path = folder / name / file
            if not path.exists() or entry(path) != expected:
                print(f"prepare.py: {path}: missing or not the picture of the manifest", file=sys.stderr)
                bad += 1
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
