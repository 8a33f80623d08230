// What "look inside" shows: feature maps as grey pictures, the place that was chosen, the
// patch of the face that it sees, and a table of products.
{
  const lab = (globalThis.lab ??= {});
  const { make, decimal } = lab.parts;
  const SIDE = 64;
  const TOP = 5; // products that are listed

  // One channel in grey: black is the least number of the layer, white the largest.
  lab.channelOf = ({ data }, [height, width, channels], channel, least, most) => {
    const grey = new Uint8ClampedArray(height * width);
    const scale = 255 / (most - least || 1);
    for (let k = 0; k < grey.length; k++) {
      grey[k] = (data[k * channels + channel] - least) * scale;
    }
    return grey;
  };

  // The face with all but a patch darkened, RGBA.
  lab.spotlight = (grey, { top, left, height, width }) => {
    const image = new Uint8ClampedArray(4 * SIDE * SIDE).fill(255);
    grey.forEach((value, k) => {
      const [y, x] = [Math.floor(k / SIDE), k % SIDE];
      const inside = y >= top && y < top + height && x >= left && x < left + width;
      image.fill(inside ? value : value * 0.4, 4 * k, 4 * k + 3);
    });
    return image;
  };

  // The products that count most, with where they come from.
  lab.productTable = (products) => {
    const cells = (tag, ...texts) =>
      make("tr", {}, ...texts.map((text) => make(tag, {}, text)));
    const place = ({ row, column, channel }) =>
      row === undefined
        ? `number ${channel}`
        : `row ${row}, column ${column}, map ${channel}`;
    return make(
      "table",
      { className: "lab-table" },
      make(
        "caption",
        {},
        `The ${Math.min(TOP, products.length)} products that count most`,
      ),
      make("thead", {}, cells("th", "from", "value", "weight", "product")),
      make(
        "tbody",
        {},
        ...products
          .slice(0, TOP)
          .map((one) =>
            cells(
              "td",
              place(one),
              decimal(one.value),
              decimal(one.weight),
              decimal(one.product),
            ),
          ),
      ),
    );
  };

  // A map, enlarged, with a frame round the chosen place: RGBA, width, height.
  lab.markPlace = (grey, [height, width], { row, column }) => {
    const scale = Math.max(1, Math.floor(192 / width));
    const [tall, wide] = [height * scale, width * scale];
    const image = new Uint8ClampedArray(4 * tall * wide).fill(255);
    for (let y = 0; y < tall; y++) {
      for (let x = 0; x < wide; x++) {
        const [r, c] = [Math.floor(y / scale), Math.floor(x / scale)];
        const at = 4 * (y * wide + x);
        image.fill(grey[r * width + c], at, at + 3);
        const edge = Math.min(
          y - r * scale,
          x - c * scale,
          (r + 1) * scale - 1 - y,
          (c + 1) * scale - 1 - x,
        );
        if (r === row && c === column && edge < 2) image.set([255, 122, 0], at);
      }
    }
    return [image, wide, tall];
  };
}
