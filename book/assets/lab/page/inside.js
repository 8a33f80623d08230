// Look inside: what every layer makes of this face, as small pictures; and for one of
// its numbers, the patch of the face that it sees and the multiply-adds behind it.
{
  const lab = (globalThis.lab ??= {});
  const { make, choice, slider, panel, status, canvas, count, decimal, paintOn } =
    lab.parts;
  const SIDE = 64;

  // A line of numbers is shown as maps of one place.
  const sizeOf = ({ shape }) => (shape.length === 3 ? shape : [1, 1, shape[0]]);
  const kindOf = ({ type }) => type.replace("_", " ");
  const article = (word) => (/^[aeiou]/.test(word) ? "An" : "A");

  lab.addInside = (desk) => {
    let at = { layer: null, channel: 0, row: 0, column: 0 };
    const layers = choice("Layer", [], (layer) => {
      at = { layer, channel: 0, row: 0, column: 0 };
      middle();
      draw();
    });
    const about = make("p", { className: "lab-small" });
    const maps = make("div", { className: "lab-maps" });
    maps.setAttribute("role", "group");
    maps.setAttribute("aria-label", "Feature maps of this layer; arrow keys move on");
    const large = canvas("The chosen map", "lab-large");
    const patch = canvas("What it sees of the face", "lab-large");
    const words = status();
    const sum = make("p", {});
    const list = make("div", { className: "lab-scroll" });
    list.setAttribute("role", "group");
    list.setAttribute("aria-label", "Products");
    list.tabIndex = 0;
    const places = ["row", "column"].map((axis) =>
      slider(
        axis === "row" ? "Row" : "Column",
        { least: 0, most: 1, step: 1 },
        (value) => {
          at = { ...at, [axis]: value };
          drawUnit();
        },
      ),
    );
    const layerOf = () => desk.plan.layers.find(({ name }) => name === at.layer);
    const middle = () => {
      const [height, width] = sizeOf(layerOf());
      at.row = height >> 1;
      at.column = width >> 1;
    };

    const pick = (channel, focus) => {
      at = { ...at, channel };
      drawUnit();
      if (focus) maps.children[channel].focus();
    };
    const buttonOf = (channel) => {
      const picture = make("canvas", { aria: { "aria-hidden": true } });
      const one = make("button", { type: "button" }, picture);
      one.setAttribute("aria-label", `Map ${channel}`);
      one.addEventListener("click", () => pick(channel));
      return one;
    };
    maps.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[
        event.key
      ];
      const last = maps.children.length - 1;
      const to = { Home: 0, End: last }[event.key] ?? at.channel + (step ?? NaN);
      if (Number.isNaN(to)) return;
      event.preventDefault();
      if (to >= 0 && to <= last) pick(to, true);
    });
    large.element.addEventListener("click", ({ offsetX, offsetY, target }) => {
      const [height, width] = sizeOf(layerOf());
      at.row = Math.min(
        height - 1,
        Math.floor((offsetY / target.clientHeight) * height),
      );
      at.column = Math.min(
        width - 1,
        Math.floor((offsetX / target.clientWidth) * width),
      );
      drawUnit();
    });

    let range = [0, 1]; // least and largest number of the layer
    const draw = () => {
      if (!panelOf.open() || !desk.shown) return;
      const layer = layerOf();
      const map = desk.shown.maps.get(layer.name);
      const size = sizeOf(layer);
      let [least, most] = [Infinity, -Infinity];
      for (const value of map.data) {
        if (value < least) least = value;
        if (value > most) most = value;
      }
      range = [least, most];
      layers.select.value = layer.name;
      about.textContent =
        `${article(layer.type)} ${kindOf(layer)} layer: ${size[2]} ` +
        `${size[2] === 1 ? "map" : "maps"} of ${size[0]} × ${size[1]}. Black is the ` +
        `least of its numbers, ${decimal(least, 2)}; white the largest, ` +
        `${decimal(most, 2)}.`;
      while (maps.children.length > size[2]) maps.lastChild.remove();
      while (maps.children.length < size[2])
        maps.append(buttonOf(maps.children.length));
      [...maps.children].forEach((one, channel) => {
        const grey = lab.channelOf(map, size, channel, least, most);
        paintOn(one.firstChild, grey, size[1], size[0]);
      });
      drawUnit();
    };
    const drawUnit = () => {
      const layer = layerOf();
      const size = sizeOf(layer);
      const { grey, maps: found } = desk.shown;
      [...maps.children].forEach((one, channel) => {
        one.setAttribute("aria-pressed", channel === at.channel);
        one.tabIndex = channel === at.channel ? 0 : -1;
      });
      places.forEach(({ element, input, show }, k) => {
        element.hidden = size[k] === 1;
        input.max = size[k] - 1;
        show(k ? at.column : at.row);
      });
      const map = lab.channelOf(found.get(layer.name), size, at.channel, ...range);
      large.paint(...lab.markPlace(map, size, at));
      const seen = lab.lookInside(desk.plan, layer.name, at.channel, at.row, at.column);
      patch.paint(lab.spotlight(grey, seen.patch), SIDE);
      const {
        value,
        words: told,
        products,
      } = lab.arithmetic(layer, found, at.channel, at.row, at.column);
      const { patch: box, multiplyAdds: cost } = seen;
      large.element.setAttribute(
        "aria-label",
        `Map ${at.channel} of ${layer.name}; ` +
          `the number at row ${at.row}, column ${at.column} is ${decimal(value)}`,
      );
      const whole = box.height === SIDE && box.width === SIDE;
      const where = whole
        ? "the whole face"
        : `${box.height} × ${box.width} pixels, ` +
          `rows ${box.top} to ${box.top + box.height - 1}, columns ${box.left} to ` +
          `${box.left + box.width - 1}`;
      const wide = seen.wide.length ? " (and, for contrast, what lies around)" : "";
      patch.element.setAttribute("aria-label", `What it sees of the face: ${where}`);
      words.textContent =
        `Map ${at.channel}, row ${at.row}, column ${at.column}: ` +
        `${decimal(value)}. It sees ${where}${wide}.`;
      sum.textContent =
        `${told} That takes ${count(cost.unit)} multiply-adds for this ` +
        `number, ${count(cost.layer)} for its layer, and ${count(cost.behind)} for ` +
        `all that it rests on; one reading of the network takes ${count(cost.network)}.`;
      list.hidden = !products;
      list.replaceChildren(...(products ? [lab.productTable(products)] : []));
    };

    const start = () => {
      const listed = desk.plan.layers.map((layer) => {
        const [height, width, channels] = sizeOf(layer);
        const words = `${layer.name}: ${kindOf(layer)}, ${height} × ${width} × ${channels}`;
        return make("option", { value: layer.name }, words);
      });
      layers.select.replaceChildren(...listed);
      const first = desk.plan.layers.find(({ type }) => type === "convolution");
      at = {
        layer: (first ?? desk.plan.layers[0]).name,
        channel: 0,
        row: 0,
        column: 0,
      };
      middle();
    };
    const panelOf = panel(
      "Look inside the network",
      layers.element,
      about,
      maps,
      make(
        "div",
        { className: "lab-pair" },
        make(
          "figure",
          {},
          large.element,
          make("figcaption", {}, "the chosen map; click a place"),
        ),
        make(
          "figure",
          {},
          patch.element,
          make("figcaption", {}, "what that number sees"),
        ),
      ),
      ...places.map(({ element }) => element),
      words,
      sum,
      list,
    );
    panelOf.element.addEventListener("toggle", draw);
    desk.on("settled", draw);
    desk.on("network", start);
    start();
    panelOf.element.dataset.panel = "inside";
    return {
      element: panelOf.element,
      get: () =>
        panelOf.open() ? [at.layer, at.channel, at.row, at.column].join("~") : "",
      set(text) {
        const [layer, ...numbers] = text.split("~");
        const [channel, row, column] = numbers.map(Number);
        const found = desk.plan.layers.find(({ name }) => name === layer);
        if (!found) throw new Error(`no layer is called ${layer}.`);
        lab.lookInside(desk.plan, layer, channel, row, column); // throws
        at = { layer, channel, row, column };
        panelOf.element.open = true;
      },
    };
  };
}
