"""Shows a report in Chromium, narrow and wide, light and dark. usage: check.py REPORT.html NUMBERS.json [FOLDER for screenshots]"""
import base64, json, pathlib, sys

from browser import Browser, Page

HERE = pathlib.Path(__file__).parent
# Runs where nothing forbids it: how many colours a screenshot has, how many of its pixels the commonest, and the mean of all.
COLOURS = """(async () => {
  const image = await createImageBitmap(await (await fetch("data:image/png;base64,%s")).blob());
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const words = new Uint32Array(canvas.getImageData(0, 0, image.width, image.height).data.buffer), counts = new Map();
  let green = 0;
  for (const word of words) { counts.set(word, (counts.get(word) ?? 0) + 1); green += word >> 8 & 255; }
  return [counts.size, Math.max(...counts.values()) / words.length, green / words.length];
})()"""
# Cells of a table, without the notes and marks in them.
CELLS = """[...document.querySelectorAll("%s tr")].map(row => [...row.cells].map(cell => cell.innerText.trim()))"""


def numbers_agree(page, expected):
    """The tables have the numbers that --json printed."""
    names = {coder["name"]: coder["title"] for coder in expected["coders"]}
    table = page.evaluate(CELLS % "details table")
    assert table[0][2:] == list(names.values()), table[0]
    rows = [{c["coder"]: c for c in file["coders"]} for file in expected["files"]]
    mean = {c["coder"]: c for c in expected["mean"]["coders"]}
    assert len(table) == len(rows) + 2, len(table)
    for cells, row in zip(table[1:], rows + [mean]):
        wanted = [row[name]["bitsPerDim"] if name in row else None for name in names]
        for cell, value in zip(cells[2:], wanted, strict=True):
            assert cell == "–" if value is None else abs(float(cell) - value) <= 0.00051, (cells, wanted)
    summary = {cells[0]: cells[1:] for cells in page.evaluate(CELLS % "table.summary")[1:]}
    assert len(summary) == len(names)
    for name, title in names.items():
        cells = next(cells for key, cells in summary.items() if key.split("\n")[0].removesuffix("took").startswith(title))
        if name not in mean:
            assert cells == ["–"] * 4, cells
            continue
        score = mean[name]
        wanted = [score["bitsPerDim"], score["bitsPerDim"] / expected["mean"]["png"],
                  score.get("encodeMPixelPerSecond"), score.get("decodeMPixelPerSecond")]
        for cell, value in zip(cells, wanted, strict=True):
            assert cell == "–" if value is None else abs(float(cell) - value) <= 0.0051, (name, cells, wanted)


def main(report, numbers, shots=None):
    url = pathlib.Path(report).resolve().as_uri()
    expected = json.loads(pathlib.Path(numbers).read_text())
    script = (HERE / "page.js").read_text()
    wrong = []
    with Browser() as browser:
        page, canvas = Page(browser), Page(browser)
        for width in (360, 800, 1600):
            means = {}
            for scheme in ("light", "dark"):
                page.show(url, width, 1000, scheme)
                if width == 1600 and scheme == "light":
                    folded = page.evaluate("""[...document.querySelectorAll("details")].map(e => e.open)""")
                    shown = page.evaluate("""document.querySelectorAll(".card").length""")
                shot = page.screenshot()
                if shots:
                    pathlib.Path(shots, f"{width}-{scheme}.png").write_bytes(base64.b64decode(shot))
                colours, most, means[scheme] = canvas.evaluate(COLOURS % shot)
                if colours < 40 or most > 0.95:
                    wrong.append(f"{width} {scheme}: the page looks blank")
                wrong += [f"{width} {scheme}: {line}" for line in page.evaluate(script)]
            if means["light"] < 200 or means["dark"] > 80:
                wrong.append(f"{width}: light and dark have the brightness {means}")
        files = [file["file"] for file in expected["files"]]
        if shown != min(len(files), 240) or folded != ([False, False] if len(files) > 24 else [True]):
            wrong.append(f"{shown} pictures, folds open: {folded}")
        numbers_agree(page, expected)
        titles = page.evaluate("""[...document.querySelectorAll(".card h3")].map(e => e.textContent)""")
        for file, title in zip(files, titles):
            if title != pathlib.PurePath(file.replace("\\", "\\\\").replace("\n", "\\n")).name:
                wrong.append(f"{file!r} is called {title!r}")
        wrong += [f"asks for {request}" for request in page.requests if request != url and not request.startswith("data:")]
        wrong += [f"complains: {complaint}" for complaint in page.complaints]
    for line in dict.fromkeys(wrong):
        print(line, file=sys.stderr)
    if wrong:
        sys.exit(f"{report}: {len(wrong)} things are wrong")
    print(f"{report}: {len(files)} pictures, {len(expected['coders'])} coders, shown at three widths, light and dark")


main(*sys.argv[1:])
