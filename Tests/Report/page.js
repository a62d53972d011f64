// What is wrong with a report as the browser shows it: an array of lines. Runs in the page.
(() => {
  const wrong = [];
  const must = (holds, text) => { if (!holds) wrong.push(text); };
  const say = e => `${e.tagName} ${e.className.baseVal ?? e.className} "${e.textContent.trim().slice(0, 40)}"`;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  all("details").forEach(e => e.open = true);
  const width = document.documentElement.clientWidth;

  must(document.documentElement.scrollWidth <= width, `the page is ${document.documentElement.scrollWidth} wide, the window ${width}`);
  for (const e of all("body *")) {
    if (e.closest(".scroll table, .hidden")) continue;
    const box = e.getBoundingClientRect();
    must(box.left >= -0.5 && box.right <= width + 0.5, `${say(e)} leaves the window: ${box.left} to ${box.right} of ${width}`);
  }

  // Colours, as WCAG 2 has it: relative luminance, and the contrast of two.
  const rgba = text => text.match(/[\d.]+/g).map(Number);
  const luminance = colour => {
    const [r, g, b] = colour.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = e => {
    for (; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if ((colour[3] ?? 1) == 1) return colour;
    }
    return [255, 255, 255];
  };
  const enough = (e, property, least) => {
    const value = contrast(rgba(getComputedStyle(e)[property]), ground(e));
    must(value >= least, `${say(e)}: contrast ${value.toFixed(2)}, not ${least}`);
  };
  let texts = 0;
  for (const e of all("body *")) {
    if (e.closest("title, desc") || ![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
    enough(e, e.namespaceURI.endsWith("svg") ? "fill" : "color", 4.5);
    texts++;
  }
  must(texts > 100, `only ${texts} texts`);
  all("path.mark, .key path").forEach(e => enough(e, "fill", 3));
  all(".track i").forEach(e => {
    const value = contrast(rgba(getComputedStyle(e).backgroundColor), ground(e.closest(".card")));
    must(value >= 3, `${say(e.closest("li"))}: contrast ${value.toFixed(2)} of the bar`);
    must(e.getBoundingClientRect().width > 0, `${say(e.closest("li"))}: no bar`);
  });

  const plots = all("svg.plot");
  must(plots.length == 2, `${plots.length} plots`);
  for (const plot of plots) {
    const name = plot.querySelector("title").textContent;
    const inside = plot.getBoundingClientRect();
    const parts = all("path, text", plot);
    for (const e of parts) {
      const box = e.getBoundingClientRect();
      must(box.left >= inside.left - 1 && box.right <= inside.right + 1 && box.top >= inside.top - 1 && box.bottom <= inside.bottom + 1,
        `${name}: ${say(e)} leaves the plot`);
      if (e.tagName == "text") must(parseFloat(getComputedStyle(e).fontSize) * inside.width / plot.viewBox.baseVal.width > 10, `${name}: ${say(e)} is too small`);
    }
    const marks = all(".mark", plot).length;
    must(marks >= 2 && all(".name", plot).length == marks + all(".level", plot).length, `${name}: ${marks} marks, ${all(".name", plot).length} names`);
    must(new Set(all(".tick", plot).map(e => e.textContent)).size >= 5, `${name}: too few ticks`);
    must(plot.getAttribute("role") == "img" && plot.querySelector("desc").textContent.includes("bits/dim at"), `${name}: no description`);
    for (const id of plot.getAttribute("aria-labelledby").split(" ")) must(plot.querySelector("#" + id), `${name}: no ${id}`);
  }

  const images = all("img");
  must(images.length > 0 && images.length % 2 == 0, `${images.length} images`);
  images.forEach((e, i) => {
    must(e.complete && e.naturalWidth > 0, `image ${i} is not there`);
    must(e.alt, `image ${i} has no text`);
    must(e.naturalWidth == images[i ^ 1]?.naturalWidth && e.naturalHeight == images[i ^ 1]?.naturalHeight, `image ${i} and its map differ in size`);
  });
  must(document.querySelector(".ramp").getBoundingClientRect().width > 200, "no scale");
  all("th").forEach(e => must(e.scope, `${say(e)} has no scope`));
  const ids = all("[id]").map(e => e.id);
  must(new Set(ids).size == ids.length, "an id twice");
  must(all("script, iframe, object, form").length == 0, "scripts or frames");
  return wrong;
})()
