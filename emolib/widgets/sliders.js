// Sliders with names, values and ends: native range inputs in folds, since a screen
// reader is told no name of the sliders that ipywidgets draws.
//
// `sections` are [{ title, open, sliders: [{ name, words, least, most, step, unit,
// ends }] }]; `values` holds one number by name, `off` the names of those that cannot
// be moved now. `moved` is the name of the one that the reader has moved last: of others
// Python may know better. `settled` is false while a slider still moves, which is then
// left alone.

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const digitsOf = (step) => (String(step).split(".")[1] ?? "").length;

// "−10°, left in the picture"
const inWords = ({ least, step, unit = "", ends }, value) => {
  const words = value.toFixed(digitsOf(step)).replace("-", "−") + unit;
  const side = ends && least < 0 && value !== 0 ? `, ${ends[value < 0 ? 0 : 1]}` : "";
  return [words, words + side];
};

const makeSlider = (spec, moved) => {
  const input = make("input", { type: "range" });
  Object.assign(input, { min: spec.least, max: spec.most, step: spec.step });
  input.dataset.name = spec.name;
  const output = make("span", { className: "emolib-value" });
  const label = make("label", {}, make("span", {}, spec.words), input);
  const row = make("div", { className: "emolib-slider" }, label, output);
  if (spec.ends) {
    const ends = make("div", { className: "emolib-ends" });
    ends.setAttribute("aria-hidden", true);
    ends.append(...spec.ends.map((end) => make("span", {}, end)));
    row.append(ends);
  }
  const show = (value) => {
    input.value = value;
    const [words, said] = inWords(spec, Number(value));
    output.textContent = words;
    input.setAttribute("aria-valuetext", said);
  };
  for (const [event, settled] of [
    ["input", false],
    ["change", true],
  ]) {
    input.addEventListener(event, () => {
      show(input.value);
      moved(spec.name, Number(input.value), settled);
    });
  }
  return { row, show, input };
};

const render = ({ model, el }) => {
  const sliders = new Map();
  const moved = (name, value, settled) => {
    model.set("values", { ...model.get("values"), [name]: value });
    model.set("moved", name);
    model.set("settled", settled);
    model.save_changes();
  };
  const build = () => {
    sliders.clear();
    const folds = model.get("sections").map(({ title, open, sliders: specs }) => {
      const rows = specs.map((spec) => {
        const one = makeSlider(spec, moved);
        sliders.set(spec.name, one);
        return one.row;
      });
      if (!title) return make("div", {}, ...rows);
      return make("details", { open }, make("summary", {}, title), ...rows);
    });
    el.replaceChildren(...folds);
    show();
  };
  const show = () => {
    const values = model.get("values");
    const off = model.get("off");
    for (const [name, one] of sliders) {
      one.input.disabled = off.includes(name);
      if (!model.get("settled") && name === model.get("moved")) continue;
      const fresh = !one.input.hasAttribute("aria-valuetext");
      if (fresh || Number(one.input.value) !== values[name]) one.show(values[name]);
    }
  };
  el.classList.add("emolib-sliders");
  const heard = { "change:sections": build, "change:values": show, "change:off": show };
  for (const [event, listen] of Object.entries(heard)) model.on(event, listen);
  build();
  return () => {
    for (const [event, listen] of Object.entries(heard)) model.off(event, listen);
  };
};

export default { render };
