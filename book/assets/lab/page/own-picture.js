// The reader's own still: opened, marked by hand, cut out and read on this machine.
{
  const lab = (globalThis.lab ??= {});
  const { make } = lab.parts;
  const MOST_PIXELS = 60e6;
  const LONGEST = 1024; // what is larger is made smaller
  const [COLOUR, SIDE] = [128, 64];
  const OPENED = "The picture is open, on this machine only.";
  const TOO_NEAR = "The marks lie on each other: move one of them.";
  const STEP = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
  };

  // A file as a canvas; an error says why it is none, and what to do.
  lab.openPicture = async (file) => {
    const name = file.name || "This file";
    const address = URL.createObjectURL(file);
    try {
      const image = new Image();
      image.src = address;
      await new Promise((done, failed) => {
        image.onload = done;
        image.onerror = () =>
          failed(
            new Error(
              `${name} is no picture that this browser opens. Photographs in HEIC, for ` +
                "one, need to be saved as JPEG or PNG first.",
            ),
          );
      });
      const { naturalWidth: width, naturalHeight: height } = image;
      if (!(width * height > 0) || width * height > MOST_PIXELS) {
        throw new Error(
          `${name} has ${width} × ${height} pixels. Save a smaller copy; ` +
            "64 pixels across the face are enough.",
        );
      }
      const scale = Math.min(1, LONGEST / Math.max(width, height));
      const canvas = make("canvas", {
        width: Math.max(1, Math.round(width * scale)),
        height: Math.max(1, Math.round(height * scale)),
      });
      const pen = canvas.getContext("2d");
      pen.imageSmoothingQuality = "high";
      pen.drawImage(image, 0, 0, canvas.width, canvas.height);
      return canvas;
    } finally {
      URL.revokeObjectURL(address);
    }
  };

  // The picture with its marks, `open(file)`, which gives what to say of it in `said`,
  // and `close()`.
  lab.makeOwnPicture = (desk, said) => {
    const help = make(
      "p",
      { className: "lab-small", id: "lab-marks" },
      "Drag the two marks onto the pupils, or move them with the arrow keys (with " +
        "Shift, ten times as far).",
    );
    const stage = make("div", { className: "lab-own" });
    const element = make("div", { hidden: true }, help, stage);
    let [picture, eyes] = [null, null];

    const read = () => {
      if (Math.hypot(eyes[1][0] - eyes[0][0], eyes[1][1] - eyes[0][1]) < 4) {
        said.textContent = TOO_NEAR;
        return;
      }
      if (said.textContent === TOO_NEAR) said.textContent = OPENED;
      const grey = lab.greyOf(lab.cropByEyes(picture, eyes, SIDE));
      const colour = lab.cropByEyes(picture, eyes, COLOUR);
      desk.present({ grey, colour, size: COLOUR, from: "own" });
    };
    const place = () =>
      marks.forEach((mark, k) => {
        mark.style.left = `${(100 * eyes[k][0]) / picture.width}%`;
        mark.style.top = `${(100 * eyes[k][1]) / picture.height}%`;
        const [x, y] = eyes[k].map(Math.round);
        mark.setAttribute(
          "aria-label",
          `Pupil at the ${["left", "right"][k]} of the ` +
            `picture: column ${x}, row ${y}`,
        );
      });
    const move = (k, [x, y]) => {
      eyes[k] = [
        Math.min(Math.max(x, 0), picture.width),
        Math.min(Math.max(y, 0), picture.height),
      ];
      place();
      read();
    };
    const marks = [0, 1].map((k) => {
      const mark = make("button", { type: "button", className: "lab-mark" });
      mark.setAttribute("aria-describedby", help.id);
      mark.addEventListener("keydown", (event) => {
        const step = STEP[event.key];
        if (!step) return;
        event.preventDefault();
        const far = event.shiftKey ? 10 : 1;
        move(
          k,
          eyes[k].map((at, axis) => at + far * step[axis]),
        );
      });
      mark.addEventListener("pointerdown", ({ pointerId }) =>
        mark.setPointerCapture(pointerId),
      );
      mark.addEventListener("pointermove", ({ pointerId, clientX, clientY }) => {
        if (!mark.hasPointerCapture(pointerId)) return;
        const box = picture.getBoundingClientRect();
        move(k, [
          ((clientX - box.left) / box.width) * picture.width,
          ((clientY - box.top) / box.height) * picture.height,
        ]);
      });
      return mark;
    });

    const open = async (file) => {
      picture = await lab.openPicture(file);
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", "Your picture");
      const { width, height } = picture;
      eyes = [
        [0.4 * width, 0.42 * height],
        [0.6 * width, 0.42 * height],
      ];
      stage.replaceChildren(picture, ...marks);
      element.hidden = false;
      place();
      read();
      return OPENED;
    };
    const close = () => {
      element.hidden = true;
      stage.replaceChildren();
      if (desk.shown.from === "own") desk.drawFace();
    };
    return { element, open, close };
  };
}
