// A window of 3 by 3 slides over a face: the grey values beneath it, the kernel, the nine
// products, and the map of their sums. As in Python in chapter "Building the CNN".
{
  const { make, button, canvas, decimal } = lab.parts;
  const HEAVY = 4; // a weight of the full colour, as in the figure

  // Lay the kernel over every place where it fits; one sum each.
  explore.convolve = ({ shape: [height, width], data }, kernel, stride = 1) => {
    const rows = Math.floor((height - 3) / stride) + 1;
    const columns = Math.floor((width - 3) / stride) + 1;
    const sums = new Float64Array(rows * columns);
    for (let r = 0; r < rows; r += 1)
      for (let c = 0; c < columns; c += 1)
        for (let i = 0; i < 3; i += 1)
          for (let j = 0; j < 3; j += 1)
            sums[r * columns + c] +=
              kernel[3 * i + j] * data[(r * stride + i) * width + c * stride + j];
    return { shape: [rows, columns], data: sums };
  };

  // --- What is asked -----------------------------------------------------------------

  // Whether the map is the face, moved by so many pixels (positive: down, right).
  const isFaceMoved = (map, face, down, right) => {
    const [rows, columns] = map.shape;
    return map.data.every((sum, k) => {
      const r = Math.floor(k / columns) + 1 - down;
      const c = (k % columns) + 1 - right;
      return Math.abs(sum - face.data[r * (columns + 2) + c]) < 1e-6;
    });
  };
  const WAYS = [
    [0, -1, "to the left"],
    [0, 1, "to the right"],
    [-1, 0, "up"],
    [1, 0, "down"],
    [-1, -1, "up and to the left"],
    [-1, 1, "up and to the right"],
    [1, -1, "down and to the left"],
    [1, 1, "down and to the right"],
  ];
  const EVEN = { shape: [3, 3], data: new Uint8Array(9).fill(100) };
  const onEven = (kernel) => explore.convolve(EVEN, kernel).data[0];
  const TASKS = [
    {
      words: "leaves the face as it is,",
      solved: ({ map, face }) => isFaceMoved(map, face, 0, 0),
    },
    {
      words: "moves the face one pixel to the left,",
      solved: ({ map, face }) => isFaceMoved(map, face, 0, -1),
    },
    {
      words:
        "answers 0 on every evenly grey area, with only two weights that are not 0.",
      solved: ({ kernel }) =>
        Math.abs(onEven(kernel)) < 1e-6 && kernel.filter(Boolean).length === 2,
    },
  ];

  // --- Numbers as they are written ---------------------------------------------------

  const words = (value) => {
    for (let below = 1; below <= 16; below += 1) {
      const above = Math.round(value * below);
      if (Math.abs(value * below - above) < 1e-4)
        return (below === 1 ? `${above}` : `${above}/${below}`).replace("-", "−");
    }
    return decimal(value, 2);
  };
  const short = (value) =>
    Math.abs(value - Math.round(value)) < 0.05
      ? decimal(Math.round(value), 0).replace(/^−0$/, "0")
      : decimal(value, 1);
  const read = (text) => {
    const plain = text.trim().replace("−", "-").replace(",", ".");
    const found = plain.match(/^([+-]?\d*\.?\d+)(?:\/(\d+))?$/);
    const value = found ? Number(found[1]) / Number(found[2] ?? 1) : NaN;
    return Math.abs(value) <= 99 ? value : null;
  };

  // --- What is seen ------------------------------------------------------------------

  const rgb = (colour) => `rgb(${colour.join(" ")})`;
  const fill = (element, [r, g, b]) => {
    element.style.background = rgb([r, g, b]);
    element.style.color = 0.3 * r + 0.6 * g + 0.1 * b > 115 ? "#000" : "#fff";
  };
  const largest = (values) =>
    values.reduce((most, one) => Math.max(most, Math.abs(one)), 0);

  // A map without negative sums is a picture; another one is red and blue.
  const colouring = (sums) => {
    const limit = largest(sums);
    if (!limit || sums.some((sum) => sum < -1e-9))
      return {
        colour: (sum) => explore.signed(sum, limit),
        key: limit ? `blue −${short(limit)}, white 0, red ${short(limit)}` : "all 0",
      };
    const grey = (sum) => Array(3).fill(Math.min(Math.round(sum), 255));
    return { colour: grey, key: "none is negative: black 0, white 255" };
  };
  const pixels = (sums, colour) => {
    const image = new Uint8ClampedArray(4 * sums.length);
    sums.forEach((sum, k) => image.set([...colour(sum), 255], 4 * k));
    return image;
  };

  const NAMES = ["top", "middle", "bottom"].flatMap((row) =>
    ["left", "centre", "right"].map((column) => `${row} ${column}`),
  );

  explore.add("convolution", ({ face: packed, kernels, window: first }) => {
    const face = explore.bytes(packed);
    const [height, width] = face.shape;
    let kernel = Object.values(kernels)[0].flat();
    let [row, column] = first;
    let stride = 1;
    let chosen = 4; // the weight that − and + change

    const line = explore.spoken();
    const tasks = explore.tasks("Find a kernel that", TASKS);

    // The four kernels, each with its answer, as in the figure.
    const presets = Object.entries(kernels).map(([name, table]) => {
      const weights = table.flat().map((one) => read(words(one).replace("−", "-")));
      const map = explore.convolve(face, weights);
      const small = canvas("");
      small.element.setAttribute("aria-hidden", true);
      small.paint(pixels(map.data, colouring(map.data).colour), ...map.shape);
      const press = button(small.element, () => change(weights));
      press.append(make("span", {}, name));
      return { press, weights };
    });

    // The face with its window, the map with the place of its sum.
    const picture = canvas("The face of this chapter");
    picture.paint(face.data, width, height);
    const frame = make("span", { className: "window" });
    const over = make("div", { className: "over" }, picture.element, frame);
    const maps = canvas("The map of all sums");
    const spot = make("span", { className: "window" });
    const answer = make("div", { className: "over" }, maps.element, spot);
    const caption = make("figcaption");

    const mostRow = () => height - 3 - ((height - 3) % stride);
    const mostColumn = () => width - 3 - ((width - 3) % stride);
    const inside = (value, most) => Math.min(Math.max(value, 0), most);
    const go = (r, c) => {
      row = inside(stride * Math.round(r / stride), mostRow());
      column = inside(stride * Math.round(c / stride), mostColumn());
      show();
    };
    const tell = explore.pointed(over, "The window: arrow keys move it", {
      moved: (x, y) => go(y * height - 1.5, x * width - 1.5),
      stepped: (dx, dy) => go(row + stride * dy, column + stride * dx),
    });
    explore.pointed(answer, "", {
      moved: (x, y) => go((y * height - 1.5) * stride, (x * width - 1.5) * stride),
    });

    // Beneath the window, times the kernel, is the products.
    const table = (name, cells) =>
      make(
        "div",
        { className: "nine", aria: { role: "group", "aria-label": name } },
        make("span", { className: "name" }, name),
        ...cells,
      );
    const greys = NAMES.map(() => make("span"));
    const products = NAMES.map(() => make("span"));
    const weights = NAMES.map((name, k) => {
      const input = make("input", {
        type: "text",
        inputMode: "none",
        autocomplete: "off",
      });
      input.setAttribute("role", "spinbutton");
      input.setAttribute("aria-label", `weight, ${name}`);
      input.addEventListener("focus", () => choose(k));
      input.addEventListener("change", () => write(k, read(input.value)));
      input.addEventListener("keydown", (event) => {
        const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (!by) return;
        event.preventDefault();
        write(k, (read(input.value) ?? kernel[k]) + by);
      });
      return input;
    });
    const total = make("strong");
    const sum = make("p", { className: "sum" }, "add up to ", total);
    const sign = (text) => make("span", { className: "sign" }, text);
    const less = button("− 1", () => write(chosen, kernel[chosen] - 1));
    const more = button("+ 1", () => write(chosen, kernel[chosen] + 1));
    const none = button("all 0", () => change(kernel.map(() => 0)));
    const strides = [1, 2].map((value) =>
      button(`stride ${value}`, () => {
        stride = value;
        go(row, column);
        line.say(() => `Stride ${value}: ${map.shape.join(" × ")} sums.`);
      }),
    );

    const choose = (k) => {
      chosen = k;
      weights.forEach((one, n) => one.classList.toggle("chosen", n === k));
      less.setAttribute("aria-label", `− 1, weight, ${NAMES[k]}`);
      more.setAttribute("aria-label", `+ 1, weight, ${NAMES[k]}`);
    };
    const write = (k, value) => {
      if (value === null || Math.abs(value) > 99) {
        show();
        line.say(() => "A weight is a number from −99 to 99, such as −1, 0.5 or 1/9.");
      } else change(kernel.map((one, n) => (n === k ? value : one)));
    };
    const change = (next) => {
      kernel = [...next];
      show();
      line.say(verdict);
    };
    const verdict = () => {
      const map = explore.convolve(face, kernel);
      const solved = TASKS.find((task) => task.solved({ map, face, kernel }));
      const news = solved && tasks.done(solved);
      const way = WAYS.find(([down, right]) => isFaceMoved(map, face, down, right));
      return [
        news ? "✓ Found." : "",
        solved === TASKS[0] ? "This kernel leaves the face as it is." : "",
        way ? `This kernel moves the face one pixel ${way[2]}.` : "",
        `On an evenly grey area of 100 it answers ${short(onEven(kernel))}.`,
      ].join(" ");
    };

    const place = (mark, r, c, size) => {
      mark.style.top = `${(100 * r) / height}%`;
      mark.style.left = `${(100 * c) / width}%`;
      mark.style.width = mark.style.height = `${(100 * size) / width}%`;
    };
    let drawn = ""; // the kernel and stride whose map stands there
    let colour;
    let map;
    const show = () => {
      if (drawn !== `${kernel} ${stride}`) {
        drawn = `${kernel} ${stride}`;
        map = explore.convolve(face, kernel, stride);
        const [rows, columns] = map.shape;
        const shades = colouring(map.data);
        colour = shades.colour;
        maps.paint(pixels(map.data, colour), columns, rows);
        maps.element.style.width = `${(100 * columns) / width}%`;
        maps.element.style.margin = `${100 / width}%`;
        caption.textContent = `${rows} × ${columns} sums; ${shades.key}`;
        const heaviest = Math.max(largest(kernel), HEAVY);
        weights.forEach((input, k) => {
          fill(input, explore.signed(kernel[k], heaviest));
          input.setAttribute("aria-valuenow", kernel[k]);
          input.setAttribute("aria-valuetext", words(kernel[k]));
        });
        for (const { press, weights: own } of presets)
          press.setAttribute("aria-pressed", `${own}` === `${kernel}`);
        strides.forEach((press, k) =>
          press.setAttribute("aria-pressed", stride === k + 1),
        );
      }
      weights.forEach((input, k) => (input.value = words(kernel[k])));
      const beneath = NAMES.map(
        (_, k) => face.data[(row + Math.floor(k / 3)) * width + column + (k % 3)],
      );
      const times = beneath.map((grey, k) => grey * kernel[k]);
      const most = largest(times);
      beneath.forEach((grey, k) => {
        greys[k].textContent = grey;
        fill(greys[k], [grey, grey, grey]);
        products[k].textContent = short(times[k]);
        fill(products[k], explore.signed(times[k], most));
      });
      const [r, c] = [row / stride, column / stride];
      const one = map.data[r * map.shape[1] + c];
      total.textContent = short(one);
      fill(total, colour(one));
      place(frame, row, column, 3);
      place(spot, r + 1, c + 1, 1);
      tell(row * width + column, mostRow() * width + mostColumn(), where());
    };
    const where = () => `row ${row}, column ${column}: the sum is ${total.textContent}`;

    over.addEventListener("keydown", () => line.say(() => `Window at ${where()}.`));
    for (const one of [over, answer])
      one.addEventListener("pointerup", () => line.say(() => `Window at ${where()}.`));

    const root = make(
      "div",
      { className: "convolution" },
      make("p", {}, "Drag the window, take another kernel, change its weights:"),
      make(
        "div",
        { className: "pictures" },
        make("figure", {}, over, make("figcaption", {}, `face, ${height} × ${width}`)),
        make("figure", {}, answer, caption),
        make("div", { className: "presets" }, ...presets.map(({ press }) => press)),
      ),
      make(
        "div",
        { className: "sums" },
        table("grey values", greys),
        sign("×"),
        table("kernel", weights),
        sign("="),
        table("products", products),
        sum,
      ),
      make("div", { className: "lab-buttons" }, less, more, none, ...strides),
      line.element,
      tasks.element,
    );
    choose(chosen);
    show();
    line.element.textContent = `Window at ${where()}.`;
    return root;
  });
}
