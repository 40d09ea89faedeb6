// Folding all code, sorting and filtering tables. Without it everything is there to read.
(() => {
  const make = (tag, given, ...inside) => {
    const element = Object.assign(document.createElement(tag), given);
    element.append(...inside);
    return element;
  };

  const block = (table) => table.closest(".wide") ?? table;

  const unfold = document.getElementById("unfold");
  if (unfold) {
    const folded = [...document.querySelectorAll("details.code")];
    unfold.hidden = !folded.length;
    let open = false;
    unfold.addEventListener("click", () => {
      open = !open;
      for (const one of folded) one.open = open;
      unfold.textContent = open ? "Hide all code" : "Show all code";
    });
  }

  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort ?? cell.textContent.trim();
  };
  const number = (text) => {
    const found = /^[−-]?[\d,]*\.?\d+/.exec(text);
    return found ? Number(found[0].replace("−", "-").replaceAll(",", "")) : NaN;
  };
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return a.localeCompare(b, "en-GB", { numeric: true });
  };
  const sort = (table, column, header) => {
    const falling = header.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", falling ? "descending" : "ascending");
    for (const body of table.tBodies) {
      const rows = [...body.rows].sort((a, b) => compare(value(a, column), value(b, column)));
      body.append(...(falling ? rows.reverse() : rows));
    }
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      const button = make("button", { type: "button" }, ...header.childNodes);
      button.addEventListener("click", () => sort(table, column, header));
      header.append(button);
    });
  }

  // Words that say nothing of what is sought, so that a question can be typed as it is asked.
  const EMPTY = new Set(
    "a an and any are at be been by did do does for from had has have how i in is it many much of on or our that the their there they this to was we were what when where which who whom whose why with".split(" "),
  );
  const plain = (text) =>
    text.toLowerCase().replace(/(?<=\d),(?=\d{3})/g, "").split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const telling = (text) => {
    const words = plain(text);
    const some = words.filter((word) => !EMPTY.has(word));
    return some.length ? some : words;
  };
  // Where no text has all the words, those that the fewest have, as far as one text has them together.
  const rarest = (words, texts) => {
    const having = (some) => texts.filter((text) => some.every((word) => text.includes(` ${word}`))).length;
    const there = words.filter((word) => having([word])).sort((a, b) => having([a]) - having([b]));
    return there.reduce((kept, word) => (having([...kept, word]) ? [...kept, word] : kept), []);
  };

  // Tables that are filtered by the same words share one field, above the first of them.
  const filtered = Map.groupBy(document.querySelectorAll("table[data-filter]"), (table) => table.dataset.filter);
  [...filtered].forEach(([words, tables], place) => {
    const rows = tables.flatMap((table) => [...table.tBodies].flatMap((body) => [...body.rows]));
    const wordsOf = (row) => [...row.cells].map((cell) => cell.textContent).concat(row.dataset.words ?? "");
    const texts = rows.map((row) => ` ${plain(wordsOf(row).join(" ")).join(" ")}`);
    const field = make("input", { type: "search", id: `filter-${place}`, autocomplete: "off" });
    const count = make("output", { htmlFor: field.id });
    count.setAttribute("role", "status");
    const filter = () => {
      const sought = telling(field.value);
      const used = rarest(sought, texts);
      const isNone = sought.length && !used.length;
      rows.forEach((row, i) => (row.hidden = isNone || !used.every((word) => texts[i].includes(` ${word}`))));
      for (const table of tables) block(table).hidden = !rows.some((row) => !row.hidden && table.contains(row));
      const shown = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
      const some = used.map((word) => `“${word}”`).join(" and ");
      if (!sought.length) count.textContent = `${rows.length} rows`;
      else if (isNone) count.textContent = `${shown}. ${tables[0].dataset.none ?? "Try fewer or other words"}`;
      else count.textContent = used.length < sought.length ? `No row has all these words. With ${some}: ${shown}` : shown;
    };
    field.addEventListener("input", filter);
    const label = make("label", { htmlFor: field.id }, words);
    const first = block(tables[0]);
    (first.parentElement.querySelector("[data-filter-here]") ?? first).before(
      make("p", { className: "filter" }, label, field, count),
    );
    field.value = (place ? null : new URLSearchParams(location.search).get("q")) ?? "";
    filter();
  });

  // A table of more than three columns is too wide for a phone, where each row becomes a paragraph.
  for (const table of document.querySelectorAll(".wide table")) {
    const headers = [...(table.tHead?.rows[0].cells ?? [])].map((header) => header.textContent);
    if (headers.length < 4) continue;
    table.classList.add("stacked");
    for (const body of table.tBodies)
      for (const row of body.rows)
        [...row.cells].forEach((cell, column) => column && (cell.dataset.label = headers[column]));
  }

  // Only what scrolls is a stop for the keyboard.
  const wide = [...document.querySelectorAll(".wide")];
  const stops = new ResizeObserver(() => {
    for (const one of wide) one.tabIndex = one.scrollWidth > one.clientWidth ? 0 : -1;
  });
  for (const one of wide) stops.observe(one);

  // A drawing holds the values of its points: shown on hover, and with the arrow keys once the chart has the focus.
  const tip = make("output", { className: "value" });
  const ring = make("span", { className: "point" });
  tip.setAttribute("role", "status");
  for (const picture of document.querySelectorAll("figure.chart picture")) {
    const around = make("div", { className: "points", tabIndex: 0 });
    around.setAttribute("role", "group");
    around.setAttribute("aria-label", "Values in this chart: go from one to the next with the arrow keys");
    picture.replaceWith(around);
    around.append(picture);
  }
  let read = { points: [] }; // of the drawing that was looked at last
  const pointsOf = (image) => {
    if (read.from === image.currentSrc) return read.points;
    const [head, body] = image.currentSrc.split(/,(.*)/s);
    const bytes = () => Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
    const svg = head.endsWith("base64") ? new TextDecoder().decode(bytes()) : decodeURIComponent(body);
    const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    const [left, top, width, height] = root.getAttribute("viewBox").split(" ").map(Number);
    const points = [...root.querySelectorAll(".values circle")].map((one) => ({
      x: (one.getAttribute("cx") - left) / width,
      y: (one.getAttribute("cy") - top) / height,
      words: one.textContent,
    }));
    read = { from: image.currentSrc, points };
    return points;
  };
  let told = -1; // which point of that drawing
  const tell = (around, at) => {
    told = (at + read.points.length) % read.points.length;
    const { x, y, words } = read.points[told];
    if (tip.textContent !== words) tip.textContent = words;
    for (const one of [tip, ring]) Object.assign(one.style, { left: `${100 * x}%`, top: `${100 * y}%` });
    tip.style.translate = `${-100 * x}% ${y < 0.2 ? "14px" : "calc(-100% - 14px)"}`;
    if (tip.parentElement !== around) around.append(ring, tip);
  };
  const hush = () => [tip, ring].forEach((one) => one.remove());
  const chartAt = (event) => event.target.closest?.(".points");
  const near = (event) => {
    const around = chartAt(event);
    if (!around) return hush();
    const box = around.getBoundingClientRect();
    const away = (one) =>
      Math.hypot(event.clientX - box.left - one.x * box.width, event.clientY - box.top - one.y * box.height);
    const distances = pointsOf(around.querySelector("img")).map(away);
    const least = Math.min(...distances);
    if (least < 24) tell(around, distances.indexOf(least));
    else hush();
  };
  document.addEventListener("pointermove", near);
  document.addEventListener("pointerdown", near);
  document.addEventListener("focusout", hush);
  document.addEventListener("keydown", (event) => {
    const around = event.target.matches(".points") ? event.target : null;
    const points = around ? pointsOf(around.querySelector("img")) : [];
    if (event.key === "Escape") hush();
    const at = tip.parentElement === around ? told : -1;
    const next = at + 1;
    const last = Math.max(at, 0) - 1;
    const to = { ArrowRight: next, ArrowDown: next, ArrowLeft: last, ArrowUp: last, Home: 0, End: -1 }[event.key];
    if (to === undefined || !points.length) return;
    event.preventDefault();
    tell(around, to);
  });

  // What each combination of choices shows was computed beforehand and is packed into the panel.
  const panel = document.getElementById("choices");
  const unpack = async (packed) => {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  };
  const choose = (shown) => {
    const selects = [...panel.querySelectorAll("select")];
    const answer = document.querySelector(".answer .prose");
    const note = panel.querySelector(".variant");
    const figures = Object.keys(shown.charts).map(
      (name) => [name, document.getElementById(`chosen-${name}`) ?? document.getElementById(`figure-${name}`)],
    );
    const own = [answer, ...figures.map(([, figure]) => figure)].map((element) => [element, element.innerHTML]);
    const isOwn = () => selects.every((one) => one.selectedOptions[0].defaultSelected);
    const place = (chosen) => selects.reduce((at, one) => at * one.length + chosen(one), 0);
    // A refused combination has no charts, so the charts have places of their own.
    const drawn = shown.refused.map((words, at) => shown.refused.slice(0, at).filter((before) => !before).length);
    const data = (svg) => `data:image/svg+xml,${encodeURIComponent(svg)}`;
    const draw = (figure, [[title, subtitle, alt], wide, narrow]) => {
      figure.querySelector(".title").textContent = title;
      figure.querySelector(".subtitle").textContent = subtitle;
      const [source, image] = figure.querySelectorAll("source, img");
      const [svg, width, height] = wide;
      const [small, across, down] = narrow;
      Object.assign(image, { alt, src: data(svg), width, height });
      Object.assign(source, { srcset: data(small), width: across, height: down });
      figure.querySelector(".downloads")?.remove();
    };
    const show = () => {
      for (const [element, html] of own) element.innerHTML = html;
      const at = place((one) => one.selectedIndex);
      note.hidden = isOwn();
      note.querySelector("code").textContent = shown.commands[at];
      note.querySelector(".here").textContent = shown.numbers[at] || "they cannot be combined";
      if (isOwn()) return;
      if (shown.refused[at]) {
        const words = make("p", {}, `These choices cannot be combined: ${shown.refused[at]}.`);
        answer.replaceChildren(answer.querySelector("h2"), words);
        return;
      }
      answer.innerHTML = shown.answers[at];
      for (const [name, figure] of figures) draw(figure, shown.charts[name].map((column) => column[drawn[at]]));
    };
    const MARK = "#choose:";
    const address = () => new URLSearchParams(selects.map((one) => [one.name, one.value]));
    const read = () => {
      if (!location.hash.startsWith(MARK)) return;
      panel.open = true;
      const wanted = new URLSearchParams(location.hash.slice(MARK.length));
      for (const one of selects) if (wanted.has(one.name)) one.value = wanted.get(one.name);
      for (const one of selects) if (one.selectedIndex < 0) one.value = one.querySelector("[selected]").value;
      show();
    };
    const change = () => {
      show();
      history.replaceState(null, "", isOwn() ? location.pathname + location.search : `${MARK}${address()}`);
    };
    answer.setAttribute("aria-live", "polite");
    panel.addEventListener("change", change);
    panel.addEventListener("reset", () => setTimeout(change));
    panel.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", read);
    const ownPlace = place((one) => [...one.options].findIndex((option) => option.defaultSelected));
    note.querySelector(".own").textContent = shown.numbers[ownPlace];
    answer.before(note); // where it is read first
    answer.after(panel); // between the words and the chart that it changes
    panel.hidden = false;
    read();
  };
  if (panel && "DecompressionStream" in window) unpack(panel.dataset.packed).then(choose);

  const contents = document.querySelector(".toc details");
  if (contents) contents.open = matchMedia("(min-width: 62rem)").matches;
})();
