// Your browser against Python: the lab's network reads faces whose answers Python
// stored in the page, and every layer is held against Keras (chapter "Into the
// browser"). The lab's scripts and its network are loaded when a reader asks for them.
{
  const { make, button, status, canvas, count } = lab.parts;
  const SIDE = 64;
  const LAB = new URL("../lab/", document.currentScript.src);
  const SCRIPTS = ["network", "layer-kinds", "network-file"];
  const EMOTIONS = ["anger", "disgust", "fear", "happiness", "sadness", "surprise"];
  const ALLOWED = 1e-3; // of a layer's scale, and of a probability
  const LEAST = 1e-8; // what the chart shows of "equal"
  const [MOST_READINGS, MOST_TIME] = [60, 1500]; // ms

  const loadScript = (name) =>
    new Promise((resolve, reject) => {
      const script = make("script", { src: new URL(`${name}.js`, LAB), async: false });
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${name}.js did not load.`));
      document.head.append(script);
    });

  // The engine and the network's plan, loaded once.
  const load = async () => {
    if (!lab.openNetwork) await Promise.all(SCRIPTS.map(loadScript));
    const plan = await lab.openNetwork("synthface");
    return { plan, network: lab.networkEngine().startNetwork(plan) };
  };

  // Read each face; return the answers and how far each layer is from what Python
  // stored of it, as a share of the layer's largest number.
  const compare = ({ plan, network }, faces, told, expected) => {
    const layers = new Map(told.map((one) => [one.name, one]));
    const away = plan.layers.map(() => 0);
    const answers = faces.map((face, k) => {
      const maps = network.read(face);
      plan.layers.forEach(({ name }, at) => {
        const { places, values, scale } = layers.get(name);
        places.forEach((place, n) => {
          const apart = Math.abs(maps.get(name).data[place] - values[k][n]);
          away[at] = Math.max(away[at], apart / scale);
        });
      });
      return [...maps.get(plan.layers.at(-1).name).data];
    });
    const moves = answers.flatMap((answer, k) =>
      answer.map((share, n) => Math.abs(share - expected[k][n])),
    );
    return { answers, away, largest: Math.max(...moves) };
  };

  // The median time of a reading in ms; the page breathes in between.
  const measure = async ({ network }, faces) => {
    const taken = [];
    const start = performance.now();
    while (taken.length < MOST_READINGS && performance.now() - start < MOST_TIME) {
      for (const face of faces) {
        const before = performance.now();
        network.read(face);
        taken.push(performance.now() - before);
      }
      await new Promise((later) => setTimeout(later));
    }
    taken.splice(0, Math.floor(taken.length / 3)); // until it is warm
    taken.sort((a, b) => a - b);
    return taken[Math.floor(taken.length / 2)];
  };

  const best = (answer) => answer.indexOf(Math.max(...answer));
  const said = (answer) =>
    `${EMOTIONS[best(answer)]} ${(100 * Math.max(...answer)).toFixed(2)}\u00a0%`;
  const short = (value) => (value < 1e-4 ? value.toExponential(0) : value.toFixed(4));

  explore.add("your-browser", (data) => {
    const { shape, data: greys } = explore.bytes(data.faces);
    const faces = [...Array(shape[0]).keys()].map((k) =>
      greys.subarray(SIDE * SIDE * k, SIDE * SIDE * (k + 1)),
    );
    const answers = faces.map(() => make("span", {}, "not asked yet"));
    const pictures = faces.map((face, k) => {
      const words = `Face ${k + 1} of ${faces.length}`;
      const picture = canvas(words);
      picture.paint(face, SIDE);
      const python = `Python: ${said(data.answers[k])}`;
      const line = make("figcaption", {}, python, make("br"), "here: ", answers[k]);
      return make("figure", {}, picture.element, line);
    });
    const row = make("div", { className: "explorable-faces" }, ...pictures);

    const last = data.here.length;
    const chart = explore.chart(
      "How far each layer is from Keras, on a logarithmic axis: measured here, and, " +
        "once you have asked for it, in your browser.",
      {
        height: 220,
        x: { from: 0, to: last + 1, label: "layers, in their order", ticks: [1, last] },
        y: {
          from: LEAST / 2,
          to: 1e-1,
          log: true,
          label: "difference, of the scale",
          ticks: [
            [1e-8, "0"],
            [1e-6, "10⁻⁶"],
            [1e-4, "10⁻⁴"],
            [1e-2, "10⁻²"],
          ],
        },
      },
    );
    const dots = (shares, look, r) =>
      shares.map((share, k) => chart.dot([k + 1, Math.max(share, LEAST)], look, r));
    const limit = [0, last + 1].map((at) => [at, ALLOWED]);
    const here = () => [
      chart.line(limit, "alert-line dashed"),
      ...dots(data.here, "full-quiet", 3),
    ];
    chart.show(...here());
    const key = make(
      "p",
      { className: "lab-small" },
      "Grey: measured here, 24 faces, every place. Blue: your browser. Dashed: allowed.",
    );

    const line = status();
    const run = button(
      `Read the faces (loads ${count(data.kilobytes)} kB)`,
      async () => {
        run.disabled = true;
        line.textContent = "Loading the network.";
        try {
          const loaded = await load();
          const found = compare(loaded, faces, data.layers, data.answers);
          found.answers.forEach((one, k) => (answers[k].textContent = said(one)));
          chart.show(...here(), ...dots(found.away, "full-accent", 4));
          const time = await measure(loaded, faces);
          const worst = Math.max(...found.away);
          const fits = Math.max(worst, found.largest) <= ALLOWED;
          line.textContent =
            `${fits ? "Within what is allowed." : "Further than allowed."} A ` +
            `probability moves by up to ${short(found.largest)}, a layer by ` +
            `${short(worst)} of its scale. A reading takes ${time.toFixed(1)} ms; ` +
            `here it took ${data.milliseconds.toFixed(1)} ms (Chromium ${data.browser}).`;
        } catch (error) {
          line.textContent =
            `It did not run: ${error.message} Check the connection, and press the ` +
            "button again; what was measured here is in the chart.";
        }
        run.disabled = false;
      },
    );
    return make("div", {}, row, make("p", {}, run), line, chart.element, key);
  });
}
