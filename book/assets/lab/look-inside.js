// What a unit of the network looks at, and what that costs: for "look inside".
//
// A unit is one number of one layer: a channel at a place. What it depends on is found
// by walking from it back to the face: the window of each layer on the way is enlarged
// to what that layer needs of the one before (the receptive field). Windows are boxes,
// { rows, columns, channels }, each from a number up to, but without, another.
{
  const lab = (globalThis.lab ??= {});

  const join = (one, other) => [Math.min(one[0], other[0]), Math.max(one[1], other[1])];
  const size = (box) =>
    Object.values(box).reduce((all, [from, end]) => all * (end - from), 1);
  const all = (shape) => {
    const [height, width, channels] = shape.length === 3 ? shape : [1, 1, ...shape];
    return { rows: [0, height], columns: [0, width], channels: [0, channels] };
  };

  // What a window of `size` that moves by `stride` needs along one axis, within the
  // map.
  function span([from, end], size, stride, padding, length, outputs) {
    const added = Math.max(0, Math.floor(((outputs - 1) * stride + size - length) / 2));
    const first = from * stride - (padding === "same" ? added : 0);
    const last = first + (end - 1 - from) * stride + size;
    return [Math.max(0, first), Math.min(length, last)];
  }
  function moved(layer, [rows, columns], box, input, channels) {
    const { stride, padding, shape } = layer;
    return {
      rows: span(box.rows, rows, stride[0], padding, input[0], shape[0]),
      columns: span(box.columns, columns, stride[1], padding, input[1], shape[1]),
      channels,
    };
  }

  // What a layer needs of its input for the numbers in a box of its output.
  const NEEDS = {
    convolution: (layer, box, input) =>
      moved(layer, layer.weights.kernel.shape, box, input, [0, input[2]]),
    depthwise(layer, box, input) {
      const each = layer.shape[2] / input[2];
      const [from, end] = box.channels;
      const channels = [Math.floor(from / each), Math.ceil(end / each)];
      return moved(layer, layer.weights.kernel.shape, box, input, channels);
    },
    max_pooling: (layer, box, input) =>
      moved(layer, layer.size, box, input, box.channels),
    average_pooling: (layer, box, input) =>
      moved(layer, layer.size, box, input, box.channels),
    global_average: (layer, box, input) => ({ ...all(input), channels: box.channels }),
    global_max: (layer, box, input) => ({ ...all(input), channels: box.channels }),
    dense: (layer, box, input) => all(input),
    flattening(layer, { channels: [unit, end] }, input) {
      if (end - unit > 1 || input.length === 1) return all(input);
      const [, width, channels] = input;
      const [place, channel] = [Math.floor(unit / channels), unit % channels];
      const [row, column] = [Math.floor(place / width), place % width];
      const one = (k) => [k, k + 1];
      return { rows: one(row), columns: one(column), channels: one(channel) };
    },
    // The pixels that a place of the smaller picture covers. A little of those around
    // comes in, too, as with every good way of making a picture smaller.
    shrinking(layer, box, [height]) {
      const ratio = height / layer.shape[0];
      const covered = ([from, end]) => [
        Math.floor(from * ratio),
        Math.ceil(end * ratio),
      ];
      return { ...box, rows: covered(box.rows), columns: covered(box.columns) };
    },
  };
  // Layers that take mean and contrast of the whole face, or of a wide surrounding:
  // what they do to one place is drawn as if it depended on that place alone.
  const WIDE = ["standardisation", "local_contrast"];

  // Look at channel `unit` at a place of a layer; of a layer that is a line of numbers,
  // `unit` is the place in the line. Returns
  //   patch         { top, left, height, width }, the pixels of the face that it sees
  //   windows       Map from the name of each layer before it to its box there
  //   multiplyAdds  { unit, layer, behind, network }: of this number from its own
  //                 window, of all numbers of its layer, of everything that this number
  //                 rests on, and of the whole network; as is usual, products with the
  //                 zeros beyond a border count
  //   wide          names of the layers on the way that take in more than the patch
  lab.lookInside = (plan, name, unit, row = 0, column = 0) => {
    const shapes = new Map(plan.layers.map((layer) => [layer.name, layer.shape]));
    shapes.set("face", plan.input);
    const whole = all(shapes.get(name) ?? [0]);
    const windows = new Map([
      [
        name,
        {
          rows: [row, row + 1],
          columns: [column, column + 1],
          channels: [unit, unit + 1],
        },
      ],
    ]);
    for (const [axis, [from, end]] of Object.entries(windows.get(name))) {
      if (!(from >= 0 && end <= whole[axis][1])) {
        throw new RangeError(
          `${name} has no unit ${unit} at row ${row}, column ${column}.`,
        );
      }
    }
    const cost = { unit: 0, layer: 0, behind: 0, network: 0 };
    const wide = [];
    for (const layer of plan.layers.toReversed()) {
      cost.network += layer.multiplyAdds;
      const box = windows.get(layer.name);
      if (!box) continue;
      const each = layer.multiplyAdds / size(all(layer.shape));
      cost.behind += each * size(box);
      if (layer.name === name)
        Object.assign(cost, { unit: each, layer: layer.multiplyAdds });
      if (WIDE.includes(layer.type)) wide.unshift(layer.name);
      for (const source of layer.from) {
        const needs = NEEDS[layer.type]?.(layer, box, shapes.get(source)) ?? box;
        const before = windows.get(source) ?? needs;
        windows.set(
          source,
          Object.fromEntries(
            Object.keys(needs).map((axis) => [axis, join(needs[axis], before[axis])]),
          ),
        );
      }
    }
    const {
      rows: [top, bottom],
      columns: [left, right],
    } = windows.get("face");
    const patch = { top, left, height: bottom - top, width: right - left };
    for (const key of Object.keys(cost)) cost[key] = Math.round(cost[key]);
    return { patch, windows, multiplyAdds: cost, wide };
  };
}
