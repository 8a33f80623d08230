// The confusion matrix as buttons: behind each count are the faces that ended there.
{
  const { make, button, percent, count, decimal } = lab.parts;
  const TITLES = { "plain-cnn": "plain CNN", "small-cnn": "small CNN" };

  const TASKS = [
    "Open a count, then a face. What do the angry faces called disgust have in " +
      "common? Are they faint? Are they of one person? Is it something in the face?",
    "What can you not see on most of the fearful faces that were called surprise?",
    "Switch networks. Does the small CNN make the first of these mistakes, too?",
  ];

  // counts[label][answer]
  explore.confusion = (labels, said, classes) => {
    const counts = Array.from({ length: classes }, () => Array(classes).fill(0));
    labels.forEach((label, image) => (counts[label][said[image]] += 1));
    return counts;
  };

  const mean = (values) => values.reduce((sum, one) => sum + one, 0) / values.length;

  // The mistake that is made most often, as [label, answer].
  const worst = (counts) => {
    let found = [0, 1];
    counts.forEach((row, label) =>
      row.forEach((n, answer) => {
        if (label !== answer && n > counts[found[0]][found[1]]) found = [label, answer];
      }),
    );
    return found;
  };

  // The two emotions that are mixed up most, in either direction: [one, other, times].
  explore.mixedUp = (counts) => {
    let found = [0, 1, -1];
    for (let one = 0; one < counts.length; one += 1)
      for (let other = one + 1; other < counts.length; other += 1) {
        const times = counts[one][other] + counts[other][one];
        if (times > found[2]) found = [one, other, times];
      }
    return found;
  };

  explore.add("confusion", (data) => {
    const { emotions, labels, said, people, intensity } = data;
    const { surest, faces, shares, strip } = data; // those that are shown
    const networks = Object.keys(said);
    let network = networks[0];
    let counts = explore.confusion(labels, said[network], emotions.length);
    let open = worst(counts); // [label, answer]
    let cursor = open; // where the arrow keys are

    // The faces are one picture, each below the other.
    const blob = new Blob([explore.bytes(strip).data], { type: "image/webp" });
    const picture = `url(${URL.createObjectURL(blob)})`;
    const place = new Map(faces.map((image, k) => [image, k]));

    // --- The matrix -----------------------------------------------------------------

    const cells = emotions.map((label, i) =>
      emotions.map((answer, j) => {
        const cell = button("", () => show([i, j]));
        cell.addEventListener("focus", () => move([i, j]));
        return cell;
      }),
    );
    const head = (words, scope) =>
      make("th", { scope }, make("span", {}, words));
    const rows = cells.map((row, i) =>
      make(
        "tr",
        {},
        head(emotions[i], "row"),
        ...row.map((cell) => make("td", {}, cell)),
      ),
    );
    const corner = make("td", { className: "explorable-corner" }, "label ↓ says →");
    const columns = emotions.map((emotion) => head(emotion, "col"));
    const matrix = make(
      "table",
      { className: "confusion-matrix" },
      make("thead", {}, make("tr", {}, corner, ...columns)),
      make("tbody", {}, ...rows),
    );
    const STEPS = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    matrix.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      const last = emotions.length - 1;
      const [i, j] = cursor.map((at, k) => Math.min(last, Math.max(0, at + step[k])));
      cells[i][j].focus();
    });
    // One of the cells is reached with Tab, the others from there with the arrows.
    const move = (where) => {
      cells[cursor[0]][cursor[1]].tabIndex = -1;
      cursor = where;
      cells[cursor[0]][cursor[1]].tabIndex = 0;
    };

    const title = make("p", { className: "explorable-title" });
    const draw = () => {
      const [one, other, times] = explore.mixedUp(counts);
      const wrong = labels.filter((label, image) => label !== said[network][image]);
      const pair = `${emotions[one]} and ${emotions[other]}`;
      title.textContent =
        `${TITLES[network]} mixes up ${pair} most: ` +
        `${times} of ${count(wrong.length)} mistakes`;
      counts.forEach((row, i) => {
        const total = row.reduce((sum, n) => sum + n, 0);
        row.forEach((n, j) => {
          const cell = cells[i][j];
          cell.textContent = n || "";
          const share = n / total; // of its row; few are told apart by their roots
          const ground = share > 0.5 ? 0.6 + 0.4 * share : 0.75 * Math.sqrt(share);
          cell.className = share > 0.5 ? "most" : "";
          cell.style.setProperty("--ground", ground);
          cell.ariaLabel = `${emotions[i]} called ${emotions[j]}: ${n}`;
          cell.setAttribute("aria-pressed", i === open[0] && j === open[1]);
        });
      });
    };

    // --- The faces of a cell --------------------------------------------------------

    const told = make("p", { className: "confusion-told", aria: { role: "status" } });
    const row = make("div", { className: "confusion-faces" });
    const who = make("p", { className: "lab-line" });
    const bars = lab.answerBars(emotions);
    const answer = make("div", {}, who, bars.element);

    const select = (image) => {
      for (const one of row.children)
        one.setAttribute("aria-pressed", one.dataset.image === String(image));
      const label = emotions[labels[image]];
      who.textContent =
        `Person ${people[image]}, labelled ${label}, ` +
        `intensity ${decimal(intensity[image], 2)}. The network's six probabilities:`;
      bars.show(shares[network][place.get(image)], 0);
    };

    const list = () => {
      const [label, called] = open;
      const here = labels
        .map((_, image) => image)
        .filter((image) => labels[image] === label && said[network][image] === called);
      const all = labels.map((_, image) => image).filter((k) => labels[k] === label);
      const of = (images) => decimal(mean(images.map((image) => intensity[image])), 2);
      const names = `${emotions[label]} called ${emotions[called]}`;
      answer.hidden = here.length === 0;
      if (here.length === 0) {
        told.textContent = `The ${TITLES[network]}: ${names}, not once.`;
        row.replaceChildren();
        return;
      }
      const persons = new Set(here.map((image) => people[image])).size;
      told.textContent =
        `The ${TITLES[network]}: ${names}, ${count(here.length)} of ${all.length} ` +
        `(${percent(here.length / all.length)}), ${persons} ` +
        `${persons === 1 ? "person" : "people"}, mean intensity ${of(here)} ` +
        `(all faces labelled ${emotions[label]}: ${of(all)}).`;
      // the surest first, one of each clip
      const shown = surest[network].filter((image) => here.includes(image));
      row.replaceChildren(
        ...shown.map((image) => {
          const face = button("", () => select(image));
          const share = shares[network][place.get(image)][called];
          face.dataset.image = image;
          face.ariaLabel =
            `Person ${people[image]}, ${emotions[called]} ${percent(share)}`;
          face.style.backgroundImage = picture;
          face.style.setProperty("--place", place.get(image));
          return face;
        }),
      );
      select(shown[0]);
    };

    const show = (where) => {
      open = where;
      move(where);
      draw();
      list();
    };
    const choose = (name) => {
      network = name;
      counts = explore.confusion(labels, said[network], emotions.length);
      pick.show(name);
      show(open);
    };
    const options = networks.map((name) => [name, TITLES[name]]);
    const pick = explore.pick("Network", options, choose);
    for (const cell of cells.flat()) cell.tabIndex = -1;
    choose(network);
    return make(
      "div",
      {},
      title,
      pick.element,
      make(
        "div",
        { className: "confusion-sides" },
        matrix,
        make("div", {}, told, row, answer),
      ),
      explore.questions(...TASKS),
    );
  });
}
