// The arithmetic behind one number of a layer: what was multiplied, and with what.
{
  const lab = (globalThis.lab ??= {});
  const show = (value) => lab.parts.decimal(value, Math.abs(value) < 10 ? 3 : 1);

  // The products of a convolution or a dense layer at a place, largest first:
  // { row, column, channel, value, weight, product }, places in the map before.
  const products = (layer, before, unit, row, column) => {
    const { kernel } = layer.weights;
    const found = [];
    const filters = kernel.shape.at(-1);
    const add = (at, weight, place) => {
      const value = before.data[at];
      found.push({ ...place, value, weight, product: value * weight });
    };
    if (layer.type === "dense") {
      for (let k = 0; k < before.data.length; k++) {
        add(k, kernel.data[k * filters + unit], { channel: k });
      }
      return found;
    }
    const [rows, columns, channels] = kernel.shape;
    const [height, width] = before.shape;
    const start = (k, size, length) => {
      const [stride, outputs] = [layer.stride[k], layer.shape[k]];
      const added = Math.floor(((outputs - 1) * stride + size - length) / 2);
      return layer.padding === "same" ? Math.max(0, added) : 0;
    };
    const top = row * layer.stride[0] - start(0, rows, height);
    const left = column * layer.stride[1] - start(1, columns, width);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const [y, x] = [top + r, left + c];
        if (y < 0 || x < 0 || y >= height || x >= width) continue; // a zero
        for (let channel = 0; channel < channels; channel++) {
          const weight =
            kernel.data[((r * columns + c) * channels + channel) * filters + unit];
          add((y * width + x) * channels + channel, weight, {
            row: y,
            column: x,
            channel,
          });
        }
      }
    }
    return found;
  };

  // What a number of a layer is made of: `words`, and the `products` if there are any.
  lab.arithmetic = (layer, maps, unit, row = 0, column = 0) => {
    const out = maps.get(layer.name);
    const [, width = 1, channels = out.data.length] =
      out.shape.length === 3 ? out.shape : [];
    const at = out.shape.length === 3 ? (row * width + column) * channels + unit : unit;
    const value = out.data[at];
    const befores = layer.from.map((name) => maps.get(name));
    const [before] = befores;
    const equals = `= ${show(value)}`;
    if (layer.type === "convolution" || layer.type === "dense") {
      const all = products(layer, before, unit, row, column);
      const bias = layer.weights.bias?.data[unit] ?? 0;
      const sum = (some) => some.reduce((total, { product }) => total + product, 0);
      const above = sum(all.filter(({ product }) => product > 0));
      const below = sum(all.filter(({ product }) => product < 0));
      const total = above + below + bias;
      const then =
        layer.activation === "softmax"
          ? `${show(total)}; softmax makes of the six sums shares: ${show(value)}`
          : layer.activation
            ? `${show(total)}; ${layer.activation} ${equals}`
            : show(total);
      const words =
        `${all.length} products: those above zero sum to ${show(above)}, ` +
        `those below to ${show(below)}; with a bias of ${show(bias)} that is ${then}.`;
      all.sort((one, other) => Math.abs(other.product) - Math.abs(one.product));
      return { value, words, products: all };
    }
    const own = befores.map(({ data }) => data[at]);
    const { scale, shift } = layer.weights;
    const words = {
      normalisation: () =>
        `${show(own[0])} × ${show(scale.data[unit])} + ` +
        `${show(shift.data[unit])} ${equals}.`,
      activation: () =>
        layer.activation === "relu"
          ? `The larger of 0 and ${show(own[0])}: ${show(value)}.`
          : `${layer.activation} of ${show(own[0])} ${equals}.`,
      addition: () => `${own.map(show).join(" + ")} ${equals}.`,
      rescaling: () => `${show(own[0])} × ${layer.scale} + ${layer.offset} ${equals}.`,
      average_pooling: () =>
        `The mean of a window of ${layer.size.join(" × ")} ${equals}.`,
      max_pooling: () =>
        `The largest of a window of ${layer.size.join(" × ")} ${equals}.`,
      global_average: () =>
        `The mean of a whole map of ` +
        `${before.shape.slice(0, 2).join(" × ")} ${equals}.`,
      standardisation: () =>
        "The grey value, less the mean of the face, in units of " +
        `its contrast: ${show(value)}.`,
      local_contrast: () =>
        "The value, less the mean of its surroundings, in units of " +
        `their contrast: ${show(value)}.`,
    };
    return { value, words: words[layer.type]?.() ?? `The number is ${show(value)}.` };
  };
}
