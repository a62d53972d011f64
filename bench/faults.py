"""Kills the program at random moments and looks at what is left: results/faults.md.

usage: python3 bench/faults.py [ROUNDS] [--print]     ROUNDS: 240

In turns it compresses a picture, compresses a folder, decompresses a picture and decompresses a set into a folder, in turns killed by
SIGKILL, SIGTERM, SIGINT and SIGHUP, up to 1.1 times as late as a run takes. One run in three is without files that have no name
(O_TMPFILE), if it may mount something over /proc/PID/fd; then SIGKILL can leave a file .prnn-XXXXXXXX. Uses .build/release/prnn.
"""

import collections
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

ROOT = pathlib.Path(__file__).parent.parent
PRNN = str(ROOT / ".build/release/prnn")
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
PICTURES = 40


def png(width, height, rng):
    """Noise: what is written is as large as the samples."""
    rows = b"".join(b"\0" + rng.randbytes(width) for _ in range(height))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(b)) + t + b + struct.pack(">I", zlib.crc32(t + b)) for t, b in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def contents(folder):
    """Of all files below a folder, by their paths in it."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def start(words, named):
    """With a name it is a temporary file that /proc shows none of the program's files."""
    if named:
        words = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc/$$/fd && exec "$@"', "sh", *words]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    rounds = next((int(word) for word in sys.argv[1:] if word.isdigit()), 240)
    rng = random.Random(1)
    base = pathlib.Path(tempfile.mkdtemp(prefix="prnn-faults."))
    try:
        report(*run(base, rounds, rng), rounds)
    finally:
        shutil.rmtree(base)


def run(base, rounds, rng):
    work = base / "work"
    (base / "set").mkdir(parents=True)
    (base / "one.png").write_bytes(png(250, 200, rng))
    for i in range(PICTURES):
        (base / f"set/{i}.png").write_bytes(png(24, 20, rng))
    for name in ["one.png", "set"]:
        subprocess.run([PRNN, "compress", str(base / name)], check=True)
    sources = contents(base)
    cases = {
        "compress a picture": ["compress", "one.png", "work/out.prnn"],
        "compress a folder": ["compress", "set", "work/out.prnn"],
        "decompress a picture": ["decompress", "one.prnn", "work/out.png"],
        "decompress a set": ["decompress", "set.prnn", "work/out"],
    }
    commands = {k: [PRNN, verb, str(base / source), "-o", str(base / out)] for k, (verb, source, out) in cases.items()}
    may_mount = start([PRNN, "--help"], True).wait() == 0
    seconds, whole = {}, {}
    for case, command in commands.items():
        work.mkdir()
        before = time.perf_counter()
        subprocess.run(command, check=True)
        seconds[case] = time.perf_counter() - before
        whole[case] = contents(work)
        shutil.rmtree(work)
    figures = collections.defaultdict(collections.Counter)
    for number in range(rounds):
        case = list(commands)[number % 4]
        number_of_signal = SIGNALS[number // 4 % 4]
        named = may_mount and number // 16 % 3 == 2
        work.mkdir()
        before = time.perf_counter()
        process = start(commands[case], named)
        try:
            process.wait(rng.uniform(0, 1.1 * seconds[case]))
            # Other work on the machine comes and goes.
            seconds[case] = time.perf_counter() - before
        except subprocess.TimeoutExpired:
            process.send_signal(number_of_signal)
        status = process.wait()
        found = contents(work)
        temporary = [name for name in found if name.split("/")[-1].startswith(".prnn-")]
        outputs = {name: data for name, data in found.items() if name not in temporary}
        figure = figures[case]
        figure["runs"] += 1
        figure["ended by the signal"] += status == -number_of_signal
        figure["done before it"] += status == 0
        figure["another status"] += status not in (0, -number_of_signal)
        figure["partial outputs"] += sum(whole[case].get(name) != data for name, data in outputs.items())
        figure["done, but not whole"] += status == 0 and outputs != whole[case]
        caught = number_of_signal != signal.SIGKILL
        figure["sets in part"] += 0 < len(outputs) < len(whole[case])
        figure["sets in part though caught"] += caught and 0 < len(outputs) < len(whole[case])
        figure["temporary files"] += len(temporary)
        figure["temporary files though caught"] += caught * len(temporary)
        shutil.rmtree(work)
        # What a killed run has left is in nobody's way.
        assert contents(base) == sources, "a source was touched"
    return figures, may_mount


def report(figures, may_mount, rounds):
    columns = list(next(iter(figures.values())))
    lines = [
        "# Programs that are killed",
        "",
        f"`python3 bench/faults.py {rounds}`: killed by SIGKILL, SIGTERM, SIGINT and SIGHUP in turns, at random moments from the start to 1.1 times the length of a"
        f" whole run; {'one run in three with named temporary files' if may_mount else 'all with files that have no name'}. The sources were compared after every run: none was touched.",
        "",
        "| | " + " | ".join(figures) + " | all |",
        "|---" * (len(figures) + 2) + "|",
    ]
    for column in columns:
        values = [figure[column] for figure in figures.values()]
        lines.append(f"| {column} | " + " | ".join(map(str, values)) + f" | {sum(values)} |")
    lines += [
        "",
        "*Partial outputs* are files under the names of outputs with other bytes than those of a whole run. *Sets in part* are folders with some of the pictures,"
        " each of them whole: only a signal that cannot be caught leaves such, and a file `.prnn-` and eight letters, which no run looks at.",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if "--print" not in sys.argv:
        (ROOT / "bench/results/faults.md").write_text(text)
    total = sum(figures.values(), collections.Counter())
    bad = ["another status", "partial outputs", "done, but not whole", "sets in part though caught", "temporary files though caught"]
    sys.exit(any(total[name] for name in bad))


if __name__ == "__main__":
    main()
