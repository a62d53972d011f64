"""A data set on its way through prnn: jobs, and the batches of one. prnn-batches runs them."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

PRNN = os.environ.get("PRNN", "prnn")
# Archives that one call of prnn verify takes, for a command line has an end.
CALL = 1000


def fail(message, status):
    print(f"prnn-batches: {message}", file=sys.stderr)
    sys.exit(status)


def text(name):
    """Names are bytes; in JSON, bytes that are not UTF-8 become lone surrogates, as by Python's os.fsdecode."""
    return name.decode("utf-8", "surrogateescape")


def visible(name):
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def write_whole(path, chunks):
    """The file is there whole, or not at all."""
    new = path.with_name(f".{path.name}.new")
    with open(new, "wb") as file:
        file.writelines(chunks)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def lines(records):
    return (json.dumps(record).encode() + b"\n" for record in records)


def archive_name(name):
    return (name[:-4] if name.lower().endswith(b".png") else name) + b".prnn"


def sizes(path):
    with open(path, "rb") as file:
        data = file.read()
    return {"bytesAfter": len(data), "sha256": hashlib.sha256(data).hexdigest()}


class Job:
    """A folder: plan.json, batches/N (names, a NUL after each), results/N.jsonl, verified/N.jsonl, work/N, manifest.jsonl."""

    def __init__(self, folder):
        self.folder = Path(folder).absolute()
        try:
            plan = json.loads((self.folder / "plan.json").read_bytes())
        except OSError as error:
            fail(f"{folder}: is no job: {error.strerror}; prnn-batches plan makes one", os.EX_NOINPUT)
        self.count, self.options, self.replaces = plan["batches"], plan["options"], plan["replaceOlder"]
        self.root, self.output = (plan[key].encode("utf-8", "surrogateescape") for key in ("root", "output"))
        # What archives cannot be read without.
        self.reading = []
        for i, word in enumerate(self.options):
            if word in ("--model", "--memory-limit"):
                self.reading += self.options[i : i + 2]
            elif word.startswith(("--model=", "--memory-limit=")):
                self.reading.append(word)

    def names(self, number):
        return (self.folder / "batches" / str(number)).read_bytes().split(b"\0")[:-1]

    def file(self, kind, number):
        return self.folder / kind / f"{number}.jsonl"

    def records(self, kind, number):
        """A record of each file of a batch, in their order, or None as long as the batch is not done."""
        try:
            records = [json.loads(line) for line in self.file(kind, number).read_bytes().splitlines()]
        except FileNotFoundError:
            return None
        if [record["file"] for record in records] != [text(name) for name in self.names(number)]:
            fail(f"{self.file(kind, number)}: is not of the files of batch {number}; remove it", os.EX_DATAERR)
        return records

    def path(self, archive):
        return os.path.join(self.output, archive.encode("utf-8", "surrogateescape"))

    def failures(self, number, results):
        """Places of files that failed or whose archives are no more what they were, and whether an archive there may be replaced."""
        checks = self.records("verified", number) or results
        return {i: result.get("damaged", result["status"] == 0 != check["status"])
                for i, (result, check) in enumerate(zip(results, checks))
                if result["status"] or check["status"] or not os.path.lexists(self.path(result["archive"]))}

    def batch(self, number):
        if not 0 <= number < self.count:
            fail(f"there is no batch {number}; the last one is {self.count - 1}", os.EX_USAGE)
        return self.locked(self.folder / "batches" / str(number), f"batch {number} is being worked on already")

    @contextlib.contextmanager
    def locked(self, path, otherwise):
        """Locks a file, until the last process that has the lock ends, however it does."""
        with open(path, "r+b") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fail(otherwise, os.EX_TEMPFAIL)
            except OSError as error:
                fail(f"{self.folder}: cannot be locked: {error.strerror}; mount it with locks", os.EX_CONFIG)
            yield lock


def start(words, **streams):
    try:
        return subprocess.run([PRNN, *words], stdin=subprocess.DEVNULL, check=False, **streams)
    except OSError as error:
        fail(f"{PRNN}: {error.strerror}; set PRNN to the program", os.EX_UNAVAILABLE)


def prnn(words, lock):
    """What prnn prints as JSON. It has the lock, too, so that the batch is not taken by others while it lives."""
    done = start(words, capture_output=True, pass_fds=[lock.fileno()])
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.stderr.write(done.stderr.decode("utf-8", "replace"))
        end = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
        fail(f"prnn {words[0]} ended with {end}; the batch is not done", max(done.returncode, 0) or os.EX_TEMPFAIL)


