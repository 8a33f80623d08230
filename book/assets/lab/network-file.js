// A network's file: read, checked, and made into a plan that network.js follows.
//
// emolib.export.to_page writes such a file (its docstring describes the format). A
// reader may drop one of their own onto the page, so that nothing in it is trusted:
// each fault has a sentence that says what came, what was expected and what to do.
//
// The shipped networks are the same JSON in a script that puts it into
// `lab.networkFiles`, because a page on a disk (file://) may load scripts and
// nothing else (network.js says more). A script is loaded when somebody asks for the
// lab.
{
  const lab = (globalThis.lab ??= {});
  const folder = globalThis.document?.currentScript?.src;

  const FORMAT = "emolib network";
  const VERSION = 1;
  const EMOTIONS = ["anger", "disgust", "fear", "happiness", "sadness", "surprise"];
  const FACE = [64, 64, 1];
  // A reading of so many multiply-adds takes a tenth of a second; our networks need
  // eight to thirteen million. More, or more numbers to keep, would freeze the page.
  const MOST_MULTIPLY_ADDS = 200e6;
  const MOST_NUMBERS = 16e6;
  const EXPORT = "Write the file again with `emolib export --page`.";

  class NetworkFileError extends Error {
    name = "NetworkFileError";
  }
  const fail = (words) => {
    throw new NetworkFileError(words);
  };
  const { KINDS, SETTINGS, isCount, isShape, product } = lab.layerKinds;
  const shown = (value) => String(JSON.stringify(value)).slice(0, 80);
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  // --- Weights: bytes to numbers. ---
  const BYTES = { float32: 4, float16: 2, int8: 1 };
  // A float16 has one bit of sign, five of exponent and ten of fraction.
  const fromHalf = (bits) => {
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / 1024;
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction;
    return (bits & 0x8000 ? -1 : 1) * (exponent === 31 ? NaN : size);
  };

  function readWeight(told, where, bytes) {
    const { shape, type, at } = told ?? {};
    if (!isShape(shape)) fail(`${where} have no shape but ${shown(shape)}. ${EXPORT}`);
    if (!Object.hasOwn(BYTES, type)) {
      fail(
        `${where} are of type ${shown(type)}; the page reads float32, float16 and ` +
          `int8. ${EXPORT}`,
      );
    }
    const count = product(shape);
    const part = (from, length) => {
      const end = from + length;
      if (!Number.isInteger(from) || from < 0 || !(end <= bytes.length)) {
        fail(
          `${where} end at byte ${end}, but the file holds ${bytes.length} bytes of ` +
            `weights: it was cut short or changed. ${EXPORT}`,
        );
      }
      return bytes.slice(from, end).buffer;
    };
    const stored = part(at, count * BYTES[type]);
    const data = new Float32Array(type === "float32" ? stored : count);
    if (type === "float16") {
      new Uint16Array(stored).forEach((bits, i) => (data[i] = fromHalf(bits)));
    }
    if (type === "int8") {
      const channels = shape.at(-1);
      const scales = new Float32Array(part(told.scales_at, 4 * channels));
      new Int8Array(stored).forEach((value, i) => {
        data[i] = value * scales[i % channels];
      });
    }
    if (!data.every(Number.isFinite)) {
      fail(
        `${where} hold NaN or infinity: the training has diverged. Train the network ` +
          "again with a smaller learning rate, then export it.",
      );
    }
    return { shape, data };
  }

  function readLayer(told, number, shapes, bytes) {
    const name = told?.name;
    if (typeof name !== "string" || !name) {
      fail(`Layer ${number} has no name. ${EXPORT}`);
    }
    const where = `Layer ${shown(name)}`;
    if (shapes.has(name)) fail(`${where} is there twice. ${EXPORT}`);
    const { type, from } = told;
    if (!Object.hasOwn(KINDS, type)) {
      fail(
        `${where} is a ${shown(type)}, which the page does not know; it knows ` +
          `${Object.keys(KINDS).join(", ")}. Build the network of these, and export it again.`,
      );
    }
    const {
      inputs = 1,
      axes,
      settings = [],
      weights,
      gives,
      multiplyAdds,
    } = KINDS[type];
    const known = Array.isArray(from) && from.every((one) => shapes.has(one));
    if (!known || !from.length || from.length > inputs) {
      fail(
        `${where} takes its input from ${shown(from)}; expected the name of a layer ` +
          `before it, or "face". ${EXPORT}`,
      );
    }
    const [input, ...others] = from.map((one) => shapes.get(one));
    if ((axes && input.length !== axes) || others.some((one) => !same(one, input))) {
      fail(
        `${where} (${type}) cannot take ${[input, ...others].map(shown).join(" and ")}: ` +
          `the shapes do not fit. ${EXPORT}`,
      );
    }
    const layer = { name, type, from, weights: {}, activation: null };
    for (const setting of settings) {
      const [fits, words] = SETTINGS[setting];
      layer[setting] = told[setting];
      if (!fits(layer[setting])) {
        fail(
          `${where} has ${setting} ${shown(layer[setting])}; expected ${words}. ${EXPORT}`,
        );
      }
    }
    for (const [key, wanted] of Object.entries(weights?.(input) ?? {})) {
      const given = told.weights?.[key];
      if (key === "bias" && given === undefined) continue;
      const read = readWeight(
        given,
        `The weights ${shown(key)} of layer ${shown(name)}`,
        bytes,
      );
      const out = layer.weights.kernel?.shape.at(-1);
      const expected = wanted.map((size) =>
        size === "out" && key === "bias" ? out : size,
      );
      const fits =
        read.shape.length === expected.length &&
        expected.every(
          (size, k) => size === null || size === "out" || size === read.shape[k],
        );
      if (!fits) {
        const words = expected.map((size) => size ?? "any").join(", ");
        fail(
          `The weights ${shown(key)} of layer ${shown(name)} have the shape ` +
            `${shown(read.shape)}; expected [${words}]. ${EXPORT}`,
        );
      }
      layer.weights[key] = read;
    }
    layer.shape = gives(layer, input);
    const each = type === "depthwise" ? layer.shape[2] / input[2] : 1;
    const square = type !== "local_contrast" && type !== "shrinking";
    if (
      !isShape(layer.shape) ||
      !same(layer.shape, told.shape) ||
      !isCount(each) ||
      !(square || (input[0] === input[1] && input[2] === 1))
    ) {
      fail(
        `${where} makes ${shown(layer.shape)} of ${shown(input)}; the file says ` +
          `${shown(told.shape)}. ${EXPORT}`,
      );
    }
    layer.multiplyAdds = multiplyAdds(layer, input);
    return layer;
  }

  // Read the text of a file, or what a script has put into `lab.networkFiles`, and
  // return a plan: { name, title, precision, unsureBelow, emotions, input, layers },
  // each layer with its weights as Float32Array and its `multiplyAdds`. Throws
  // NetworkFileError, whose message is for the reader.
  lab.readNetworkFile = (file) => {
    let told = file;
    if (typeof file === "string") {
      try {
        told = JSON.parse(file);
      } catch {
        fail(
          `This file is no JSON, so no network of ours. Drop the file that ` +
            "`emolib export --page` wrote.",
        );
      }
    }
    if (told?.format !== FORMAT) {
      fail(
        `This file says of itself ${shown(told?.format)}, not "${FORMAT}". Drop the file ` +
          "that `emolib export --page` wrote.",
      );
    }
    if (told.version !== VERSION) {
      fail(
        `This file is of version ${shown(told.version)}; the page reads version ` +
          `${VERSION}. Export the network again, with the emolib of this book.`,
      );
    }
    if (!same(told.input, FACE)) {
      fail(
        `This network takes pictures of shape ${shown(told.input)}; the page gives ` +
          `${shown(FACE)}. Begin it with keras.Input((64, 64, 1)), and export it again.`,
      );
    }
    if (!same(told.emotions, EMOTIONS)) {
      fail(
        `This network answers ${shown(told.emotions)}; expected ${EMOTIONS.join(", ")}. ` +
          "Train it on these six, in this order.",
      );
    }
    let bytes;
    try {
      bytes = Uint8Array.from(atob(told.weights), (one) => one.charCodeAt(0));
    } catch {
      fail(`The weights are no base64: the file was cut short or changed. ${EXPORT}`);
    }
    if (!Array.isArray(told.layers) || !told.layers.length)
      fail(`No layers. ${EXPORT}`);
    const shapes = new Map([["face", FACE]]);
    let [work, numbers] = [0, 0];
    const layers = told.layers.map((one, k) => {
      const layer = readLayer(one, k + 1, shapes, bytes);
      shapes.set(layer.name, layer.shape);
      work += layer.multiplyAdds + product(layer.size ?? []) * product(layer.shape);
      numbers += product(layer.shape);
      if (work > MOST_MULTIPLY_ADDS || numbers > MOST_NUMBERS) {
        fail(
          `This network needs more than ${MOST_MULTIPLY_ADDS / 1e6} million multiply-adds, ` +
            `or ${MOST_NUMBERS / 1e6} million numbers, for a face: too many for a page. ` +
            "Use fewer filters, or a stride.",
        );
      }
      return layer;
    });
    const last = layers.at(-1);
    if (!same(last.shape, [EMOTIONS.length]) || last.activation !== "softmax") {
      fail(
        `The last layer, ${shown(last.name)}, is no softmax of six. End the network with ` +
          "Dense(6, activation='softmax'), and export it again.",
      );
    }
    const unsureBelow = told.unsure_below ?? null;
    const named = { name: String(told.name), title: String(told.title) };
    return {
      ...named,
      precision: told.precision,
      unsureBelow,
      emotions: EMOTIONS,
      input: FACE,
      layers,
    };
  };

  // Load a shipped network from its script, once, and return its plan.
  const loading = new Map();
  lab.openNetwork = (name) => {
    if (!loading.has(name)) {
      const plan = loadScript(name).then(() => {
        return lab.readNetworkFile(lab.networkFiles?.[name]);
      });
      plan.catch(() => loading.delete(name)); // so that it can be tried again
      loading.set(name, plan);
    }
    return loading.get(name);
  };

  const loadScript = (name) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(`networks/${name}.js`, folder);
      script.onload = resolve;
      const words = `networks/${name}.js did not load. Check the connection, try again.`;
      script.onerror = () => reject(new NetworkFileError(words));
      document.head.append(script);
    });

  lab.NetworkFileError = NetworkFileError;
}
