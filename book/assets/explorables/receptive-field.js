// Which pixels of the face one unit reads: the chapter's layers, or layers of one's own.
// `receptive_fields` of chapter "Building the CNN" does the same in Python.
{
  const { make, button, canvas } = lab.parts;
  const WINDOWS = [1, 2, 3, 5, 7];
  const STRIDES = [1, 2, 3];
  const MOST = 8; // layers
  const EDGE = 14; // pixels of the border of zeros that are shown

  // For each layer: its units on a side, how many pixels one of them sees, the step from
  // one to the next, and where the first begins (negative: in the border of zeros).
  explore.fields = (stack, side) => {
    let [units, size, step, start] = [side, 1, 1, 0];
    return stack.map(({ kernel, stride, same }) => {
      const places = same
        ? Math.ceil(units / stride)
        : Math.floor((units - kernel) / stride) + 1;
      const zeros = Math.max((places - 1) * stride + kernel - units, 0);
      start -= Math.floor(zeros / 2) * step;
      size += (kernel - 1) * step;
      step *= stride;
      units = Math.max(places, 0);
      return { units, size, step, start };
    });
  };

  const TASKS = [
    {
      words: "three layers of stride 1 that see as much as one window of 7,",
      solved: (stack, sees) =>
        stack.length === 3 &&
        stack.every(({ stride }) => stride === 1) &&
        stack.every(({ kernel }) => kernel < 7 && kernel > 1) &&
        sees.at(-1).size === 7,
    },
    {
      words:
        "one number to change in the chapter’s network, so that its last unit sees 64 " +
        "pixels or more.",
      solved: (stack, sees, plan) => {
        if (stack.length !== plan.length) return false;
        const changed = stack.flatMap((one, k) =>
          ["kernel", "stride"].filter((what) => one[what] !== plan[k][what]),
        );
        return changed.length === 1 && sees.at(-1).units > 0 && sees.at(-1).size >= 64;
      },
    },
  ];

  explore.add("receptive-field", ({ face: packed, plan: lines, at }) => {
    const face = explore.bytes(packed);
    const side = face.shape[0];
    const plan = lines.map(([name, kernel, stride, padding]) => ({
      name,
      kernel,
      stride,
      same: padding === "same",
    }));
    let stack;
    let chosen;
    let [row, column] = at; // the pixel whose nearest unit is asked
    let sees = [];

    const line = explore.spoken();
    const tasks = explore.tasks("Find", TASKS);

    // --- The face, the units over it, and the patch that one of them sees ------------

    const picture = canvas("");
    picture.paint(face.data, side);
    const { svg } = explore;
    const whole = {
      x: -EDGE,
      y: -EDGE,
      width: side + 2 * EDGE,
      height: side + 2 * EDGE,
    };
    const dot = svg("circle", { class: "full-accent" });
    const pattern = svg(
      "pattern",
      { id: "receptive-field-units", patternUnits: "userSpaceOnUse" },
      dot,
    );
    const units = svg("rect", { fill: "url(#receptive-field-units)" });
    const shade = svg("path", { class: "shade", "fill-rule": "evenodd" });
    const patch = svg("rect", { class: "patch" });
    const unit = svg("circle", { class: "unit" });
    const drawing = svg(
      "svg",
      { class: "drawing", viewBox: Object.values(whole).join(" "), role: "img" },
      svg("defs", {}, pattern),
      svg("rect", { class: "on-raised", ...whole }),
      svg("image", { href: picture.element.toDataURL(), width: side, height: side }),
      shade,
      svg("text", { class: "quiet", x: 2 - EDGE, y: 6 - EDGE }, "border of zeros"),
      units,
      patch,
      unit,
    );
    drawing.setAttribute("aria-label", "The face, with the patch that the unit sees");
    const over = make("div", {}, drawing);
    const caption = make("figcaption");

    const nearest = (place) => {
      const { units: n, size, step, start } = sees[chosen];
      const middle = start + size / 2; // of the first unit
      return Math.min(Math.max(Math.round((place - middle) / step), 0), n - 1);
    };
    const middleOf = (k) => {
      const { size, step, start } = sees[chosen];
      return start + size / 2 + k * step;
    };
    const go = (r, c) => {
      [row, column] = [r, c];
      show();
      line.say(() => `${told()}.`);
    };
    const tell = explore.pointed(over, "The unit: arrow keys choose another", {
      moved: (x, y) => go(y * whole.height - EDGE, x * whole.width - EDGE),
      stepped: (dx, dy) =>
        go(middleOf(nearest(row) + dy), middleOf(nearest(column) + dx)),
    });

    // --- The layers, each a line of the sum ------------------------------------------

    const body = make("tbody");
    const head = ["layer", "window", "stride", "sees (pixels)", "step"].map((words) =>
      make("th", { scope: "col" }, words),
    );
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...head)), body);
    const list = (layer, what, values) => {
      const options = values.map((value) =>
        make("option", { value, selected: value === layer[what] }, value),
      );
      const select = make("select", {}, ...options);
      const called = { kernel: "window", stride: "stride" }[what];
      select.setAttribute("aria-label", `${called} of ${layer.name}`);
      select.addEventListener("change", () => {
        layer[what] = Number(select.value);
        changed();
      });
      return select;
    };
    const lineOf = (layer, k) => {
      const press = button(layer.name, () => {
        chosen = k;
        show();
        line.say(() => `${told()}.`);
      });
      const seen = make("td");
      const step = make("td");
      const element = make(
        "tr",
        {},
        make("th", { scope: "row" }, press),
        make("td", {}, list(layer, "kernel", WINDOWS)),
        make("td", {}, list(layer, "stride", STRIDES)),
        seen,
        step,
      );
      return { element, press, seen, step };
    };
    let rows = [];
    const build = (layers, news) => {
      stack = layers.map((layer) => ({ ...layer }));
      chosen = stack.length - 1;
      rows = stack.map(lineOf);
      const first = ["pixels", "", "", "1", "1"].map((words) => make("td", {}, words));
      body.replaceChildren(
        make("tr", {}, ...first),
        ...rows.map(({ element }) => element),
      );
      more.disabled = stack.length === MOST;
      less.disabled = stack.length === 1;
      if (news) changed();
    };
    const more = button("Add a layer", () => {
      const name = `layer${stack.length + 1}`;
      build([...stack, { name, kernel: 3, stride: 1, same: true }], true);
    });
    const less = button("Remove the last", () => build(stack.slice(0, -1), true));
    const back = button("Reset", () => build(plan, true));

    const changed = () => {
      show();
      line.say(() => {
        const solved = TASKS.find((task) => task.solved(stack, sees, plan));
        return `${solved && tasks.done(solved) ? "✓ Found. " : ""}${told()}.`;
      });
    };

    // --- All of it -------------------------------------------------------------------

    const range = (from, size) => `${from} to ${from + size - 1}`.replace(/-/g, "−");
    const told = () => {
      const { name, kernel } = stack[chosen];
      const { units: n, size, step, start } = sees[chosen];
      if (!n)
        return `No window of ${kernel} fits on what reaches ${name}: take a smaller`;
      const [top, left] = [nearest(row), nearest(column)].map((k) => start + k * step);
      const sticksOut = Math.min(top, left) < 0 || Math.max(top, left) + size > side;
      return (
        `This unit of ${name} sees rows ${range(top, size)}, ` +
        `columns ${range(left, size)}` +
        (sticksOut ? "; what lies outside 0 to 63 is border, zeros" : "")
      );
    };
    const show = () => {
      sees = explore.fields(stack, side);
      rows.forEach(({ press, seen, step }, k) => {
        const before = sees[k - 1] ?? { size: 1, step: 1 };
        const { kernel, stride } = stack[k];
        const { size, step: next, units: n } = sees[k];
        const work = (words) => make("span", { className: "work" }, words);
        press.setAttribute("aria-pressed", k === chosen);
        seen.replaceChildren(
          ...(n
            ? [
                `${before.size} + ${kernel - 1} · ${before.step} = `,
                make("b", {}, size),
              ]
            : ["does not fit"]),
        );
        step.replaceChildren(work(`${before.step} · ${stride} = `), `${next}`);
      });
      const { units: n, size, step, start } = sees[chosen];
      for (const one of [units, patch, unit, shade])
        one.style.visibility = n ? "visible" : "hidden";
      caption.textContent = n
        ? `${stack[chosen].name}: ${n} × ${n} units, ${step} pixels apart; this one ` +
          `sees ${size} × ${size}`
        : `${stack[chosen].name}: no unit`;
      if (n) {
        const [r, c] = [nearest(row), nearest(column)];
        const [top, left] = [start + r * step, start + c * step];
        const set = (element, attributes) => {
          for (const [key, value] of Object.entries(attributes))
            element.setAttribute(key, value);
        };
        const first = middleOf(0) - step / 2;
        const radius = Math.min(0.16 * step, 0.9);
        set(pattern, { x: first, y: first, width: step, height: step });
        set(dot, { cx: step / 2, cy: step / 2, r: radius });
        set(units, { x: first, y: first, width: n * step, height: n * step });
        set(patch, { x: left, y: top, width: size, height: size });
        set(unit, { cx: middleOf(c), cy: middleOf(r), r: Math.max(1.6 * radius, 0.9) });
        const outer = `M${-EDGE} ${-EDGE}h${whole.width}v${whole.height}h${-whole.width}z`;
        set(shade, { d: `${outer}M${left} ${top}v${size}h${size}v${-size}z` });
        tell(r * n + c, n * n - 1, told());
      }
    };

    build(plan, false);
    show();
    line.element.textContent = `${told()}.`;
    return make(
      "div",
      { className: "receptive-field" },
      make(
        "p",
        {},
        "Each dot is a unit. Drag to another, choose a layer, change its numbers:",
      ),
      make(
        "div",
        { className: "sides" },
        make("figure", {}, over, caption),
        make(
          "div",
          {},
          table,
          make("div", { className: "lab-buttons" }, more, less, back),
        ),
      ),
      line.element,
      tasks.element,
    );
  });
}