def damage(archives, folder, lock, words=()):
    """What prnn verify finds in archives, by their keys. Links to them have names that it takes, whatever theirs are."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    links = {}
    for key, archive in archives.items():
        links[str(folder / f"{key}.prnn")] = key
        os.symlink(archive, folder / f"{key}.prnn")
    paths, causes = list(links), {}
    for start in range(0, len(paths), CALL):
        for report in prnn(["verify", "--json", *words, *paths[start : start + CALL]], lock):
            if not report["isWhole"]:
                causes[links[report["file"]]] = report["cause"]
    shutil.rmtree(folder)
    return causes


class Batch:
    """A batch on its way: work/N/in has links to pictures, work/N/out archives, named by the pictures' places in the batch."""

    def __init__(self, job, number, lock, records, failures):
        self.job, self.lock, self.names = job, lock, job.names(number)
        self.damaged = {i for i, damaged in failures.items() if damaged}
        self.work = job.folder / "work" / str(number)
        self.records = records or [None] * len(self.names)
        self.before = {}

    def picture(self, i):
        return os.path.join(self.job.root, self.names[i])

    def archive(self, i):
        return os.path.join(self.job.output, archive_name(self.names[i]))

    def staged(self, i):
        return os.fsencode(self.work / "out" / f"{i}.prnn")

    def failed(self, i, status, error):
        self.records[i] = {"file": text(self.names[i]), "status": status, "error": error}
        if i in self.damaged:
            self.records[i]["damaged"] = True

    def done(self, i, path):
        self.records[i] = {
            "file": text(self.names[i]), "status": 0, "archive": text(archive_name(self.names[i])),
            "bytesBefore": self.before[i].st_size, **sizes(path)}

    def missing(self):
        return [i for i, record in enumerate(self.records) if record is None]

    def run(self, threads):
        for part in ("in", "out"):
            (self.work / part).mkdir(parents=True, exist_ok=True)
        for i in self.missing():
            try:
                self.before[i] = os.stat(self.picture(i))
                if not stat.S_ISREG(self.before[i].st_mode):
                    self.failed(i, os.EX_NOINPUT, "is not a file")
            except OSError as error:
                self.failed(i, os.EX_NOINPUT, error.strerror)
        self.take_what_is_there()
        self.encode(threads)
        # On the disk are, whatever happens, bytes before names, and names before results.
        os.sync()
        for i in self.missing():
            try:
                self.deliver(i)
            except OSError as error:
                self.failed(i, os.EX_CANTCREAT, f"its archive: {error.strerror}")
        os.sync()

    def is_current(self, i, archive):
        """None where there is no archive, else whether it is as new as the picture."""
        try:
            there = os.lstat(archive)
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(there.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        return there.st_mtime_ns >= self.before[i].st_mtime_ns

    def take_what_is_there(self):
        """Archives of a try that did not end stay, and those that were there before, if they are whole and of the pictures."""
        there = {}
        for i in self.missing():
            staged = self.is_current(i, self.staged(i))
            try:
                delivered = None if i in self.damaged else self.is_current(i, self.archive(i))
            except OSError as error:
                self.failed(i, os.EX_CANTCREAT, f"its archive: {error.strerror}")
                continue
            if staged:
                there[i] = self.staged(i)
                continue
            if staged is False:
                os.unlink(self.staged(i))
            if delivered:
                there[i] = self.archive(i)
            elif delivered is False and not self.job.replaces:
                self.failed(i, os.EX_CANTCREAT, "is newer than its archive; remove that, or plan with --replace-older")
        causes = damage(there, self.work / "check", self.lock, self.job.reading)
        for i, path in there.items():
            if path == self.staged(i):
                # After a power failure a file can be there without its bytes.
                if i in causes:
                    os.unlink(path)
            elif i in causes:
                self.failed(i, os.EX_DATAERR, f"its archive exists already, and is damaged ({causes[i]}); remove that")
            else:
                self.done(i, path)

    def encode(self, threads):
        shutil.rmtree(self.work / "in")
        (self.work / "in").mkdir()
        left = [i for i in self.missing() if not os.path.exists(self.staged(i))]
        if not left:
            return
        for i in left:
            os.symlink(self.picture(i), os.fsencode(self.work / "in" / f"{i}.png"))
        reports = prnn(
            ["compress", *self.job.options, "--jobs", threads, "--threads", threads, "--quiet", "--json", "--recursive",
             str(self.work / "in"), "-o", str(self.work / "out")], self.lock)["files"]
        for report in reports:
            if report["status"] != 0:
                self.failed(int(Path(report["input"]).stem), report["status"], report["error"])

    def deliver(self, i):
        staged, archive, before, now = self.staged(i), self.archive(i), self.before[i], None
        with contextlib.suppress(OSError):
            now = os.stat(self.picture(i))
        if not now or (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(staged)
            return self.failed(i, os.EX_TEMPFAIL, "has changed while it was compressed")
        os.makedirs(os.path.dirname(archive), exist_ok=True)
        if os.stat(staged).st_mtime_ns < before.st_mtime_ns:
            # The picture is of the future; its archive must not look older.
            os.utime(staged, ns=(before.st_mtime_ns, before.st_mtime_ns))
        self.done(i, staged)
        replaces = i in self.damaged or self.job.replaces and self.is_current(i, archive) is False
        try:
            if not replaces:
                os.link(staged, archive)
        except OSError:
            # The same file where a try ended after its link. Where there are no hard links only this look keeps others' files.
            if os.path.lexists(archive) and not os.path.samefile(staged, archive):
                return self.failed(i, os.EX_CANTCREAT, "has an archive of another program by now; remove that")
            replaces = True
        if replaces:
            os.replace(staged, archive)
        else:
            os.unlink(staged)
