// The reader's own network: a file that `emolib export --page` wrote.
{
  const lab = (globalThis.lab ??= {});
  const { make, button, panel, status, count } = lab.parts;
  const MOST_BYTES = 50e6;

  lab.addOwnNetwork = (desk) => {
    const shipped = desk.plan;
    const said = status();
    const open = async (file) => {
      if (!file) return;
      try {
        if (file.size > MOST_BYTES) {
          throw new Error(
            `${file.name} has ${Math.round(file.size / 1e6)} MB. Export ` +
              "the network with fewer filters, or with --precision int8.",
          );
        }
        const plan = lab.readNetworkFile(await file.text());
        desk.setNetwork(plan);
        const cost = plan.layers.reduce((sum, one) => sum + one.multiplyAdds, 0);
        said.textContent =
          `“${plan.title}” reads the faces now: ${plan.layers.length} ` +
          `layers, ${count(cost)} multiply-adds for a face.`;
        back.hidden = false;
      } catch (error) {
        said.textContent = error.message;
      }
      input.value = "";
    };
    const input = make("input", { type: "file", accept: ".json,application/json" });
    input.addEventListener("change", () => open(input.files[0]));
    const label = make(
      "label",
      { className: "lab-drop" },
      "Choose network.json, or drop it here ",
      input,
    );
    lab.acceptDrop(label, open);
    const back = button("The book’s network again", () => {
      desk.setNetwork(shipped);
      back.hidden = true;
      said.textContent = `“${shipped.title}” reads the faces again.`;
    });
    back.hidden = true;
    const { element } = panel(
      "Your own network",
      make(
        "p",
        {},
        "A network that you trained, as ",
        make("code", {}, "emolib export FOLDER --page"),
        " wrote it. It stays on this machine, too.",
      ),
      label,
      back,
      said,
    );
    element.dataset.panel = "network";
    return { element };
  };
}
