// Folding all code, sorting and filtering tables. Without it everything is there to read.
(() => {
  const make = (tag, given, ...inside) => {
    const element = Object.assign(document.createElement(tag), given);
    element.append(...inside);
    return element;
  };

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

  document.querySelectorAll("table[data-filter]").forEach((table, place) => {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    const field = make("input", { type: "search", id: `filter-${place}`, autocomplete: "off" });
    const count = make("output", { htmlFor: field.id });
    count.setAttribute("role", "status");
    const filter = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
      const shown = rows.filter((row) => !row.hidden).length;
      count.textContent = words.length ? `${shown} of ${rows.length} rows` : `${rows.length} rows`;
    };
    field.addEventListener("input", filter);
    const label = make("label", { htmlFor: field.id }, table.dataset.filter);
    (table.closest(".wide") ?? table).before(make("p", { className: "filter" }, label, field, count));
    filter();
  });
})();
