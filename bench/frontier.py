"""Draws results/frontier.svg, size against speed, of results/sizes.json, speed.json and efforts.json.

usage: python3 bench/frontier.py [--check]     --check: only says whether the picture is what the results give
"""

import json
import math
import pathlib
import sys

RESULTS = pathlib.Path(__file__).parent / "results"
PICTURE = RESULTS / "frontier.svg"
SET = "photos/validation"
# Coders of which the size alone was measured: name in sizes.json, label.
LINES = [("PNG", "PNG"), ("webp z9", "WebP -z 9")]
# Name, label, whether it is prnn's, and where the label stands: beside which end, and how far below it in pixels.
POINTS = [
    ("jxl e7", "JPEG XL e7", False, "decode", -5),
    ("jxl e9", "JPEG XL e9", False, "encode", -15),
    ("fast", "prnn, fast", True, "decode", 10),
    ("balanced", "prnn, balanced", True, "decode", 0),
    ("max", "prnn, max", True, "decode", 16),
]
WIDTH, HEIGHT = 860, 470
LEFT, RIGHT, TOP, BOTTOM = 70, 34, 74, 58  # of the plot, from the edges
STYLE = """
    .card { fill: #ffffff; stroke: #d1d9e0 }
    text { font: 14px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
    .title { font-size: 17px; font-weight: 600 }
    .soft { fill: #59636e }
    .grid { stroke: #d1d9e0; stroke-width: 1 }
    .peer { stroke: #59636e; fill: #59636e }
    .ours { stroke: #0969da; fill: #0969da }
    text.peer, text.ours { stroke: none }
    text.ours { font-weight: 600 }
    line.peer, line.ours { stroke-width: 2 }
    .level { stroke-dasharray: 7 5 }
    .open { fill: #ffffff; stroke-width: 2 }
    .way { fill: none; stroke: #0969da; stroke-width: 2; stroke-dasharray: 2 5; stroke-linecap: round }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #3d444d }
      text { fill: #f0f6fc }
      .soft { fill: #9198a1 }
      .grid { stroke: #2a313a }
      .peer { stroke: #9198a1; fill: #9198a1 }
      .ours { stroke: #58a6ff; fill: #58a6ff }
      .level { stroke-dasharray: 7 5 }
    .open { fill: #0d1117 }
      .way { stroke: #58a6ff }
    }"""


def results():
    """Lines and points, with bits/dim and MPixel/s."""
    sizes, speed, efforts = (json.loads((RESULTS / f"{name}.json").read_text()) for name in ("sizes", "speed", "efforts"))
    sizes, efforts = sizes[SET], efforts[SET]
    # By the clock, one thread; efforts.json has processor time.
    seconds = speed["medians"]
    efforts["jxl e7"] = {"bits/dim": sizes["jxl e7"], **{
        f"{way} MPixel/s": speed["pixels"] / 1e6 / seconds[f"jxl e7 {way}"] for way in ("encode", "decode")}}
    points = [{"label": label, "ours": ours, "end": end, "below": below, "size": efforts[name]["bits/dim"],
               "encode": efforts[name]["encode MPixel/s"], "decode": efforts[name]["decode MPixel/s"]}
              for name, label, ours, end, below in POINTS]
    return [{"label": label, "size": sizes[name]} for name, label in LINES], points


