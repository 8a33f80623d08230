// A leak by degrees, along measured points: what is reported, and what new people get.
{
  const { make, button, percent, decimal, count } = lab.parts;
  const { svg } = explore;

  const range = ([low, high]) => `${Math.round(100 * low)} to ${percent(high)}`;
  const points = (share) => decimal(100 * share, 1);

  // The first point whose reported interval no longer holds what new people get.
  explore.firstMisled = (measured) =>
    measured.findIndex((one) => one.honest.accuracy < one.reported.interval[0]);

  // A hundred training frames, two rows of fifty, some of them leaked.
  const strip = (share) => {
    const leaked = Math.round(100 * share);
    const frames = Array.from({ length: 100 }, (_, k) =>
      svg("rect", {
        class: k < leaked ? "full-alert" : "full-quiet",
        x: 7.4 * Math.floor(k / 2) + 5,
        y: 8 * (k % 2) + 1,
        width: 6,
        height: 6.5,
      }),
    );
    return [leaked, frames];
  };

  explore.add("splits", ({ training_images, points: measured }) => {
    const title = make("p", { className: "explorable-title" });
    const shares = measured.map((one) => one.share);
    const chart = explore.chart("Accuracy against the share of leaked frames", {
      height: 250,
      x: {
        from: -0.03,
        to: 1.03,
        label: "other frames of the tested clips that leaked",
        ticks: [0, 0.25, 0.5, 0.75, 1].map((share) => [share, percent(share)]),
      },
      y: {
        from: 0.65,
        to: 1,
        label: "accuracy (%)",
        ticks: [0.7, 0.8, 0.9, 1].map((share) => [share, `${Math.round(100 * share)}`]),
      },
    });
    const band = (name, look) => {
      const low = measured.map((one) => [one.share, one[name].interval[0]]);
      const high = measured.map((one) => [one.share, one[name].interval[1]]);
      const corners = [...low, ...high.reverse()];
      const at = corners.map(([x, y]) => `${chart.x.at(x)},${chart.y.at(y)}`);
      return svg("polygon", { class: look, points: at.join(" ") });
    };
    const line = (name, look) =>
      chart.line(measured.map((one) => [one.share, one[name].accuracy]), look);
    const label = (name, words, above, look) => {
      const [x, y] = [0.5, measured[3][name].accuracy];
      const place = { x: chart.x.at(x) - 8, y: chart.y.at(y) + (above ? -12 : 30) };
      return svg("text", { class: `end ${look}`, ...place }, words);
    };

    const frames = svg("svg", { class: "drawing", viewBox: "0 0 380 17", role: "img" });
    const status = make("p", { className: "explorable-told", aria: { role: "status" } });
    const training = make("p", { className: "lab-line" });
    const reported = make("td");
    const honest = make("td");
    const row = (words, look, cell) =>
      make("tr", {}, make("th", { scope: "row", className: look }, words), cell);
    const table = make(
      "table",
      { className: "explorable-numbers" },
      make(
        "tbody",
        {},
        row("reported", "splits-reported", reported),
        row("new people", "splits-honest", honest),
      ),
    );

    let at = measured.length - 1;
    const show = (index, settled = true) => {
      at = index;
      const one = measured[at];
      const mean = one.leaked.reduce((sum, n) => sum + n, 0) / one.leaked.length;
      const x = chart.x.at(one.share);
      const [high, low] = [one.reported, one.honest].map((k) => chart.y.at(k.accuracy));
      chart.show(
        band("reported", "splits-band alert"),
        band("honest", "splits-band"),
        line("reported", "alert-line"),
        line("honest", "accent-line"),
        label("reported", "reported", true, "alert"),
        label("honest", "new people", false, "accent"),
        svg("line", { class: "line", x1: x, x2: x, y1: high, y2: low }),
        chart.dot([one.share, one.reported.accuracy], "full-alert", 6),
        chart.dot([one.share, one.honest.accuracy], "full-accent", 6),
      );
      const [leaked, squares] = strip(mean / training_images);
      frames.replaceChildren(...squares);
      frames.setAttribute("aria-label", `${leaked} of a hundred training frames`);
      training.textContent =
        `In red: ${count(Math.round(mean))} of ${count(training_images)} training ` +
        `frames, ${decimal((100 * mean) / training_images, 1)}\u00a0%.`;
      reported.textContent =
        `${percent(one.reported.accuracy)} (${range(one.reported.interval)})`;
      honest.textContent =
        `${percent(one.honest.accuracy)} (${range(one.honest.interval)})`;
      const [gain, ...ends] = one.flattered_by;
      title.textContent = at
        ? `${percent(one.share)} leaked: the report is ${points(gain)} points too high`
        : "Nothing leaked: the report is what new people get";
      slider.show(at, percent(one.share));
      if (settled)
        status.textContent = at
          ? `Too high by ${points(ends[0])} to ${points(ends[1])} points ` +
            "(95\u00a0% interval over people)."
          : "Both are one number: no network has met these clips.";
    };

    // --- To move: the slider, or the chart itself -----------------------------------

    const limits = { least: 0, most: measured.length - 1, step: 1 };
    const slider = lab.parts.slider("Leaked", limits, (index, settled) =>
      show(index, settled),
    );
    const moved = (x, _, settled) => {
      const share = chart.x.of(x * chart.width);
      const away = shares.map((one) => Math.abs(one - share));
      show(away.indexOf(Math.min(...away)), settled);
    };
    chart.element.classList.add("explorable-drag");
    explore.pointed(chart.element, "", { moved }); // the slider is for the keyboard

    // --- To find out ----------------------------------------------------------------

    const check = button("Check this point", () => {
      const first = explore.firstMisled(measured);
      if (at < first) status.textContent = "Not yet: here it still holds it.";
      else if (at > first) status.textContent = "Outside, but not for the first time.";
      else
        status.textContent =
          "Yes. The interval covers the luck of the people; of a leak it knows nothing.";
    });

    show(at);
    return explore.sides(
      title,
      [chart.element],
      [slider.element, frames, training, table, check, status],
      [
        "Move the leak up from nothing, with the slider or in the figure. From which " +
          "point on does the interval of the report (in brackets) no longer hold what " +
          "new people get?",
        "Does the network itself become worse when more leaks?",
      ],
    );
  });
}
