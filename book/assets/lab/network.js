// The network of the live lab: from the 64 x 64 grey values of a face to six
// probabilities, layer by layer, with nothing but arrays and loops.
//
// How to read it: a feature map is { shape: [height, width, channels], data }, its
// numbers one after the other in a Float32Array: row by row, in a row place by place,
// at a place channel by channel ("NHWC", as Keras has it). So the number of row y,
// column x, channel c is data[(y * width + x) * channels + c]. Each function below is
// one kind of layer: it takes the layer (its settings and weights), the maps that go
// in, and the array `out` to fill. The file that emolib.export.to_page wrote says which
// layers there are; network-file.js reads it and checks it, so nothing is checked here.
//
// Why everything is one function, and this no module: a page that was opened from a
// disk (file://) may load classic scripts only. Chromium 156 refuses modules, fetch,
// XMLHttpRequest, new Worker("file.js") and importScripts there; it allows a worker
// made of a text (a Blob). The text of this function is what occlusion.js gives to its
// worker, so the function uses nothing that lies outside it.
globalThis.lab ??= {};

lab.networkEngine = function networkEngine() {
  // --- Weighing: what convolutions and dense layers have in common. ---

  // out[at + k] = bias[k] + sum over i of values[i] * kernel[i, k], for `count`
  // filters. Nearly all time is spent here. Half of the values are zeros, which a ReLU
  // left or which lie beyond the border: they are skipped. The others are taken four at
  // a time, so that each sum is read and written once for four products.
  let nonzero = new Int32Array(4096);
  function weigh(values, kernel, bias, out, at, count) {
    if (nonzero.length < values.length) nonzero = new Int32Array(values.length);
    let used = 0;
    for (let i = 0; i < values.length; i++) if (values[i] !== 0) nonzero[used++] = i;
    for (let k = 0; k < count; k++) out[at + k] = bias ? bias[k] : 0;
    let n = 0;
    for (; n + 3 < used; n += 4) {
      const a = nonzero[n];
      const b = nonzero[n + 1];
      const c = nonzero[n + 2];
      const d = nonzero[n + 3];
      const [va, vb, vc, vd] = [values[a], values[b], values[c], values[d]];
      const [ka, kb, kc, kd] = [a * count, b * count, c * count, d * count];
      for (let k = 0; k < count; k++) {
        const upper = va * kernel[ka + k] + vb * kernel[kb + k];
        const lower = vc * kernel[kc + k] + vd * kernel[kd + k];
        out[at + k] += upper + lower;
      }
    }
    for (; n < used; n++) {
      const value = values[nonzero[n]];
      const row = nonzero[n] * count;
      for (let k = 0; k < count; k++) out[at + k] += value * kernel[row + k];
    }
  }

  // Where the window of a layer begins at output 0: 0 with "valid"; with "same" the
  // zeros that are added are shared between both ends, the odd one comes last.
  const before = (padding, size, stride, length, outputs) =>
    padding === "valid"
      ? 0
      : Math.max(0, Math.floor(((outputs - 1) * stride + size - length) / 2));

  // Move a window of [rows, columns] over a map and call visit(at, row, column) for
  // each place of the output: `at` is the number of that place; row and column, in the
  // map, are of the window's upper left corner, and may lie outside.
  function slide({ stride, padding, shape }, [rows, columns], map, visit) {
    const [height, width] = map.shape;
    const top = before(padding, rows, stride[0], height, shape[0]);
    const left = before(padding, columns, stride[1], width, shape[1]);
    for (let y = 0, at = 0; y < shape[0]; y++) {
      for (let x = 0; x < shape[1]; x++, at++) {
        visit(at, y * stride[0] - top, x * stride[1] - left);
      }
    }
  }

  const kinds = {
    // A convolution is a dense layer that sees one window of the map at a time.
    convolution(layer, [map], out) {
      const { kernel, bias } = layer.weights;
      const [rows, columns, channels, filters] = kernel.shape;
      const [height, width] = map.shape;
      const patch = new Float32Array(rows * columns * channels);
      slide(layer, [rows, columns], map, (at, row, column) => {
        patch.fill(0); // what lies beyond the border
        const [first, end] = [Math.max(0, -column), Math.min(columns, width - column)];
        for (let r = Math.max(0, -row); r < Math.min(rows, height - row); r++) {
          const from = ((row + r) * width + column) * channels;
          const [left, right] = [from + first * channels, from + end * channels];
          patch.set(map.data.subarray(left, right), (r * columns + first) * channels);
        }
        weigh(patch, kernel.data, bias?.data, out, at * filters, filters);
      });
    },

    // Each filter sees one channel alone; all channels have the same number of filters.
    // Before a convolution of 1 x 1 it makes a separable one.
    depthwise(layer, [map], out) {
      const { kernel, bias } = layer.weights;
      const [rows, columns, filters] = kernel.shape;
      const [height, width, channels] = map.shape;
      const each = filters / channels;
      slide(layer, [rows, columns], map, (at, row, column) => {
        for (let k = 0; k < filters; k++) {
          out[at * filters + k] = bias ? bias.data[k] : 0;
        }
        const [first, end] = [Math.max(0, -column), Math.min(columns, width - column)];
        for (let r = Math.max(0, -row); r < Math.min(rows, height - row); r++) {
          for (let c = first; c < end; c++) {
            const place = ((row + r) * width + column + c) * channels;
            const weight = (r * columns + c) * filters;
            for (let k = 0; k < filters; k++) {
              const value = map.data[place + Math.floor(k / each)];
              out[at * filters + k] += value * kernel.data[weight + k];
            }
          }
        }
      });
    },

    dense: ({ weights: { kernel, bias } }, [input], out) =>
      weigh(input.data, kernel.data, bias?.data, out, 0, kernel.shape[1]),

    // --- Pooling: the largest number of a window, or the mean of those in the map. ---
    max_pooling: (layer, [map], out) => pool(layer, map, out, largest),
    average_pooling: (layer, [map], out) => pool(layer, map, out, mean),
    global_max: (layer, [map], out) => pool(wholeOf(map), map, out, largest),
    global_average: (layer, [map], out) => pool(wholeOf(map), map, out, mean),

    // --- What happens to each number by itself. ---
    rescaling({ scale, offset }, [{ data }], out) {
      for (let i = 0; i < out.length; i++) out[i] = data[i] * scale + offset;
    },
    // Batch normalisation, once trained: a factor and a summand for each channel.
    normalisation({ weights: { scale, shift } }, [{ data }], out) {
      const channels = scale.data.length;
      for (let i = 0; i < out.length; i += channels) {
        for (let c = 0; c < channels; c++) {
          out[i + c] = data[i + c] * scale.data[c] + shift.data[c];
        }
      }
    },
    addition(layer, inputs, out) {
      out.set(inputs[0].data);
      for (const { data } of inputs.slice(1)) {
        for (let i = 0; i < out.length; i++) out[i] += data[i];
      }
    },
    activation: (layer, [{ data }], out) => out.set(data), // it follows in `read`
    flattening: (layer, [{ data }], out) => out.set(data), // NHWC already is one line

    // --- What the whole face decides. ---
    // Zero mean and unit contrast: bright and dim light become the same.
    standardisation({ floor }, [{ data }], out) {
      let [mean, variance] = [0, 0];
      for (const value of data) mean += value / data.length;
      for (const value of data) variance += (value - mean) ** 2 / data.length;
      const spread = Math.max(Math.sqrt(variance), floor);
      for (let i = 0; i < out.length; i++) out[i] = (data[i] - mean) / spread;
    },
    // Every place in the contrast of its surroundings, which a Gaussian weighs.
    local_contrast({ floor, weights: { means } }, [{ data }], out) {
      const around = bothSides(means, data);
      for (let i = 0; i < out.length; i++) out[i] = data[i] - around[i];
      const squares = out.map((value) => value ** 2);
      const variance = bothSides(means, squares);
      for (let i = 0; i < out.length; i++) {
        out[i] /= Math.max(Math.sqrt(variance[i]), floor);
      }
    },
    shrinking: ({ weights: { down } }, [{ data }], out) =>
      out.set(bothSides(down, data)),
  };

  const largest = { start: -Infinity, join: Math.max, end: (value) => value };
  const mean = {
    start: 0,
    join: (sum, value) => sum + value,
    end: (sum, n) => sum / n,
  };
  function pool(layer, map, out, { start, join, end }) {
    const [height, width, channels] = map.shape;
    const [rows, columns] = layer.size;
    slide(layer, layer.size, map, (at, row, column) => {
      const [top, bottom] = [Math.max(0, row), Math.min(height, row + rows)];
      const [left, right] = [Math.max(0, column), Math.min(width, column + columns)];
      for (let c = 0; c < channels; c++) {
        let value = start;
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) {
            value = join(value, map.data[(y * width + x) * channels + c]);
          }
        }
        out[at * channels + c] = end(value, (bottom - top) * (right - left));
      }
    });
  }
  const wholeOf = ({ shape: [height, width] }) => {
    return { size: [height, width], stride: [1, 1], padding: "valid", shape: [1, 1] };
  };

  // M * image * M transposed: the rows of M weigh the rows of an image, then its
  // columns.
  function bothSides({ shape: [side, length], data }, image) {
    const half = new Float32Array(side * length); // M * image
    const whole = new Float32Array(side * side);
    for (let y = 0; y < side; y++) {
      const row = data.subarray(y * length, (y + 1) * length);
      weigh(row, image, null, half, y * length, length);
      for (let x = 0; x < side; x++) {
        let sum = 0;
        for (let i = 0; i < length; i++) {
          sum += half[y * length + i] * data[x * length + i];
        }
        whole[y * side + x] = sum;
      }
    }
    return whole;
  }

  // --- Activations: what is done to the sums of a layer. ---
  const each = (change) => (data) => {
    for (let i = 0; i < data.length; i++) data[i] = change(data[i]);
  };
  const activations = {
    relu: each((x) => (x > 0 ? x : 0)),
    sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
    tanh: each(Math.tanh),
    silu: each((x) => x / (1 + Math.exp(-x))),
    // Scores to shares that sum to 1; the largest is taken off so that nothing
    // overflows.
    softmax(data) {
      const largest = data.reduce((a, b) => Math.max(a, b));
      each((x) => Math.exp(x - largest))(data);
      const sum = data.reduce((a, b) => a + b);
      each((x) => x / sum)(data);
    },
  };

  // Make a network of a plan (what network-file.js made of a file). `read` takes 4096
  // grey values, 0 to 255, and returns what every layer gave, by name; the last one
  // gave the probabilities. The arrays are used again by the next reading.
  function startNetwork(plan) {
    const maps = new Map();
    const face = { name: "face", shape: plan.input };
    for (const { name, shape } of [face, ...plan.layers]) {
      maps.set(name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
    }
    return {
      read(grey) {
        maps.get("face").data.set(grey);
        for (const layer of plan.layers) {
          const inputs = layer.from.map((name) => maps.get(name));
          const out = maps.get(layer.name).data;
          kinds[layer.type](layer, inputs, out);
          if (layer.activation) activations[layer.activation](out);
        }
        return maps;
      },
    };
  }
  return { startNetwork };
};
