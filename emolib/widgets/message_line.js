// Jupyter's shortcuts would take the keys of a lab, and change the notebook: they are
// held off whatever has the focus. What goes with Ctrl or Command is left to Jupyter.
const hold = ({ target, ctrlKey, metaKey }) => {
  if (!target.closest?.(".emolib-lab")) return;
  target.toggleAttribute("data-lm-suppress-shortcuts", !(ctrlKey || metaKey));
};
if (!globalThis.emolibHolds) {
  globalThis.emolibHolds = true;
  window.addEventListener("keydown", hold, true); // before Jupyter's own listener
}

// A line that a screen reader reads out when its words change: the element stays and
// only its text is written again, which HTML of ipywidgets does not do.
const render = ({ model, el }) => {
  const line = document.createElement("p");
  line.setAttribute("role", "status");
  line.className = "emolib-message";
  el.append(line);
  const show = () => {
    if (line.textContent !== model.get("words")) line.textContent = model.get("words");
  };
  model.on("change:words", show);
  show();
  return () => model.off("change:words", show);
};

export default { render };
