// A temperature to move, and what it does to the claims of a network: the reliability
// diagram, how often it claims how much, the calibration error and the log loss.
{
  const { make, button, decimal, percent } = lab.parts;
  const { svg } = explore;
  const BINS = 15;
  const TITLES = { "plain-cnn": "plain CNN", "small-cnn": "small CNN" };

  // One row of probabilities: softmax of the scores, divided by the temperature.
  explore.temper = (scores, temperature) => {
    const most = Math.max(...scores);
    const powers = scores.map((score) => Math.exp((score - most) / temperature));
    const sum = powers.reduce((total, one) => total + one, 0);
    return powers.map((one) => one / sum);
  };

  // What a network's answers are worth, when its scores are divided by a temperature.
  explore.reliability = (scores, labels, temperature) => {
    const bins = Array.from({ length: BINS }, () => ({ n: 0, claimed: 0, right: 0 }));
    let loss = 0;
    scores.forEach((row, image) => {
      const answer = explore.temper(row, temperature);
      const top = Math.max(...answer);
      const place = Math.min(Math.max(Math.ceil(top * BINS) - 1, 0), BINS - 1);
      const bin = bins[place]; // open on the left and closed on the right
      bin.n += 1;
      bin.claimed += top;
      bin.right += answer.indexOf(top) === labels[image];
      loss -= Math.log(Math.max(answer[labels[image]], 1e-12));
    });
    const sum = (of) => bins.reduce((total, bin) => total + of(bin), 0) / labels.length;
    return {
      bins,
      loss: loss / labels.length,
      error: sum(({ right, claimed }) => Math.abs(right - claimed)),
      claims: sum(({ claimed }) => claimed),
      right: sum(({ right }) => right),
    };
  };

  // Rows of scores, from four bytes each.
  const rowsOf = (packed) => {
    const { shape, data } = explore.bytes(packed);
    const scores = [...new Float32Array(data.buffer)];
    const wide = shape[1] / 4;
    return Array.from({ length: shape[0] }, (_, row) =>
      scores.slice(row * wide, (row + 1) * wide),
    );
  };

  const TASKS = [
    "Take the plain CNN and the validation people. At which temperature do the labels " +
      "surprise it least: where is the log loss smallest?",
    "Leave the temperature there and change to the test people: did it help them? Do " +
      "the same with the small CNN.",
    "One of the four numbers never moves. Why?",
  ];
  const AXIS = { from: 0, to: 1.02, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] };
  const inPercent = (share) => [share, `${Math.round(100 * share)}`];
  const LEAST = -2; // the slider is even in the logarithm: T from a quarter to 4
  const STEP = 0.02;
  const CLOSE = 5e-4; // how near to the smallest loss is found

  explore.add("reliability", (data) => {
    const scores = {}; // [network][people]: rows of six
    for (const [network, sets] of Object.entries(data.scores))
      scores[network] = Object.fromEntries(
        Object.entries(sets).map(([people, packed]) => [people, rowsOf(packed)]),
      );
    const now = { network: "small-cnn", people: "test", step: 0 };
    const temperature = () => 2 ** now.step;
    const measured = (T) =>
      explore.reliability(scores[now.network][now.people], data.labels[now.people], T);

    // --- Two charts over the same axis ----------------------------------------------

    const diagram = explore.chart("Share that was right against the top probability", {
      height: 270,
      x: { ...AXIS, label: "top probability: what it claims" },
      y: {
        from: -0.04,
        to: 1.04,
        label: "share that was right (%)",
        ticks: AXIS.ticks.map(inPercent),
      },
    });
    const histogram = explore.chart("How many answers claim how much", {
      height: 118,
      x: { ...AXIS, label: "" },
      y: { from: 0, to: 1, label: "answers (%)", ticks: [0, 0.5, 1].map(inPercent) },
    });
    histogram.element.setAttribute("viewBox", "0 0 380 96"); // its axis has no words
    const dots = (bins, n, look) =>
      bins
        .filter((bin) => bin.n > 0)
        .map((bin) =>
          diagram.dot(
            [bin.claimed / bin.n, bin.right / bin.n],
            look,
            3 + 12 * Math.sqrt(bin.n / n),
          ),
        );
    const gaps = (bins) =>
      bins
        .filter((bin) => bin.n > 0)
        .map((bin) => {
          const [claim, right] = [bin.claimed / bin.n, bin.right / bin.n];
          const ends = [
            [claim, claim],
            [claim, right],
          ];
          return diagram.line(ends, "alert-line");
        });
    const bars = (bins, n) =>
      bins.map((bin, k) => {
        const [x, end] = [k / BINS, (k + 1) / BINS].map(histogram.x.at);
        const [y, foot] = [bin.n / n, 0].map(histogram.y.at);
        const size = { x: x + 1, y, width: end - x - 2, height: foot - y };
        return svg("rect", { class: "full-accent", ...size });
      });

    // --- Four numbers, before and now -----------------------------------------------

    const NUMBERS = [
      ["claims", "claims", (share) => `${decimal(100 * share, 1)}\u00a0%`],
      ["right", "is right", (share) => `${decimal(100 * share, 1)}\u00a0%`],
      ["error", "calibration error", (value) => decimal(value, 3)],
      ["loss", "log loss", (value) => decimal(value, 3)],
    ];
    const first = make("th", { scope: "col" }, "T = 1");
    const second = make("th", { scope: "col" });
    const cells = NUMBERS.map(() => [make("td"), make("td")]);
    const table = make(
      "table",
      { className: "explorable-numbers" },
      make("thead", {}, make("tr", {}, make("td"), first, second)),
      make(
        "tbody",
        {},
        ...NUMBERS.map(([, words], k) =>
          make("tr", {}, make("th", { scope: "row" }, words), ...cells[k]),
        ),
      ),
    );

    // --- To move --------------------------------------------------------------------

    const limits = { least: LEAST, most: -LEAST, step: STEP };
    const slider = lab.parts.slider("Temperature T", limits, (step, settled) => {
      now.step = step;
      if (settled) tell();
      else show(false);
    });
    const status = make("p", { className: "explorable-told", aria: { role: "status" } });
    const title = make("p", { className: "explorable-title" });

    const smallest = () => {
      let found = Infinity;
      for (let step = LEAST; step <= -LEAST; step += STEP)
        found = Math.min(found, measured(2 ** step).loss);
      return found;
    };
    const tell = () => {
      const [before, after] = [measured(1), measured(temperature())];
      const [T, was, is] = [temperature(), before.error, after.error];
      const way = is > was ? "larger" : "smaller";
      let found = "";
      if (now.people === "validation")
        found =
          after.loss < smallest() + CLOSE
            ? " No other makes the log loss smaller: this is the one."
            : " Another has a smaller log loss.";
      const error = `the error is ${decimal(is, 3)}`;
      status.textContent =
        now.step === 0
          ? `At T = 1, ${error}.${found}`
          : `At T = ${decimal(T, 2)}, ${error}, ${way} than at T = 1.${found}`;
    };
    const show = (settled = true) => {
      const T = temperature();
      const [before, after] = [measured(1), measured(T)];
      const n = data.labels[now.people].length;
      diagram.show(
        diagram.line([[0, 0], [1, 1]], "thin"),
        ...gaps(after.bins),
        ...dots(before.bins, n, "explorable-ghost"),
        ...dots(after.bins, n, "full-accent explorable-glass"),
      );
      histogram.show(...bars(after.bins, n));
      NUMBERS.forEach(([key, , form], k) => {
        cells[k][0].textContent = form(before[key]);
        cells[k][1].textContent = form(after[key]);
      });
      const words = decimal(T, 2);
      second.textContent = `T = ${words}`;
      slider.show(now.step, words);
      const errors = [before, after].map(({ error }) => decimal(error, 3));
      title.textContent =
        `${TITLES[now.network]}, ${now.people} people: error ${errors[0]} at T = 1, ` +
        `${errors[1]} at T = ${words}`;
      networks.show(now.network);
      people.show(now.people);
      if (settled) tell();
    };
    const change = (what) => {
      Object.assign(now, what);
      show();
    };
    const networks = explore.pick(
      "Network",
      Object.entries(TITLES),
      (network) => change({ network }),
    );
    const people = explore.pick(
      "People",
      [
        ["validation", "validation people"],
        ["test", "test people"],
      ],
      (chosen) => change({ people: chosen }),
    );
    const reset = button("T = 1", () => change({ step: 0 }));

    const legend = make(
      "p",
      { className: "lab-line" },
      "Above: filled dots are the bins now, larger for more answers, dashed ones at " +
        "T = 1; red is how far a claim is from the facts. Below: the bins' shares of " +
        "the answers.",
    );
    now.step = Math.log2(data.chosen[now.network]); // opens on what it mended
    show();
    return explore.sides(
      title,
      [diagram.element, histogram.element, legend],
      [networks.element, people.element, slider.element, table, reset, status],
      TASKS,
    );
  });
}
