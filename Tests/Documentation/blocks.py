"""The code blocks of a Markdown file."""

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
