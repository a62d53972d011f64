"""Runs the code blocks of the documents as a reader would, in a folder with pictures of the names that they use.

usage: documents.py LIBRARY PROGRAM WORK     LIBRARY: libprnn, with the package's modules beside it; WORK: a folder to make
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

import compiled
import scene
from blocks import blocks, comments

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [
    "README.md", "CONTRIBUTING.md", "Sources/PRNNCommand/README.md", "Sources/AtScale/README.md", "Sources/PRNN/PRNN.docc/*.md",
    "spec/README.md", "spec/reference/README.md", "bench/README.md", "Tests/Fuzz/README.md",
]
# Modules whose public comments have samples.
MODULES = ["PRNN", "Raster", "ArchiveFormat", "PixelModels"]
# What is run shorter, on smaller pictures or in another place than it stands there.
REPLACED = [
    (r"--minutes [\d.]+", "--minutes 0.03"),
    (r"--crop 640x480\+1000\+200", "--crop 64x48+90+20"),
    (r"apt-get update && apt-get install -y libpng-dev libjpeg-dev && swift build -c release && ", ""),  # Build: CI has done that
    (r"\.build/release/prnn ", "prnn "),
    (r"/tmp/", "./"),
]
# What is looked at and not run: it builds, takes minutes, or needs data, PyTorch or root. Files, options and tests named there must exist.
LOOKED_AT = r"(\w+=\S* )*(swift|for f in \*.jxl;|python3|clang|pip|apt-get|Tests/\S+|\.ci/run|Sources/\w+/\w+|prnn bench(?=.* DATA/)) "
SHELL = "sh"
PLAIN = {"synopsis", "text"}  # options of the former must exist


def logical_lines(text):
    return re.sub(r"\\\n\s*", " ", text).split("\n")


def program_help(program, command):
    done = subprocess.run([program, "help", command], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 and "OVERVIEW" in done.stdout else ""


def unknown_options(line, help_text):
    words = re.findall(r"(?<![\w-])(--?[a-zA-Z][a-z-]*)", line)
    return [w for w in words if not re.search(rf"(?<![\w-]){w}(?![\w-])", help_text)]


def check_synopsis(block, program):
    help_text = ""
    for line in block.text.split("\n"):
        if match := re.match(r"prnn ([a-z]+)", line):
            help_text = program_help(program, match[1])
            if not help_text:
                return f"no command prnn {match[1]}"
        if missing := unknown_options(re.sub(r"   .*", "", line.strip()), help_text):
            return f"{' '.join(missing)}: not in prnn help"
    return ""


def check_words(line, folder):
    """What is wrong with the files, options and tests that a line names which is not run."""
    for word in re.findall(r"(?:Sources|Tests|bench|spec|corpus)/[\w./*-]+", re.sub(r"(?:--out|-o) \S+", "", line)):
        if not list(ROOT.glob(word)):
            return f"no {word}"
    if script := re.match(r"python3 (\S+\.py)(.*)", line):
        path = next((p for p in (ROOT / script[1], folder / script[1]) if p.exists()), None)
        if not path:
            return f"no {script[1]}"
        text = path.read_text()
        for option in re.findall(r"(?<!\S)--[a-z-]+", script[2].split("#")[0]):
            if option not in text and not ('"--" + ' in text and re.search(rf'"{option[2:]}"', text)):
                return f"{script[1]} has no {option}"
    if product := re.search(r"--product (\S+)", line):
        if f'"{product[1]}"' not in (ROOT / "Package.swift").read_text():
            return f"no product {product[1]}"
    if suite := re.search(r"--filter (\w+)", line):
        if not list((ROOT / "Tests").glob(f"**/{suite[1]}*")):
            return f"no tests {suite[1]}"
    return ""


def run_shell(block, folder, environment):
    text = block.text
    for pattern, instead in REPLACED:
        text = re.sub(pattern, instead, text)
    lines, run = logical_lines(text), []
    for line in lines:
        if re.match(LOOKED_AT, line.strip() + " "):
            if wrong := check_words(line.strip(), block.path.parent):
                return wrong
        else:
            run.append(line)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(run)], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)
    return "" if done.returncode == 0 else f"exit status {done.returncode}\n{done.stdout.decode(errors='replace')[-2000:]}"


def run_python(block, folder, environment):
    done = subprocess.run([sys.executable, "-c", block.text + scene.AFTER.get((block.path.name, block.heading), "")],
                          cwd=folder, env=environment, capture_output=True, text=True, timeout=100)
    return "" if done.returncode == 0 else done.stderr[-2000:]


def language_of(block):
    """The blocks of two headings, which .ci/run and people paste as they are, say none."""
    if not block.language and (block.path.name, block.heading) in {("README.md", "Build"), ("README.md", "Test")}:
        return SHELL
    return block.language


def run_document(path, library, program, work):
    """What is wrong with which block, and how many there are."""
    wrong, count, swift = [], 0, []
    folder = scene.make(work / str(path.relative_to(ROOT)).replace("/", "-"), program)
    environment = {**os.environ, "PATH": f"{work}/bin:{os.environ['PATH']}"}
    for block in blocks(path):
        count += 1
        language = language_of(block)
        if block.tested:
            result = "" if os.access(ROOT / block.tested, os.X_OK) else f"no program {block.tested}"
        elif language == SHELL:
            result = run_shell(block, folder, environment)
        elif language == "synopsis":
            result = check_synopsis(block, program)
        elif language == "text":
            result = "commands in a block of text" if re.search(r"^(\$ |prnn )", block.text, re.M) else ""
        elif language == "c":
            result = compiled.run_c(block, folder, library)
        elif language == "python":
            result = run_python(block, folder, environment)
        elif language == "swift":
            swift.append(block)
            result = ""
        else:
            result = f"no one runs blocks of the language '{language}'"
        if result:
            wrong.append(f"{block.path.relative_to(ROOT)}:{block.line}: {result}")
    return wrong, count, swift, folder


def main():
    library, program, work = (pathlib.Path(word) for word in sys.argv[1:])
    started = time.monotonic()
    (work / "bin").mkdir(parents=True)
    (work / "bin/prnn").symlink_to(program)
    paths = [p for pattern in DOCUMENTS for p in sorted(ROOT.glob(pattern))]
    scene.prepare(work / "scene", program)
    wrong, count, swift, folders = [], 0, [], {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, (bad, blocks_, found, folder) in zip(
                paths, pool.map(lambda p: run_document(p, library, program, work), paths)):
            wrong, count, swift = wrong + bad, count + blocks_, swift + found
            folders[path] = folder
    samples = [block for module in MODULES for path in sorted(ROOT.glob(f"Sources/{module}/*.swift")) for block in comments(path)]
    count, swift = count + len(samples), swift + samples
    wrong += compiled.run_swift(swift, scene.make(work / "swift", program), library.parent)
    print(f"{count} blocks of {len(paths)} documents, {time.monotonic() - started:.0f} s")
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
