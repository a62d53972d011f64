"""Checks the worked examples of spec/ against the vectors and the reference decoder."""

import pathlib
import re
import sys
import zlib

SPEC = pathlib.Path(__file__).resolve().parents[2] / "spec"
sys.path.insert(0, str(SPEC / "reference"))

import coding  # noqa: E402
import decode  # noqa: E402
import metadata  # noqa: E402
import names  # noqa: E402
from model_file import load_model  # noqa: E402

FORMAT = (SPEC / "format.md").read_text()


def section(text, title):
    return re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", text, re.M | re.S)[1]


def tokens(block):
    """The bytes at the beginnings of indented lines, and `...` for some that are left out."""
    for line in re.findall(r"^    ( *.*)$", block, re.M):
        yield from re.split(" +", re.match(r" *((?:(?:[0-9A-F]{2}|\.\.\.)(?: |$))*)", line)[1].strip()) if line.strip() else []


def pattern(block):
    return re.compile(b"".join(b".*?" if t == "..." else re.escape(bytes.fromhex(t)) for t in tokens(block) if t), re.S)


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"worked_examples.py: {what}: {found} in place of {wanted}")


def archives():
    """The bytes of whole archives."""
    for title in ("A worked example", "A worked example of version 2"):
        text = section(FORMAT, title)
        name, size = re.search(r"`vectors/([\w.-]+)`.*?(\d+) bytes\.", text, re.S).groups()
        data = (SPEC / "vectors" / name).read_bytes()
        expect(f"bytes of {name}", len(data), int(size))
        found = pattern(text)
        if len(found.pattern) < 60 or not (found.match if text.rstrip().endswith("...") else found.fullmatch)(data):
            sys.exit(f"worked_examples.py: format.md, {title}: not the bytes of {name}")


def lists():
    """Names, times and records of files."""
    text = section(FORMAT, "NAME: the names of the images (2)")
    wanted = re.findall(r"`(a/[^`]+)`", text.split("Example:")[1])
    data = bytes.fromhex("".join(t for t in tokens(text.split("Example:")[1])))
    payload = len(data).to_bytes(4, "little") + zlib.compress(data)
    expect("names", names.read_names(coding.Fields(payload, "names"), len(wanted)), wanted)
    times, data = re.search(r"the times ([\d, ]+) are `([0-9A-F ]+)`", FORMAT).groups()
    data, wanted = bytes.fromhex(data), [int(t) for t in times.split(",")]
    payload = len(data).to_bytes(4, "little") + data
    expect("times", metadata.read_times(coding.Fields(payload, "times"), len(wanted)), wanted)
    text = section(FORMAT, "FILE: what makes the PNG files again, byte for byte (6)")
    name = re.search(r"`vectors/([\w.-]+)`", text)[1]
    data = (SPEC / "vectors" / name).read_bytes()
    place = data.index(b"FILE")
    length = int.from_bytes(data[place + 4:place + 8], "little")
    payload = metadata.unpacked(coding.Fields(data[place + 8:place + 8 + length], "files"), 1 << 26, "files")
    # "01 04 04 ... 04" leaves out what is alike.
    if not pattern(text[text.index("Example:"):]).fullmatch(payload):
        sys.exit(f"worked_examples.py: format.md, FILE: not the list of {name}: {payload.hex(' ')}")


def range_decoder():
    text = section((SPEC / "arithmetic.md").read_text(), "The range decoder")
    stream = bytes.fromhex(re.search(r"the stream is `([0-9A-F ]+)`", text)[1])
    for data, wanted in ((stream, 1), (b"", 0)):
        expect("symbol", coding.RangeDecoder(data).symbol(coding.np.array([1, 4])), wanted)


def pixel():
    """The table of spec/README.md, by watching the reference decoder."""
    seen = []
    symbol = coding.RangeDecoder.symbol

    def watched(self, ends):
        total = int(ends[-1])
        unit = self.range // total
        target = min(self.value // unit, total - 1)
        place = symbol(self, ends)
        start = int(ends[place - 1]) if place else 0
        seen.append([total, unit, target, int(coding.ORDER[place]), start, int(ends[place]) - start, f"{self.value:016X}"])
        return place

    coding.RangeDecoder.symbol = watched
    model = load_model((SPEC / "vectors/tiny.prnnmodel").read_bytes())
    [(_, samples)] = decode.decode_archive((SPEC / "vectors/rgb-1x1.prnn").read_bytes(), {model.hash: model})
    coding.RangeDecoder.symbol = symbol
    samples = samples.flatten().tolist()
    text = (SPEC / "README.md").read_text()
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\| [RGB] \|.*$", text, re.M)]
    wanted = [[name, str((sample - s[3]) % 256), *map(str, s[:6]), str(sample), s[6]]
              for name, sample, s in zip("RGB", samples, seen)]
    expect("table of spec/README.md", rows, wanted)
    stream = re.search(r"```text\n([0-9A-F ]+)\n", text)[1]
    expect("stream", bytes.fromhex(stream) in (SPEC / "vectors/rgb-1x1.prnn").read_bytes(), True)
    expect("checksum", f"{zlib.crc32(bytes(samples)):08X}" in text, True)


def main():
    for check in (archives, lists, range_decoder, pixel):
        check()
    print("worked examples agree")


if __name__ == "__main__":
    main()
