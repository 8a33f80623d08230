// A picture from the reader's disk, chosen or dropped, as a message to Python. It is no
// state, so that no notebook which is saved holds it.
//
// Jupyter drops messages of more than 10 MB without a word, so a larger picture is made
// smaller here; a file that is no picture is not sent.

const MOST_BYTES = 8e6;
const LONGEST = 2000; // pixels of a side

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const smaller = async (file) => {
  const image = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((side) =>
    Math.max(1, Math.round(scale * side)),
  );
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").drawImage(image, 0, 0, width, height);
  image.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
};

const render = ({ model, el }) => {
  const give = async (file) => {
    if (!file) return;
    const megabytes = file.size / 1e6;
    try {
      const sent = file.size > MOST_BYTES ? await smaller(file) : file;
      const content = await sent.arrayBuffer();
      model.send({ megabytes, read: true }, undefined, [content]);
    } catch {
      model.send({ megabytes, read: false });
    }
  };
  const input = make("input", { type: "file", accept: "image/*" });
  input.addEventListener("change", async () => {
    await give(input.files[0]);
    input.value = ""; // so that the same file can be given again
  });
  const words = `${model.get("words")}, or drop one here: `;
  const label = make("label", { className: "emolib-file" }, words, input);
  label.addEventListener("dragover", (event) => event.preventDefault());
  label.addEventListener("drop", (event) => {
    event.preventDefault();
    give(event.dataTransfer.files[0]);
  });
  el.append(label);
};

export default { render };
