"""Checks the relative links of all Markdown files, and the files that README.md and CONTRIBUTING.md name."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["Sources", "Tests", "bench", "corpus", "spec"]


def anchors(path):
    """Those that GitHub gives the headings of a file."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ +(.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


def main():
    paths = [*ROOT.glob("*.md"), *(p for top in FOLDERS for p in (ROOT / top).rglob("*.md") if ".build" not in p.parts)]
    bad, count = [], 0
    for path in sorted(paths):
        name = str(path.relative_to(ROOT))
        text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            count += 1
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            if not there.exists():
                bad.append(f"{name}: no file {target}")
            elif anchor and anchor not in anchors(there):
                bad.append(f"{name}: no heading {target}")
        if name in ("README.md", "CONTRIBUTING.md"):
            for code in re.findall(r"`((?:Sources|Tests|bench|spec|corpus)/[\w./-]+)`", text):
                count += 1
                if not (ROOT / code).exists():
                    bad.append(f"{name}: no {code}")
    print(f"{count} links")
    sys.exit("\n".join(bad) or 0)


if __name__ == "__main__":
    main()
