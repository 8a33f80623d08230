// Three ways downhill on the loss of two weights: drag the start, change learning rates,
// run. Chapter "Training" writes the loss and the three functions in Python.
{
  const { make, button, slider, decimal } = lab.parts;
  const STEPS = 60; // as in the figure
  const MOST = 100;
  const RATES = [-2, -1, 0, 1, 2].flatMap((power) =>
    [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8].map((one) =>
      Number((one * 10 ** power).toPrecision(2)),
    ),
  );

  // --- What is computed --------------------------------------------------------------

  const sumOf = ([upper, lower], [a, b]) => upper * a + lower * b;

  // Cross-entropy of a softmax over two classes: the mean over the faces.
  explore.pairLoss = (w, { corner, happy }) =>
    corner.reduce((total, face, k) => {
      const s = sumOf(w, face);
      const raised = Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s))); // ln(1 + e^s)
      return total + raised - happy[k] * s;
    }, 0) / corner.length;

  explore.pairSlope = (w, { corner, happy }) => {
    const slope = [0, 0];
    corner.forEach((face, k) => {
      const error = 1 / (1 + Math.exp(-sumOf(w, face))) - happy[k];
      slope[0] += (error * face[0]) / corner.length;
      slope[1] += (error * face[1]) / corner.length;
    });
    return slope;
  };

  // Each takes weights, slope, memory, and returns new weights and new memory.
  const each = (f, first, ...more) =>
    first.map((one, k) => f(one, ...more.map((m) => m[k])));
  explore.steps = {
    sgd: (w, slope, memory, { rate }) => [each((w, g) => w - rate * g, w, slope), null],
    momentum: (w, slope, memory, { rate, keep = 0.9 }) => {
      const velocity = each((v, g) => keep * v - rate * g, memory ?? [0, 0], slope);
      return [each((w, v) => w + v, w, velocity), velocity];
    },
    adam: (w, slope, memory, { rate, keep = 0.9, keepSquare = 0.999 }) => {
      let [mean, square, t] = memory ?? [[0, 0], [0, 0], 0];
      t += 1;
      mean = each((m, g) => keep * m + (1 - keep) * g, mean, slope);
      square = each(
        (s, g) => keepSquare * s + (1 - keepSquare) * g ** 2,
        square,
        slope,
      );
      const next = each(
        (w, m, s) => {
          const typical = Math.sqrt(s / (1 - keepSquare ** t)) + 1e-7;
          return w - (rate * m) / (1 - keep ** t) / typical;
        },
        w,
        mean,
        square,
      );
      return [next, [mean, square, t]];
    },
  };

  explore.walk = (name, settings, steps, start, faces) => {
    const path = [start];
    let memory = null;
    for (let k = 0; k < steps; k += 1) {
      const slope = explore.pairSlope(path[k], faces);
      const [w, kept] = explore.steps[name](path[k], slope, memory, settings);
      path.push(w);
      memory = kept;
    }
    return path;
  };

  // Whether each of the last ten steps goes back on the one before.
  const swings = (path) =>
    path.slice(-10).every((w, n) => {
      const k = path.length - 10 + n;
      const [now, before] = [k, k - 1].map((i) =>
        each((a, b) => a - b, path[i], path[i - 1]),
      );
      return sumOf(now, before) < 0;
    });

  // Where heights on a grid cross a level: a piece of line for each square of the grid.
  const contour = (xs, ys, heights, level, draw) => {
    let path = "";
    for (let i = 0; i + 1 < ys.length; i += 1)
      for (let j = 0; j + 1 < xs.length; j += 1) {
        const corners = [
          [i, j],
          [i, j + 1],
          [i + 1, j + 1],
          [i + 1, j],
        ];
        const crossings = corners.flatMap(([a, b], k) => {
          const [c, d] = corners[(k + 1) % 4];
          const [one, other] = [heights[a][b], heights[c][d]];
          if (one < level === other < level) return [];
          const t = (level - one) / (other - one);
          return [draw([xs[b] + t * (xs[d] - xs[b]), ys[a] + t * (ys[c] - ys[a])])];
        });
        for (let k = 0; k + 1 < crossings.length; k += 2)
          path += `M${crossings[k]}L${crossings[k + 1]}`;
      }
    return path;
  };

  // --- What is seen ------------------------------------------------------------------

  const METHODS = {
    sgd: { words: "SGD", shape: "M-3-2.5H3L0 3Z" },
    momentum: { words: "momentum", shape: "M-1-3h2v2h2v2h-2v2h-2v-2h-2v-2h2z" },
    adam: { words: "Adam", shape: "M0-3.4L2.2 0L0 3.4L-2.2 0Z" },
  };
  const NAMES = Object.keys(METHODS);
  const [LEFT, RIGHT, BOTTOM, TOP] = [-15, 9, -6, 13]; // of the map, as in the figure
  const range = (from, to, n) =>
    Array.from({ length: n }, (_, k) => from + ((to - from) * k) / (n - 1));
  const within = (value, least, most) => Math.min(Math.max(value, least), most);
  const inMap = ([x, y]) => x >= LEFT && x <= RIGHT && y >= BOTTOM && y <= TOP;

  explore.add("descent", ({ corner, happy, lowest, levels, rates, start: first }) => {
    const { svg } = explore;
    const faces = { corner, happy };
    const floor = explore.pairLoss(lowest, faces);
    const above = (w) => explore.pairLoss(w, faces) - floor;
    const given = () =>
      Object.fromEntries(NAMES.map((name) => [name, { rate: rates[name], keep: 0.9 }]));

    let settings = given();
    let start = first;
    let steps = STEPS;
    let chosen = "sgd";
    let paths = {}; // of MOST steps
    let heights = {}; // their losses above the lowest

    const line = explore.spoken();
    const at60 = (name) => heights[name][STEPS];
    const asGiven = () => JSON.stringify(settings) === JSON.stringify(given());
    const isFirst = () => `${start}` === `${first}`;
    const TASKS = [
      {
        words:
          "the smallest learning rate with which SGD still swings from wall to wall " +
          "at step 60,",
        solved: () => {
          const { rate } = settings.sgd;
          const smaller = RATES[RATES.indexOf(rate) - 1];
          if (!swings(paths.sgd.slice(0, STEPS + 1)) || !smaller) return false;
          return !swings(explore.walk("sgd", { rate: smaller }, STEPS, start, faces));
        },
      },
      {
        words:
          "the share that momentum must keep, at its rate of 15, to be below 0.0001 " +
          "at step 60,",
        solved: () =>
          isFirst() && settings.momentum.rate === 15 && at60("momentum") < 0.0001,
      },
      {
        words:
          "a start 0.3 or more above the lowest from which, with the settings of the " +
          "beginning, SGD is the furthest down at step 60.",
        solved: () =>
          asGiven() &&
          above(start) >= 0.3 &&
          NAMES.every((name) => at60("sgd") <= at60(name)),
      },
    ];
    const tasks = explore.tasks("Find", TASKS);

    // --- The map ---------------------------------------------------------------------

    const ticks = (from, to, by) =>
      range(from, to, (to - from) / by + 1).map((one) => [
        one,
        `${one}`.replace("-", "−"),
      ]);
    const map = explore.chart("Map of the loss with three paths", {
      height: 304,
      x: {
        from: LEFT,
        to: RIGHT,
        label: "weight, upper pixel",
        ticks: ticks(-15, 5, 5),
      },
      y: {
        from: BOTTOM,
        to: TOP,
        label: "weight, lower pixel",
        ticks: ticks(-5, 10, 5),
      },
    });
    const place = ([x, y]) => [map.x.at(x).toFixed(1), map.y.at(y).toFixed(1)];
    const clip = svg("clipPath", { id: "descent-map" }, svg("rect", map.size));
    const ground = svg("g");
    const xs = range(LEFT, RIGHT, 73);
    const ys = range(BOTTOM, TOP, 58);
    const grid = ys.map((y) => xs.map((x) => above([x, y])));
    for (const level of levels)
      ground.append(
        svg("path", { class: "thin", d: contour(xs, ys, grid, level, place) }),
      );
    const [lowX, lowY] = place(lowest);
    const star = range(0, 10, 11)
      .map((k) => {
        const [far, turn] = [k % 2 ? 3.2 : 8, (k * Math.PI) / 5];
        return [far * Math.sin(turn), -far * Math.cos(turn)];
      })
      .join("L");
    const low = svg("path", { class: "low", d: `M${star}Z` });
    low.setAttribute("transform", `translate(${lowX} ${lowY})`);
    const over = make("div", { className: "map" }, map.element);

    const go = ([x, y]) => {
      start = [within(x, LEFT, RIGHT), within(y, BOTTOM, TOP)].map((one) =>
        Number(one.toFixed(1)),
      );
      moved();
    };
    const tell = explore.pointed(over, "The start: arrow keys move it", {
      moved: (x, y) => go([map.x.of(x * map.width), map.y.of(y * map.height)]),
      stepped: (dx, dy) => go([start[0] + dx / 2, start[1] - dy / 2]),
    });

    const curves = explore.chart("Loss above the lowest, step by step", {
      height: 150,
      x: { from: 0, to: MOST, label: "step", ticks: [0, 20, 40, 60, 80, 100] },
      y: {
        from: 0.00005,
        to: 5,
        log: true,
        label: "above lowest",
        ticks: [
          [0.0001, "10⁻⁴"],
          [0.01, "10⁻²"],
          [1, "1"],
        ],
      },
    });

    // --- The controls ----------------------------------------------------------------

    const sign = (name) =>
      svg(
        "svg",
        { class: "drawing sign", viewBox: "-5 -5 10 10", "aria-hidden": true },
        svg("path", { class: `mark ${name}`, d: METHODS[name].shape }),
      );
    const left = {};
    const presses = NAMES.map((name) => {
      left[name] = make("span", { className: "left" });
      const press = button(sign(name), () => {
        chosen = name;
        show();
      });
      press.append(make("span", {}, METHODS[name].words), left[name]);
      return press;
    });
    const rate = slider(
      "learning rate",
      { least: 0, most: RATES.length - 1, step: 1 },
      (value) => {
        if (settings[chosen].rate === RATES[value]) return;
        settings[chosen].rate = RATES[value];
        moved();
      },
    );
    const keep = slider(
      "share kept by momentum",
      { least: 0, most: 0.95, step: 0.05 },
      (value) => {
        if (settings.momentum.keep === value) return;
        settings.momentum.keep = value;
        moved();
      },
    );
    const count = slider("steps", { least: 0, most: MOST, step: 1 }, (value) => {
      stop();
      steps = value;
      show();
      line.say(told);
    });

    let timer = 0;
    const run = button("Run", () => {
      if (timer) return stop();
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      steps = still ? STEPS : steps < STEPS ? steps : 0;
      if (!still) {
        timer = setInterval(() => {
          steps += 1;
          if (steps >= STEPS) stop();
          show();
        }, 60);
        run.textContent = "Stop";
      }
      show();
      line.say(told);
    });
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      run.textContent = "Run";
      line.say(told);
    };
    const step = button("Step", () => {
      stop();
      steps = Math.min(steps + 1, MOST);
      show();
      line.say(told);
    });
    const reset = button("Reset", () => {
      stop();
      [settings, start, steps] = [given(), first, STEPS];
      moved();
    });

    // --- All of it -------------------------------------------------------------------

    const figure = (value) =>
      value < 0.0001 ? "< 0.0001" : decimal(value, value < 10 ? 4 : 0);
    const leftOf = (name) =>
      inMap(paths[name][steps]) ? figure(heights[name][steps]) : "left the map";
    const told = () =>
      `The start lies ${figure(above(start))} above the lowest; ` +
      `${steps} ${steps === 1 ? "step" : "steps"} later: ` +
      `${NAMES.map((name) => `${METHODS[name].words} ${leftOf(name)}`).join(", ")}.`;

    const moved = () => {
      for (const name of NAMES) {
        paths[name] = explore.walk(name, settings[name], MOST, start, faces);
        heights[name] = paths[name].map(above);
      }
      show();
      line.say(() => {
        const news = TASKS.filter((task) => task.solved()).filter(tasks.done);
        return `${news.length ? "✓ Found. " : ""}${told()}`;
      });
    };
    const marked = (name, points, chart) => {
      const look = `path ${name}${name === chosen ? " chosen" : ""}`;
      const all = points.map(([x, y]) => [
        chart.x.at(x).toFixed(1),
        chart.y.at(y).toFixed(1),
      ]);
      const group = svg("g", {}, svg("path", { class: look, d: `M${all.join("L")}` }));
      if (chart === map)
        for (const [x, y] of all.filter(([x, y]) => Math.abs(x) + Math.abs(y) < 900)) {
          const one = svg("path", { class: `mark ${name}`, d: METHODS[name].shape });
          one.setAttribute("transform", `translate(${x} ${y}) scale(0.9)`);
          group.append(one);
        }
      return group;
    };
    const startWords = (x, y) => {
      const [right, down] = [Number(x) > 300 ? -42 : 12, Number(y) > 240 ? -4 : 16];
      return { x: Number(x) + right, y: Number(y) + down };
    };
    const show = () => {
      const order = [...NAMES.filter((name) => name !== chosen), chosen];
      const [x, y] = place(start);
      const lines = order.map((name) =>
        marked(name, paths[name].slice(0, steps + 1), map),
      );
      map.show(
        clip,
        svg("g", { "clip-path": "url(#descent-map)" }, ground, ...lines, low),
        svg("circle", { class: "start", cx: x, cy: y, r: 7 }),
        svg("text", { class: "note halo", ...startWords(x, y) }, "start"),
      );
      curves.show(
        ...order.map((name) => {
          const losses = heights[name].slice(0, steps + 1);
          return marked(
            name,
            losses.map((loss, k) => [k, within(loss, 0.00005, 5)]),
            curves,
          );
        }),
      );
      NAMES.forEach((name, k) => {
        presses[k].setAttribute("aria-pressed", name === chosen);
        left[name].textContent = leftOf(name);
      });
      const its = settings[chosen];
      rate.show(RATES.indexOf(its.rate), `${its.rate}`);
      rate.element.querySelector("label").textContent =
        `learning rate of ${METHODS[chosen].words}`;
      keep.show(settings.momentum.keep);
      keep.input.disabled = chosen !== "momentum";
      count.show(steps);
      const y100 = Math.round(100 * ((start[1] - BOTTOM) / (TOP - BOTTOM)));
      const at = start.map((one) => decimal(one, 1)).join(", ");
      tell(y100, 100, `${at}: ${figure(above(start))} above the lowest`);
    };

    moved();
    line.element.textContent = told();
    return make(
      "div",
      { className: "descent" },
      make(
        "p",
        {},
        "Drag the start over the map. Choose a method and change its learning rate:",
      ),
      make(
        "div",
        { className: "sides" },
        over,
        make(
          "div",
          { className: "controls" },
          make("p", { className: "lab-small" }, "Loss above the lowest:"),
          make("div", { className: "methods" }, ...presses),
          rate.element,
          keep.element,
          count.element,
          make("div", { className: "lab-buttons" }, run, step, reset),
        ),
        curves.element,
      ),
      line.element,
      tasks.element,
    );
  });
}
