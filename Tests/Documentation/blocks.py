"""The code blocks of Markdown files, and of comments in Swift."""

import dataclasses
import pathlib
import re


@dataclasses.dataclass
class Block:
    path: pathlib.Path
    line: int  # of its first line of code, from 1
    language: str
    text: str
    heading: str  # the nearest one above
    tested: str  # of a comment <!-- tested: PROGRAM --> on the line above: what runs it in place of this test

    def __str__(self):
        return f"{self.path}:{self.line}"


def blocks(path):
    """All fenced blocks. Indented ones, whose language nothing says, end the program."""
    found, heading, above, inside = [], "", "", None
    lines = pathlib.Path(path).read_text().split("\n")
    for number, line in enumerate(lines, 1):
        fence = re.match(r"\s*```(.*)$", line)
        if inside:
            if fence:
                found.append(inside)
                inside = None
            else:
                inside.text += line + "\n"
        elif fence:
            mark = re.fullmatch(r"<!-- tested: (\S+) -->", above.strip())
            inside = Block(path, number + 1, fence[1].strip(), "", heading, mark[1] if mark else "")
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()
        elif line.startswith("    ") and not above.strip():
            raise SystemExit(f"{path}:{number}: an indented block; fence it and name its language")
        if line.strip() or not fence:
            above = line
    if inside:
        raise SystemExit(f"{inside}: a block without an end")
    return found


def comments(path):
    """The samples in the doc comments of a Swift file: lines further in, behind an empty one, that begin with a statement."""
    pattern = r"^ *///\n((?: *///     .*\n)+)"
    text = pathlib.Path(path).read_text()
    for match in re.finditer(pattern, text, re.M):
        code = re.sub(r"^ *///     ", "", match[1], flags=re.M)
        if re.match(r"(let|var|[A-Z]\w+\()", code):
            yield Block(path, text[:match.start(1)].count("\n") + 1, "swift", code, "", "")
