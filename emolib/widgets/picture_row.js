// Pictures in a row, each with its words; where something happens when they are
// pressed, they are buttons.
//
// They come as messages and not as state, so that no notebook which is saved holds
// them: a reader's own photograph stays in the kernel. A view asks for them when it is
// made. `about` is what the row holds, said to a screen reader.
//
// { pictures: [words], number, width, chosen, press, said, below }, with a PNG for each;
// `number` goes back with what is pressed, `said` is a line that a screen reader reads
// out, `below` is HTML.

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const render = ({ model, el }) => {
  const row = make("div", { className: "emolib-pictures", role: "group" });
  const said = make("p", { className: "emolib-said", role: "status" });
  const below = make("div", { hidden: true });
  let urls = [];
  const forget = () => urls.splice(0).forEach((url) => URL.revokeObjectURL(url));

  const makeOne = (words, k, { width, press, number }) => {
    const image = make("img", { src: urls[k], alt: press ? "" : words });
    image.style.width = `${width}px`;
    image.addEventListener("load", () => {
      image.classList.toggle("enlarged", image.naturalWidth < width);
    });
    if (!press) return make("figure", {}, image);
    const button = make("button", { type: "button" }, image);
    button.setAttribute("aria-label", words);
    button.addEventListener("click", () => model.send({ pressed: k, number }));
    return make("figure", {}, button);
  };
  const choose = (chosen) =>
    row.querySelectorAll("button").forEach((button, k) => {
      button.setAttribute("aria-pressed", k === chosen);
    });
  const heard = (message, buffers) => {
    if (message.pictures) {
      const place = [...row.querySelectorAll("button")].indexOf(document.activeElement);
      forget();
      urls = buffers.map((png) =>
        URL.createObjectURL(new Blob([png], { type: "image/png" })),
      );
      row.replaceChildren(...message.pictures.map((one, k) => makeOne(one, k, message)));
      row.querySelectorAll("button")[place]?.focus();
      said.textContent = message.said;
      below.hidden = !message.below;
      below.innerHTML = message.below;
    }
    choose(message.chosen);
  };
  const name = () => row.setAttribute("aria-label", model.get("about"));

  model.on("msg:custom", heard);
  model.on("change:about", name);
  name();
  el.append(row, said, below);
  model.send({ ready: true });
  return () => {
    model.off("msg:custom", heard);
    model.off("change:about", name);
    forget();
  };
};

export default { render };
