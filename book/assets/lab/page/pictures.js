// The pictures and the reading: whenever something has changed, the face is drawn in
// colour and as the network sees it, and the network reads it; once for each picture
// that the screen shows. When it rests, it is drawn in colour again, and better.
//
// The desk is what all panels share: `people`, `plan` and `network`, the `line` below
// which an answer is unsure, the `state`, and `shown`: what is to be seen and read now.
// Its events are "shown", with every picture, "settled", a moment after the last one,
// and "network", when another one reads.
{
  const lab = (globalThis.lab ??= {});
  const { make, canvas, button, status } = lab.parts;
  const [SIDE, FINE] = [64, 256];
  const SETTLED = 250; // milliseconds

  // What the last layer gave: the six probabilities.
  const answerOf = (maps) => [...[...maps].at(-1)[1].data];

  lab.makeDesk = (people, plan, first) => {
    const listeners = { shown: [], settled: [], network: [] };
    let second;
    const desk = {
      people,
      controls: people.controls,
      state: lab.startState(first),
      on: (event, listen) => listeners[event].push(listen),
      tell: (event) => listeners[event].forEach((listen) => listen(desk)),
      // Another network reads from now on, with a second one for `ask`.
      setNetwork(next) {
        const engine = lab.networkEngine();
        desk.plan = next;
        desk.network = engine.startNetwork(next);
        second = engine.startNetwork(next);
        desk.line = next.unsureBelow || desk.controls.unsure_below;
        desk.tell("network");
        if (desk.shown) desk.present(desk.shown);
      },
      // Show and read a picture: { grey (64 * 64), colour (RGBA), size, from }, and the
      // state that was drawn if it is a rendered face.
      present(picture) {
        const maps = desk.network.read(picture.grey);
        desk.shown = { ...picture, maps, shares: answerOf(maps) };
        desk.tell("shown");
        clearTimeout(desk.timer);
        desk.timer = setTimeout(() => desk.tell("settled"), SETTLED);
      },
      // What the network answers to another picture; what is shown stays.
      ask: (grey) => answerOf(second.read(grey)),
      draw: (state, size, colour, lit) =>
        lab.draw(lab.pose(people, lab.faceOf(people, state)), size, { colour, lit }),
    };
    desk.setNetwork(plan);
    return desk;
  };

  lab.addPictures = (desk) => {
    const { people, state } = desk;
    const face = canvas("The rendered face", "lab-face");
    const seen = canvas("The same face in 64 by 64 grey pixels", "lab-seen");
    const note = status();
    const words = make("figcaption", {}, "rendered");
    const back = button("Back to the rendered face", () => draw());
    back.hidden = true;
    const element = make(
      "div",
      { className: "lab-pictures" },
      make("figure", {}, face.element, words),
      make("figure", {}, seen.element, make("figcaption", {}, "what the network sees")),
    );

    let asked = false;
    const draw = async () => {
      const { now } = state;
      if (!people.people[now.person].arrays) {
        note.textContent = "Loading this person.";
        await lab.openPerson(people, now.person);
        note.textContent = "";
        if (now !== state.now) return schedule(); // changed while it was loading
      }
      const posed = lab.pose(people, lab.faceOf(people, now));
      const { image, fine } = lab.draw(posed, SIDE, { quick: true });
      const shown = { grey: image, colour: fine, size: 2 * SIDE };
      desk.present({ ...shown, from: "face", state: now });
    };
    const schedule = () => {
      if (asked) return;
      asked = true;
      setTimeout(async () => {
        asked = false;
        try {
          await draw();
        } catch (error) {
          note.textContent = `${error.message} Choose another person, or try again.`;
        }
      });
    };

    state.listen(schedule);
    desk.on("shown", ({ shown }) => {
      face.paint(shown.colour, shown.size);
      seen.paint(shown.grey, SIDE);
      const rendered = shown.from === "face";
      back.hidden = rendered;
      words.textContent = rendered ? "rendered" : "your picture";
    });
    desk.on("settled", ({ shown }) => {
      const drawn = shown.state; // the next one may still be loading
      const told = drawn ? lab.describe(people, drawn) : "Your own picture.";
      face.element.setAttribute("aria-label", told);
      if (drawn) face.paint(desk.draw(drawn, FINE, true).image, FINE);
    });
    return { element, note, back, draw };
  };
}
