// A file of the reader's own, chosen or dropped anywhere on the lab: a picture, a face
// that was saved, or a network. What it is, its content says, and not its name alone.
{
  const lab = (globalThis.lab ??= {});
  const { make, button, panel, status, count } = lab.parts;
  const MOST_BYTES = 60e6;
  const OTHER_FORMS = /\.(onnx|h5|keras|pb|tflite|pth?)$/i; // of networks

  const isJson = async (file) => {
    try {
      const begin = await file.slice(0, 64).text();
      return /\.json$/i.test(file.name) || /^\s*[{[]/.test(begin);
    } catch {
      throw new Error(`${file.name} cannot be read. If it is a folder, choose a file.`);
    }
  };

  const parse = async (file) => {
    try {
      return JSON.parse(await file.text());
    } catch {
      throw new Error(
        `${file.name} is no JSON: it was cut short or changed. Save the face, or ` +
          "export the network, once more.",
      );
    }
  };

  // `whole` is the lab, onto which files may be dropped.
  lab.addOwnFile = (desk, whole) => {
    const said = status();
    const picture = lab.makeOwnPicture(desk, said);
    const shipped = desk.plan;

    // Let the network of a file read the faces; gives what to say of it.
    const openNetwork = (told) => {
      const plan = lab.readNetworkFile(told);
      desk.setNetwork(plan);
      back.hidden = false;
      const cost = plan.layers.reduce((sum, one) => sum + one.multiplyAdds, 0);
      return (
        `“${plan.title}” reads the faces now: ${plan.layers.length} layers, ` +
        `${count(cost)} multiply-adds for a face.`
      );
    };
    const back = button("The book’s network again", () => {
      desk.setNetwork(shipped);
      back.hidden = true;
      said.textContent = `“${shipped.title}” reads the faces again.`;
      input.focus(); // what had the focus is gone
    });
    back.hidden = true;
    const close = button("Close the picture", () => {
      picture.close();
      said.textContent = "";
      input.focus();
    });
    picture.element.append(close);

    // Show the face that a file holds; gives what to say of it.
    const openFace = (record, name) => {
      const { people, state } = desk;
      try {
        state.change(lab.stateOfFace(people, lab.faceOfRecord(people, record)));
      } catch (error) {
        throw new Error(
          `The lab cannot show ${name}: ${error.message} Save the face again, or draw ` +
            `the file with “emolib render --from ${name} -o face.png”.`,
        );
      }
      return `The face of ${name} is set. “Undo” brings back the one before.`;
    };

    const openRecord = async (file) => {
      const told = await parse(file);
      if (Object.hasOwn(told ?? {}, "format")) return openNetwork(told);
      if (Object.hasOwn(told ?? {}, "emolib")) return openFace(told, file.name);
      throw new Error(
        `${file.name} is neither a face that this lab saved nor a network that ` +
          "“emolib export FOLDER --page” wrote. Choose one of these, or a picture.",
      );
    };

    const openFile = async (file) => {
      if (OTHER_FORMS.test(file.name)) {
        throw new Error(
          `${file.name} is a network in a form that the page does not read. ` +
            "“emolib export FOLDER --page” writes the one that it reads, network.json.",
        );
      }
      if (file.size > MOST_BYTES) {
        throw new Error(
          `${file.name} has ${Math.round(file.size / 1e6)} MB. Save a smaller picture, ` +
            "below 60 MB, or export a network with --precision int8.",
        );
      }
      return (await isJson(file)) ? openRecord(file) : picture.open(file);
    };

    const open = async (files) => {
      if (!files.length) return;
      element.open = true;
      said.textContent = `Opening ${files[0].name}.`;
      try {
        if (files.length > 1) throw new Error("Several files: choose one of them.");
        said.textContent = await openFile(files[0]);
      } catch (error) {
        said.textContent = error.message;
      }
      input.value = "";
    };

    const input = make("input", { type: "file", accept: "image/*,.json" });
    input.addEventListener("change", () => open([...input.files]));
    const field = make(
      "label",
      { className: "lab-drop" },
      "Choose a file, or drop one anywhere on the lab ",
      input,
    );
    const over = (is) => (event) => {
      event.preventDefault(); // or the file would be opened instead of this page
      field.classList.toggle("over", is);
    };
    whole.addEventListener("dragover", over(true));
    whole.addEventListener("dragleave", over(false));
    whole.addEventListener("drop", (event) => {
      over(false)(event);
      const files = [...event.dataTransfer.files];
      open(files);
      if (files.length) field.scrollIntoView({ block: "center" });
    });

    const code = (words) => make("code", {}, words);
    const { element } = panel(
      "Your own picture, face or network",
      make(
        "p",
        {},
        "A picture of a face; a ",
        code("face.json"),
        " that this lab saved; or a network that you trained, as ",
        code("emolib export FOLDER --page"),
        " wrote it. It stays on this machine: the page sends nothing anywhere and " +
          "keeps nothing.",
      ),
      make(
        "p",
        {},
        make("strong", {}, "What it is not for: "),
        "judging a person. The book’s network has learnt from rendered faces alone, is " +
          "far weaker on photographs, and reads an expression, not a feeling.",
      ),
      field,
      said,
      picture.element,
      back,
    );
    element.dataset.panel = "own";
    return { element };
  };
}
