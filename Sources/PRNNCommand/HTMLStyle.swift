/// The style sheet of ``HTMLReport``.
enum HTMLStyle {
  static let text = """
    :root {
      color-scheme: light dark;
      --page: #f6f5f2; --card: #ffffff; --ink: #1c1d1f; --soft: #5a5e65; --line: #dfddd7; --track: #eceae4;
      --prnn: #1d5bbf; --jxl: #b0500a; --webp: #23763f; --png: #73777d; --optipng: #84459a;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #131416; --card: #1c1e21; --ink: #e9e8e5; --soft: #a6aab0; --line: #33363a; --track: #2a2c30;
        --prnn: #79adff; --jxl: #f0a052; --webp: #72c88b; --png: #9a9fa6; --optipng: #cd9be0;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0; background: var(--page); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
      font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
    }
    main { max-width: 1320px; margin: 0 auto; padding: clamp(24px, 4vw, 56px) clamp(16px, 4vw, 48px) 64px; }
    h1 { font-size: clamp(1.6rem, 1.2rem + 1.8vw, 2.5rem); line-height: 1.15; font-weight: 650; letter-spacing: -.015em; margin: 4px 0 12px; text-wrap: balance; }
    h2 { font-size: 1.3rem; line-height: 1.3; font-weight: 650; margin: 56px 0 4px; }
    h3 { font-size: 1rem; font-weight: 650; margin: 0; overflow-wrap: anywhere; }
    p { margin: 0 0 12px; max-width: 46rem; text-wrap: pretty; }
    .lead { font-size: 1.125rem; max-width: 56rem; }
    .soft, small { color: var(--soft); font-size: .875rem; font-weight: 400; }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    figure { margin: 0; min-width: 0; }
    .plots, .cards, .pairs, .columns { display: grid; gap: 16px; margin-top: 16px; }
    .plots { grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
    .cards { grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); }
    .pairs { grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); gap: 24px 16px; }
    .columns { grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 24px 40px; margin-bottom: 24px; }
    .plots figure, .card, .scroll, pre { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
    .plots figure { padding: 16px; max-width: 660px; container-type: inline-size; }
    .plots figcaption { font-weight: 650; margin-bottom: 8px; }
    .plot { display: block; width: 100%; height: auto; font-size: 12px; }
    @container (max-width: 430px) { .plot { font-size: 16.5px; } }
    .grid, .axis, .level, .line, .leader { fill: none; stroke: var(--line); stroke-width: 1; }
    .axis, .level, .leader { stroke: var(--soft); }
    .level { stroke-dasharray: 3 4; }
    .tick { fill: var(--soft); }
    .name { fill: var(--ink); paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; }
    .own { font-weight: 650; }
    .mark { stroke: var(--card); stroke-width: 1.5; }
    path.prnn { fill: var(--prnn); } path.jxl { fill: var(--jxl); } path.webp { fill: var(--webp); }
    path.png { fill: var(--png); } path.optipng { fill: var(--optipng); }
    path.line { fill: none; stroke-width: 1.5; opacity: .55; }
    path.line.prnn { stroke: var(--prnn); } path.line.jxl { stroke: var(--jxl); }
    .key { width: 14px; height: 14px; vertical-align: -1px; margin-right: 6px; }
    .scroll { overflow-x: auto; }
    section.scroll { margin-top: 16px; }
    table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
    th, td { padding: 8px 14px; text-align: right; border-top: 1px solid var(--line); white-space: nowrap; }
    thead th { border-top: 0; font-weight: 600; vertical-align: bottom; color: var(--soft); font-size: .875rem; line-height: 1.3; }
    th:first-child { text-align: left; }
    tbody th { font-weight: 400; }
    tfoot th, tfoot td { border-top: 2px solid var(--line); font-weight: 600; }
    .best, .best th { font-weight: 650; }
    details table { font-size: .875rem; }
    details tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 12ch; }
    .card { padding: 14px 16px; }
    .card p { margin-bottom: 8px; }
    .card ul { list-style: none; margin: 0; padding: 0; font-size: .875rem; }
    .card li { display: grid; grid-template-columns: minmax(0, 9.5em) 1fr 3.6em; gap: 10px; align-items: center; line-height: 1.65; }
    .card li span:first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .value { text-align: right; }
    .track { height: 8px; border-radius: 4px; background: var(--track); overflow: hidden; }
    .track i { display: block; height: 100%; border-radius: 4px; }
    i.prnn { background: var(--prnn); } i.jxl { background: var(--jxl); } i.webp { background: var(--webp); }
    i.png { background: var(--png); } i.optipng { background: var(--optipng); }
    details { margin-top: 16px; }
    @media (max-width: 520px) {
      .plots figure { padding: 12px 8px; }
      .plots figcaption { padding-left: 4px; }
      .summary { font-size: .8125rem; }
      .summary th, .summary td { padding: 8px 6px; }
      .summary thead th, .summary small { font-size: .75rem; }
      .summary th .soft { display: block; margin-left: 20px; font-size: .75rem; }
    }
    summary { cursor: pointer; padding: 6px 0; }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; align-content: start; font-size: .9375rem; }
    .pair img {
      display: block; width: 100%; height: auto; border-radius: 4px;
      background: repeating-conic-gradient(#c9c9c9 0 25%, #f0f0f0 0 50%) 0 0 / 16px 16px;
    }
    .pair .whole { image-rendering: pixelated; }
    .pair figcaption { grid-column: 1 / 3; overflow-wrap: anywhere; }
    .scale { max-width: 400px; font-size: .875rem; }
    .ramp { height: 14px; border: 1px solid var(--line); border-radius: 4px; }
    .ticks { display: flex; justify-content: space-between; }
    .ticks span { width: 0; display: flex; justify-content: center; }
    .ticks span:first-child { justify-content: start; } .ticks span:last-child { justify-content: end; }
    .scale p { margin: 0; color: var(--soft); }
    dl { margin: 8px 0 0; font-size: .9375rem; }
    dl div { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 12px; padding: 5px 0; border-top: 1px solid var(--line); }
    dt { color: var(--soft); }
    dd { margin: 0; overflow-wrap: anywhere; }
    .columns p { margin: 8px 0 0; font-size: .9375rem; }
    pre { margin: 8px 0 0; padding: 12px 14px; white-space: pre-wrap; overflow-wrap: anywhere; }
    code { font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
    :focus-visible { outline: 2px solid var(--prnn); outline-offset: 2px; }
    """
}
