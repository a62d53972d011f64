"""Makes the pictures of Tests/AtScale/run and compares what became of them."""

import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

PRNN = os.environ["PRNN"]
# Names that a list, a shell, JSON or Swift could break, all below a folder with such a name, too.
NAMES = [b"new\nline.png", b"sp ace.png", b"-o.png", b"q'uo\"te.png", b"st*r[a]?.png", b"{}.png", b"back\\slash.png", b"UPPER.PNG",
         b"not \xff\xfe utf-8.png", b"\xc3\xa4.png", b".hidden.png", b"two.png.png"]
STRANGE = b"stra\nnge \xe9"


def png(width, height, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    body = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b""))


def picture(seed):
    source = random.Random(seed)
    width, height, colour = source.randrange(12, 24), source.randrange(12, 24), source.randrange(100)
    return png(width, height, [bytes(colour + 2 * x + 3 * y + c * 20 + source.randrange(6) for x in range(width) for c in range(3))
                               for y in range(height)])


def make(folder, count):
    folder = os.fsencode(folder)
    places = [b"%s/%s" % (os.path.join(STRANGE, b"deep"), name) for name in NAMES]
    places += [b"%c/%03d.png" % (b"abcdefgh"[i % 8], i) for i in range(count - len(places))]
    for seed, place in enumerate(places):
        write(folder, place, picture(seed))
    good = picture(-1)
    write(folder, b"c/empty.png", b"")
    write(folder, b"d/short.png", good[:-30])
    write(folder, b"e/text.png", b"not a picture\n")
    write(folder, b"f/flipped.png", good[:60] + bytes([good[60] ^ 1]) + good[61:])


def write(folder, place, data):
    path = os.path.join(folder, place)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    os.utime(path, (1_600_000_000, 1_600_000_000))


BAD = {"c/empty.png", "d/short.png", "e/text.png", "f/flipped.png"}


def below(folder, suffix):
    for path, _, files in os.walk(folder):
        for name in files:
            if name.lower().endswith(suffix):
                yield os.path.join(path, name)


def finished(pictures):
    """The inodes of all archives that there are, and which pictures they are of."""
    kept = {}
    for archive in below(b"archives", b".prnn"):
        kept[os.stat(archive).st_ino] = os.path.relpath(archive, b"archives")
    for work in Path("job/work").glob("*/out"):
        for archive in work.glob("*.prnn"):
            link = os.readlink(os.fsencode(work.parent / "in" / f"{archive.stem}.png"))
            kept[archive.stat().st_ino] = name_of_archive(os.path.relpath(link, pictures))
    return kept


def name_of_archive(name):
    return name[:-4] + b".prnn"


def decompressed(archive, data):
    """As it was decompressed with all others or, because its name is not UTF-8, alone."""
    place = os.path.join(b"back", os.path.relpath(archive, b"archives"))[:-5] + b".png"
    if os.path.exists(place):
        with open(place, "rb") as file:
            return file.read()
    assert STRANGE in place, place
    return subprocess.run([PRNN, "decompress", "-", "-o", "-"], input=data, stdout=subprocess.PIPE, check=True).stdout


def given(*logs):
    """The sets of pictures that prnn was given, by batches, the largest first."""
    calls = {}
    for log in logs:
        for part in Path(log).iterdir():
            calls.setdefault(part.stem, []).append(set(part.read_bytes().split(b"\0")[:-1]))
    return {batch: sorted(sets, key=len, reverse=True) for batch, sets in calls.items()}


def snapshot(file):
    kept = finished(os.fsencode(os.path.realpath("pictures")))
    assert kept, "nothing was finished yet"
    Path(file).write_text(json.dumps({inode: name.decode("utf-8", "surrogateescape") for inode, name in kept.items()}))


def final(log_before, log_after, *snapshots):
    """Compares manifest, archives and what prnn was given."""
    root = os.fsencode(os.path.realpath("pictures"))
    pictures = sorted(os.path.relpath(path, b"pictures") for path in below(b"pictures", b".png"))
    records = [json.loads(line) for line in Path("job/manifest.jsonl").read_text().splitlines()]
    assert [os.fsencode(record["file"]) for record in records] == pictures, "not one line for each picture, in their order"
    failed = {record["file"]: record["error"] for record in records if record["status"] != 0}
    assert set(failed) == BAD and all(failed.values()), failed
    assert all(record["status"] in (0, os.EX_DATAERR) for record in records)
    done = [record for record in records if record["status"] == 0]
    archives = sorted(os.path.relpath(path, b"archives") for path in below(b"archives", b".prnn"))
    assert archives == sorted(os.fsencode(record["archive"]) for record in done), "archives are not those of the manifest"
    assert not list(Path("job/work").iterdir()), "something stayed in job/work"
    subprocess.run([PRNN, "decompress", "-r", "archives", "-o", "back"], stderr=subprocess.DEVNULL, check=False)
    for record in done:
        assert record["verified"] is True
        archive, source = (os.path.join(folder, os.fsencode(record[key])) for folder, key in ((b"archives", "archive"), (b"pictures", "file")))
        with open(archive, "rb") as file:
            data = file.read()
        assert len(data) == record["bytesAfter"] and os.path.getsize(source) == record["bytesBefore"]
        assert hashlib.sha256(data).hexdigest() == record["sha256"]
        # They were compressed with --exact.
        with open(source, "rb") as file:
            assert decompressed(archive, data) == file.read(), record["file"]
    # What was finished when something was killed is the same file still, and was not made twice.
    now = {os.stat(os.path.join(b"archives", archive)).st_ino: archive for archive in archives}
    kept = set()
    for part in snapshots:
        for inode, name in json.loads(Path(part).read_text()).items():
            assert now.get(int(inode)) == os.fsencode(name), f"{name} was made again"
            kept.add(os.fsencode(name))
    for batch, calls in given(log_before, log_after).items():
        for first, second in zip(calls, calls[1:]):
            assert second < first, f"batch {batch} was begun anew"
    again = [name for calls in given(log_after).values() for name in set.union(*calls)]
    twice = {name for name in again if name_of_archive(os.path.relpath(name, root)) in kept}
    assert not twice, f"prnn was given finished pictures again: {twice}"
    print(f"{len(records)} pictures, {len(kept)} archives there when killed, {len(again)} pictures taken up after that")


globals()[sys.argv[1]](*(int(word) if word.isdigit() else word for word in sys.argv[2:]))
