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
