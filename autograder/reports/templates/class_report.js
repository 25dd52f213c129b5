"use strict";
// Tables marked data-sort get buttons in their headers; an element with data-filter gets controls for the
// table of that name. Without JavaScript none of this is there, and all rows show.

function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

function value(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.value ?? cell.textContent;
  if (text === "" || text === "–" || text === "?" || text === "!") return null;
  const number = Number(text);
  return Number.isNaN(number) ? text.toLowerCase() : number;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

// What is unknown stands last in both directions.
function sort(table, header, column) {
  const rising = header.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const rows = [...table.tBodies[0].rows].map((row) => [value(row, column), row]);
  const known = rows.filter(([v]) => v !== null).sort(([a], [b]) => (rising ? compare(a, b) : compare(b, a)));
  const unknown = rows.filter(([v]) => v === null);
  table.tBodies[0].append(...[...known, ...unknown].map(([, row]) => row));
}

for (const table of document.querySelectorAll("table[data-sort]")) {
  for (const header of table.tHead.querySelectorAll("[data-key]")) {
    const button = element("button", { type: "button" }, ...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => sort(table, header, header.cellIndex));
    // On paper a header is repeated on each page; browsers leave buttons out of the copies.
    window.addEventListener("beforeprint", () => header.replaceChildren(...button.childNodes));
    window.addEventListener("afterprint", () => {
      button.replaceChildren(...header.childNodes);
      header.append(button);
    });
  }
}

function choice(label, options, changed) {
  const select = element("select", {}, element("option", { value: "", textContent: "all" }));
  for (const [name, text] of options) select.append(element("option", { value: name, textContent: text }));
  select.addEventListener("change", changed);
  return [select, element("label", {}, label, select)];
}

const STATES = [
  ["lost", "lost points"],
  ["needs_review", "needs review"],
  ["error", "not graded"],
  ["missing", "missing"],
];

function facets(rows, facet) {
  const present = new Set(rows.flatMap((row) => row.dataset[facet].split(facet === "is" ? " " : "\n")));
  if (facet === "is") return STATES.filter(([name]) => present.has(name));
  return [...present].map((name) => [name, name]);
}

// Show the columns of one notebook, by a rule of style: a class on each of 40,000 cells would take long.
function columns(table, sheet, name) {
  while (sheet.cssRules.length) sheet.deleteRule(0);
  let at = 3; // after student and points
  for (const group of table.tHead.querySelectorAll("[data-columns]")) {
    const last = at + Number(group.getAttribute("colspan")) - 1;
    group.hidden = name !== "" && group.dataset.columns !== name;
    const cells = `:nth-child(n+${at}):nth-child(-n+${last})`;
    const row = `#${table.id} tr:not(:has([colspan]))`;
    if (group.hidden) sheet.insertRule(`${row} > ${cells} { display: none }`);
    at = last + 1;
  }
}

for (const place of document.querySelectorAll("[data-filter]")) {
  const table = document.getElementById(`${place.dataset.filter}-table`);
  const rows = [...table.tBodies[0].rows];
  const search = element("input", { type: "search", autocomplete: "off" });
  const shown = element("output", {});
  const [select, labelled] = choice(place.dataset.facetLabel, facets(rows, place.dataset.facet), show);
  const deep = table.id !== "heat-table"; // in the heat map, only students are searched

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = (deep ? row : row.cells[0]).textContent.toLowerCase();
      const tags = row.dataset[place.dataset.facet].split(place.dataset.facet === "is" ? " " : "\n");
      row.hidden = !(words.every((word) => text.includes(word)) && (!select.value || tags.includes(select.value)));
      count += !row.hidden;
    }
    shown.textContent = `${count} of ${rows.length} shown`;
  }

  search.addEventListener("input", show);
  const tools = element("div", { className: "tools" }, element("label", {}, "search", search), labelled);
  const groups = [...table.tHead.querySelectorAll("[data-columns]")].map((group) => group.dataset.columns);
  if (groups.length > 1) {
    const sheet = element("style", {});
    document.head.append(sheet);
    const named = groups.map((name) => [name, name]);
    const [notebook, label] = choice("notebook", named, () => columns(table, sheet.sheet, notebook.value));
    tools.append(label);
  }
  tools.append(shown);
  place.replaceWith(tools);
  show();
}
