// Counts in a square table, each a button. One of them is reached with Tab, the others
// from there with the arrow keys, as in the book's own confusion matrix.
//
// `names` are those of rows and columns, `counts` rows of whole numbers, `corner` says
// what rows and columns are, `between` stands between the two names of a cell, `opened`
// is [row, column].

const STEPS = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const render = ({ model, el }) => {
  const names = model.get("names");
  let cursor = model.get("opened"); // where the arrow keys are

  const move = (where) => {
    cells[cursor[0]][cursor[1]].tabIndex = -1;
    cursor = where;
    cells[cursor[0]][cursor[1]].tabIndex = 0;
  };
  const cells = names.map((_, i) =>
    names.map((_, j) => {
      const cell = make("button", { type: "button", tabIndex: -1 });
      cell.addEventListener("click", () => model.send({ cell: [i, j] }));
      cell.addEventListener("focus", () => move([i, j]));
      return cell;
    }),
  );
  const head = (words, scope) => make("th", { scope }, make("span", {}, words));
  const rows = cells.map((row, i) =>
    make("tr", {}, head(names[i], "row"), ...row.map((cell) => make("td", {}, cell))),
  );
  const columns = names.map((name) => head(name, "col"));
  const corner = make("td", {}, model.get("corner"));
  const table = make(
    "table",
    { className: "emolib-counts" },
    make("thead", {}, make("tr", {}, corner, ...columns)),
    make("tbody", {}, ...rows),
  );
  table.setAttribute("aria-label", model.get("about"));
  table.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation(); // for VS Code and Colab
    const last = names.length - 1;
    const [i, j] = cursor.map((at, k) => Math.min(last, Math.max(0, at + step[k])));
    cells[i][j].focus();
  });

  const show = () => {
    const open = model.get("opened");
    model.get("counts").forEach((row, i) => {
      const total = row.reduce((sum, n) => sum + n, 0) || 1;
      row.forEach((n, j) => {
        const cell = cells[i][j];
        const share = n / total; // of its row; few are told apart by their roots
        const ground = share > 0.5 ? 0.6 + 0.4 * share : 0.75 * Math.sqrt(share);
        cell.textContent = n || "";
        cell.className = share > 0.5 ? "most" : "";
        cell.style.setProperty("--ground", `${Math.round(100 * ground)}%`);
        const words = `${names[i]} ${model.get("between")} ${names[j]}: ${n}`;
        cell.setAttribute("aria-label", words);
        cell.setAttribute("aria-pressed", i === open[0] && j === open[1]);
      });
    });
    move(open);
  };
  model.on("change:counts", show);
  model.on("change:opened", show);
  show();
  el.append(table);
  return () => {
    model.off("change:counts", show);
    model.off("change:opened", show);
  };
};

export default { render };
