// The kinds of layers that network.js can compute: what each needs, gives and costs.
// network-file.js checks a file against this table.
globalThis.lab ??= {};

lab.layerKinds = (() => {
  const ACTIVATIONS = ["relu", "sigmoid", "tanh", "silu", "softmax"];
  const isCount = (value) => Number.isInteger(value) && value > 0 && value <= 1 << 20;
  const isShape = (value) =>
    Array.isArray(value) && value.length > 0 && value.every(isCount);
  const isPair = (value) => isShape(value) && value.length === 2;
  const product = (shape) => shape.reduce((a, b) => a * b, 1);

  // `axes`: of its inputs, 3 for maps, 1 for a line of numbers; `settings`: what has to
  // be there; `weights(input)`: their shapes, where null stands for any size and "out"
  // for the number of filters; `gives` and `multiplyAdds`: of the layer and its input.
  const SETTINGS = {
    stride: [isPair, "two whole numbers, 1 or more"],
    size: [isPair, "two whole numbers, 1 or more"],
    padding: [(value) => ["same", "valid"].includes(value), '"same" or "valid"'],
    scale: [Number.isFinite, "a number"],
    offset: [Number.isFinite, "a number"],
    floor: [(value) => Number.isFinite(value) && value > 0, "a number above 0"],
    activation: [
      (value) => value === null || ACTIVATIONS.includes(value),
      `null or one of ${ACTIVATIONS.join(", ")}`,
    ],
  };
  const asItCame = (layer, input) => input;
  const nothing = () => 0;
  const moved = (size) => (layer, input) => {
    const length = (k) =>
      layer.padding === "same"
        ? Math.ceil(input[k] / layer.stride[k])
        : Math.floor((input[k] - size(layer)[k]) / layer.stride[k]) + 1;
    return [length(0), length(1)];
  };
  const ofKernel = ({ weights: { kernel } }) => kernel.shape.slice(0, 2);
  const ofPool = ({ size }) => size;
  const filters = ({ weights: { kernel } }) => kernel.shape.at(-1);
  const pooling = {
    axes: 3,
    settings: ["size", "stride", "padding"],
    gives: (layer, input) => [...moved(ofPool)(layer, input), input[2]],
    multiplyAdds: nothing,
  };
  const whole = { axes: 3, gives: (layer, input) => [input[2]], multiplyAdds: nothing };
  const moving = ["stride", "padding", "activation"];
  const matrix = ([height], [side]) => side * height ** 2 + side ** 2 * height;

  const KINDS = {
    convolution: {
      axes: 3,
      settings: moving,
      weights: (input) => ({ kernel: [null, null, input[2], "out"], bias: ["out"] }),
      gives: (layer, input) => [...moved(ofKernel)(layer, input), filters(layer)],
      multiplyAdds: ({ shape, weights }) =>
        product(shape) * product(weights.kernel.shape.slice(0, 3)),
    },
    depthwise: {
      axes: 3,
      settings: moving,
      weights: () => ({ kernel: [null, null, "out"], bias: ["out"] }),
      gives: (layer, input) => [...moved(ofKernel)(layer, input), filters(layer)],
      multiplyAdds: ({ shape, weights }) =>
        product(shape) * product(weights.kernel.shape.slice(0, 2)),
    },
    dense: {
      axes: 1,
      settings: ["activation"],
      weights: (input) => ({ kernel: [input[0], "out"], bias: ["out"] }),
      gives: (layer) => [filters(layer)],
      multiplyAdds: ({ weights }) => product(weights.kernel.shape),
    },
    max_pooling: pooling,
    average_pooling: pooling,
    global_average: whole,
    global_max: whole,
    normalisation: {
      weights: (input) => ({ scale: [input.at(-1)], shift: [input.at(-1)] }),
      gives: asItCame,
      multiplyAdds: ({ shape }) => product(shape),
    },
    rescaling: {
      settings: ["scale", "offset"],
      gives: asItCame,
      multiplyAdds: ({ shape }) => product(shape),
    },
    activation: { settings: ["activation"], gives: asItCame, multiplyAdds: nothing },
    addition: { inputs: 8, gives: asItCame, multiplyAdds: nothing },
    flattening: { gives: (layer, input) => [product(input)], multiplyAdds: nothing },
    standardisation: { settings: ["floor"], gives: asItCame, multiplyAdds: nothing },
    local_contrast: {
      axes: 3,
      settings: ["floor"],
      weights: (input) => ({ means: [input[0], input[1]] }),
      gives: asItCame,
      multiplyAdds: ({ shape }) => 2 * matrix(shape, shape),
    },
    shrinking: {
      axes: 3,
      weights: (input) => ({ down: [null, input[0]] }),
      gives: ({ weights: { down } }) => [down.shape[0], down.shape[0], 1],
      multiplyAdds: ({ shape, weights }) => matrix([weights.down.shape[1]], shape),
    },
  };

  return { KINDS, SETTINGS, isCount, isShape, product };
})();
