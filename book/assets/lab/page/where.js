// Where the network looks: squares of the face are covered, one after the other, and
// what the answer loses is drawn over the picture. A worker does the fifty readings.
{
  const lab = (globalThis.lab ??= {});
  const { make, button, panel, status, canvas } = lab.parts;
  const SIDE = 64;
  const BANDS = [
    [0.28, "the forehead"],
    [0.36, "the brows"],
    [0.48, "the eyes"],
    [0.65, "the nose and the cheeks"],
    [0.85, "the mouth"],
    [1, "the chin"],
  ];
  const CELL = 8; // the map is constant in squares of so many pixels
  const GAINS = [86, 180, 233]; // what is lost is warm, what is won is blue
  const LOSES = [255, 122, 0];

  // The picture in grey with the map over it, RGBA.
  const overlay = (grey, map, most) => {
    const image = new Uint8ClampedArray(4 * SIDE * SIDE).fill(255);
    map.forEach((lost, k) => {
      const colour = lost > 0 ? LOSES : GAINS;
      const share = Math.min(Math.abs(lost) / most, 1) * 0.8;
      for (let c = 0; c < 3; c++) {
        image[4 * k + c] = grey[k] * (1 - share) + colour[c] * share;
      }
    });
    return image;
  };

  const inWords = (map, emotion) => {
    const top = map.indexOf(Math.max(...map));
    const square = Math.floor(top / SIDE / CELL);
    const band = BANDS.find(([end]) => ((square + 0.5) * CELL) / SIDE < end)[1];
    const points = Math.round(100 * map[top]);
    if (points < 1) return `No square that is covered costs ${emotion} a point.`;
    return `Covering ${band} costs most: ${emotion} falls by ${points} points.`;
  };

  lab.addWhere = (desk) => {
    const shown = canvas("No map yet", "lab-map");
    const said = status();
    let [maps, wanted] = [null, false];

    const ask = async () => {
      if (!wanted) return;
      const { grey } = desk.shown;
      try {
        maps ??= lab.occlusionMaps(desk.plan);
        const found = await maps.map(grey);
        if (!found || !wanted) return; // the face has changed
        const emotion = desk.plan.emotions[found.emotion];
        const most = Math.max(0.05, ...found.map.map(Math.abs));
        shown.paint(overlay(grey, found.map, most), SIDE);
        const words = inWords(found.map, emotion);
        shown.element.setAttribute(
          "aria-label",
          `The face with a map over it. ${words}`,
        );
        shown.element.hidden = false;
        said.textContent = `${words} Orange: what ${emotion} needs; blue: what speaks against it.`;
      } catch (error) {
        said.textContent =
          `There is no map: ${error.message}. This browser may not ` +
          "allow workers on this page; everything else works.";
      }
    };
    const toggle = button("Map the evidence", () => {
      wanted = !wanted;
      toggle.setAttribute("aria-pressed", wanted);
      if (wanted) ask();
      else {
        maps?.cancel();
        shown.element.hidden = true;
        said.textContent = "";
      }
    });
    toggle.setAttribute("aria-pressed", false);
    shown.element.hidden = true;

    desk.on("shown", () => maps?.cancel());
    desk.on("settled", ask);
    desk.on("network", () => {
      maps?.close();
      maps = null;
    });
    const { element } = panel(
      "Where does it look?",
      make(
        "p",
        {},
        "A grey square covers one place of the face after the other, and " +
          "the network reads each of them: what the answer loses is what that place was " +
          "worth.",
      ),
      toggle,
      shown.element,
      said,
    );
    element.dataset.panel = "where";
    return {
      element,
      get: () => (wanted ? "1" : ""),
      set: () => {
        element.open = true;
        if (!wanted) toggle.click();
      },
    };
  };
}