def short(value):
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def picture():
    lines, points = results()
    speeds = [p[way] for p in points for way in ("encode", "decode")]
    ticks = [t for e in range(-3, 4) for t in (10 ** e, 3 * 10 ** e)]
    first = max(t for t in ticks if t <= min(speeds))
    last = min(t for t in ticks if t >= max(speeds) * 1.4)  # room for a label
    low = math.floor(min(p["size"] for p in points) * 5 - 0.25) / 5
    high = math.ceil(max(p["size"] for p in lines) * 5 + 0.25) / 5

    def x(speed):
        return round(LEFT + (WIDTH - LEFT - RIGHT) * math.log(speed / first) / math.log(last / first), 1)

    def y(size):
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (size - low) / (high - low), 1)

    said = "; ".join(f"{p['label']}: {p['size']:.3f} bits/dim, compresses {short(p['encode'])}, decompresses {short(p['decode'])} MPixel/s"
                     for p in points)
    said += "".join(f"; {line['label']}: {line['size']:.3f} bits/dim" for line in lines)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
           'role="img" aria-labelledby="title desc">',
           '  <title id="title">Size against speed of lossless coders on 14 photographs</title>',
           f'  <desc id="desc">{said}. Made by bench/frontier.py.</desc>',
           f"  <style>{STYLE}\n  </style>",
           f'  <rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
           '  <text class="title" x="24" y="34">Size against speed: 14 photographs that no model was trained on</text>',
           '  <text class="soft" x="24" y="58">bits/dim, lower is smaller</text>',
           f'  <text class="soft" x="{WIDTH - 24}" y="{HEIGHT - 14}" text-anchor="end">MPixel/s on one core (logarithmic), right is faster</text>']
    for tick in ticks:
        if first <= tick <= last:
            out.append(f'  <line class="grid" x1="{x(tick)}" y1="{TOP}" x2="{x(tick)}" y2="{HEIGHT - BOTTOM}"/>')
            out.append(f'  <text class="soft" x="{x(tick)}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{tick:g}</text>')
    for fifth in range(round(low * 5), round(high * 5) + 1):
        out.append(f'  <line class="grid" x1="{LEFT}" y1="{y(fifth / 5)}" x2="{WIDTH - RIGHT}" y2="{y(fifth / 5)}"/>')
        out.append(f'  <text class="soft" x="{LEFT - 10}" y="{y(fifth / 5) + 5}" text-anchor="end">{fifth / 5:.1f}</text>')
    for line in lines:
        height = y(line["size"])
        out.append(f'  <line class="peer level" x1="{LEFT}" y1="{height}" x2="{WIDTH - RIGHT}" y2="{height}"/>')
        out.append(f'  <text class="peer" x="{LEFT + 12}" y="{round(height - 8, 1)}">{line["label"]} {line["size"]:.3f} '
                   '(size only; its speed was not measured)</text>')
    way = " ".join(f"{x(p['decode'])},{y(p['size'])}" for p in points if p["ours"])
    out.append(f'  <polyline class="way" points="{way}"/>')
    for p in points:
        kind, height = "ours" if p["ours"] else "peer", y(p["size"])
        out.append(f'  <line class="{kind}" x1="{x(p["encode"])}" y1="{height}" x2="{x(p["decode"])}" y2="{height}"/>')
        out.append(f'  <circle class="{kind} open" cx="{x(p["encode"])}" cy="{height}" r="5"/>')
        # Of two at one place both can be seen.
        out.append(f'  <circle class="{kind}" cx="{x(p["decode"])}" cy="{height}" r="{5 if p["ours"] else 8}"/>')
        side = x(p[p["end"]]) + (12 if p["end"] == "decode" else -4)
        out.append(f'  <text class="{kind}" x="{round(side, 1)}" y="{round(height + 5 + p["below"], 1)}">{p["label"]} '
                   f'{p["size"]:.3f}</text>')
    middle = HEIGHT - 19
    out += [f'  <circle class="peer open" cx="30" cy="{middle}" r="5"/>',
            f'  <text class="soft" x="42" y="{middle + 5}">compress</text>',
            f'  <circle class="peer" cx="130" cy="{middle}" r="6"/>',
            f'  <text class="soft" x="142" y="{middle + 5}">decompress</text>', "</svg>"]
    return "\n".join(out) + "\n"


def main():
    if sys.argv[1:] == ["--check"]:
        if PICTURE.read_text() != picture():
            sys.exit(f"frontier.py: {PICTURE} is not what the results give; run python3 bench/frontier.py")
    elif len(sys.argv) == 1:
        PICTURE.write_text(picture())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
