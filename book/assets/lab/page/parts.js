// Pieces that the panels of the lab are made of: elements, buttons, sliders, lists, and
// canvases for pictures.
{
  const lab = (globalThis.lab ??= {});
  let number = 0; // ids that no other element of the page has

  // An element with its properties and children; `aria` holds attributes.
  const make = (tag, { aria = {}, ...properties } = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    for (const [name, value] of Object.entries(aria)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const button = (words, act) => {
    const element = make("button", { type: "button" }, words);
    element.addEventListener("click", act);
    return element;
  };

  // A slider with its name above it and its value beside that. `moved(value, settled)`
  // is called while it moves, and once more, settled, when it was let go. `show(value,
  // words)` puts it there; without words of its own the value is told as a number.
  const slider = (name, { least, most, step, unit = "", ends }, moved) => {
    const id = `lab-${(number += 1)}`;
    const input = make("input", { type: "range", id, min: least, max: most, step });
    // No <output>: a screen reader would read it at every step, and after the slider.
    const shown = make("span", { className: "lab-value", aria: { "aria-hidden": true } });
    const digits = step < 1 ? (String(step).split(".")[1]?.length ?? 0) : 0;
    const hints = ends?.map((end) => make("span", {}, end)) ?? [];
    const row = make(
      "div",
      { className: "lab-slider" },
      make("label", { htmlFor: id }, name),
      shown,
      input,
      ...(ends
        ? [
            make(
              "div",
              { className: "lab-ends", aria: { "aria-hidden": true } },
              ...hints,
            ),
          ]
        : []),
    );
    let last = null;
    const show = (value, words = `${decimal(value, digits)}${unit}`) => {
      if (value === last && words === shown.textContent) return; // nothing to redraw
      last = value;
      input.value = value;
      shown.textContent = words;
      const side = ends && value !== 0 && least < 0 ? ends[value < 0 ? 0 : 1] : "";
      input.setAttribute("aria-valuetext", side ? `${words}, ${side}` : words);
    };
    input.addEventListener("input", () => moved(Number(input.value), false));
    input.addEventListener("change", () => moved(Number(input.value), true));
    return { element: row, input, show };
  };

  // A list to choose from: `options` are [value, words].
  const choice = (name, options, chosen) => {
    const id = `lab-${(number += 1)}`;
    const entries = options.map(([value, words]) => make("option", { value }, words));
    const select = make("select", { id }, ...entries);
    select.addEventListener("change", () => chosen(select.value));
    const label = make("label", { htmlFor: id }, name);
    const element = make("div", { className: "lab-choice" }, label, select);
    return { element, select };
  };

  // A panel that folds; `open()` tells whether it is unfolded.
  const panel = (title, ...children) => {
    const summary = make("summary", {}, title);
    const body = make("div", { className: "lab-body" }, ...children);
    const element = make("details", {}, summary, body);
    return { element, body, open: () => element.open };
  };

  // A line that a screen reader reads out when its words change.
  const status = () => make("p", { className: "lab-status", aria: { role: "status" } });

  // Grey values as RGBA.
  const opaque = (grey) => {
    const image = new Uint8ClampedArray(4 * grey.length);
    grey.forEach((value, k) => {
      image[4 * k] = image[4 * k + 1] = image[4 * k + 2] = value;
      image[4 * k + 3] = 255;
    });
    return image;
  };

  // Paint pixels on a canvas: RGBA, or one grey value for each place.
  const paintOn = (element, pixels, width, height = width) => {
    const image = new ImageData(width, height);
    image.data.set(pixels.length === width * height ? opaque(pixels) : pixels);
    if (element.width !== width) element.width = width;
    if (element.height !== height) element.height = height;
    element.getContext("2d").putImageData(image, 0, 0);
  };

  // A canvas with a description, and its `paint(pixels, width, height)`.
  const canvas = (words, className = "") => {
    const element = make("canvas", { className, aria: { role: "img" } });
    element.setAttribute("aria-label", words);
    return { element, paint: (...pixels) => paintOn(element, ...pixels) };
  };

  const percent = (share) => `${Math.round(100 * share)}\u00a0%`;
  const count = (value) => value.toLocaleString("en-GB");
  const decimal = (value, digits = 3) => value.toFixed(digits).replace("-", "−");

  lab.parts = {
    make,
    button,
    slider,
    choice,
    panel,
    status,
    canvas,
    percent,
    count,
    decimal,
    paintOn,
  };
}
