// Undo, neutral, share and save. Nothing is stored in the browser and nothing is sent:
// a link holds the whole state, and files are made here.
{
  const lab = (globalThis.lab ??= {});
  const { make, button, status, canvas } = lab.parts;
  const LARGE = 256; // pixels of the picture that is saved

  const download = (blob, name) => {
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  const picture = (desk) => {
    const { element, paint } = canvas("");
    paint(desk.draw(desk.state.now, LARGE, true).image, LARGE);
    return new Promise((done) => element.toBlob(done, "image/png"));
  };

  // `extra()` gives what the panels want a link to hold.
  lab.addKeeping = (desk, root, extra) => {
    const { state, people } = desk;
    const said = status();
    const field = make("input", { type: "text", readOnly: true, hidden: true });
    field.setAttribute("aria-label", "Link to this face");
    field.addEventListener("focus", () => field.select());

    const undo = button("Undo", () => state.undo());
    const redo = button("Redo", () => state.redo());
    const neutral = button("Neutral face", () =>
      state.change({ groups: {}, preset: null }),
    );
    const reset = button("Everything at rest", () =>
      state.change(lab.restingState(people)),
    );

    const share = button("Share", async () => {
      const fragment = lab.toFragment(people, state.now, extra());
      history.replaceState(null, "", fragment);
      field.value = location.href;
      field.hidden = false;
      try {
        await navigator.clipboard.writeText(location.href);
        said.textContent =
          "The link is copied. It holds all you set, but no file of your own.";
      } catch {
        field.focus();
        said.textContent =
          "The link is in the field and in the address bar: copy it from there. It " +
          "holds all you set, but no file of your own.";
      }
    });
    const save = button("Save", async () => {
      try {
        await lab.openPerson(people, state.now.person);
        const record = lab.faceRecord(people, lab.faceOf(people, state.now));
        const text = `${JSON.stringify(record, null, 1)}\n`;
        download(await picture(desk), "face.png");
        download(new Blob([text], { type: "application/json" }), "face.json");
        said.textContent =
          "Saved face.png and face.json. Drop face.json onto the lab to go on from " +
          "here; “emolib render --from face.json --size 256 --colour -o face-2.png” " +
          "draws the same face.";
      } catch (error) {
        said.textContent = `Nothing was saved: ${error.message}`;
      }
    });

    // Ctrl+Z takes a step back, but not from someone who is typing.
    root.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
      if (event.target.matches("input:not([type=range])")) return;
      event.preventDefault();
      if (event.shiftKey) state.redo();
      else state.undo();
    });
    const show = () => {
      // not `disabled`: the keyboard would lose its place
      undo.setAttribute("aria-disabled", !state.canUndo());
      redo.setAttribute("aria-disabled", !state.canRedo());
    };
    state.listen(show);
    show();
    const buttons = [undo, redo, neutral, reset, share, save];
    return make(
      "div",
      { className: "lab-keep" },
      make("div", { className: "lab-buttons" }, ...buttons),
      field,
      said,
    );
  };
}
