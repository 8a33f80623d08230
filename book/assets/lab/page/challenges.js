// Challenges: a face to begin with, a task, and a check. They are data: what is told,
// what is allowed and how each can be solved stands in `people.controls`.
{
  const lab = (globalThis.lab ??= {});
  const { make, button, choice, panel, status } = lab.parts;

  lab.addChallenges = (desk) => {
    const { people, state, controls } = desk;
    const { challenges } = controls;
    let [number, begin] = [0, null]; // `begin`: the state that was begun with
    const task = make("p", { className: "lab-task" });
    const said = status();
    const listed = challenges.map(({ name }, k) => [k, `${k + 1}. ${name}`]);
    const which = choice("Challenge", listed, (k) => show(Number(k)));

    const show = (k) => {
      number = k;
      which.select.value = k;
      task.textContent = challenges[k].task;
      said.textContent = "";
      begin = null;
    };
    const stateOf = ({ groups, scene = {} }) => ({
      ...lab.restingState(people),
      groups,
      scene,
    });
    const start = () => {
      begin = stateOf(challenges[number].begin);
      state.change(begin);
      said.textContent = "The face is set. Your turn.";
    };
    const check = () => {
      const { now } = state;
      if (!begin) {
        said.textContent = "Press “Begin” first: the challenge sets the face.";
      } else if (desk.shown.from !== "face") {
        said.textContent = "Go back to the rendered face first.";
      } else if (now.person !== begin.person || now.skin_tone !== undefined) {
        said.textContent = "The person has changed. Take the one you began with.";
      } else {
        const both = [begin, now].map((one) => ({
          groups: one.groups,
          scene: lab.sceneOf(one),
        }));
        const { shares } = desk.shown;
        const told = { ...controls, unsure_below: desk.line };
        const met = lab.checkChallenge(
          { controls: told },
          challenges[number],
          ...both,
          shares,
        );
        said.textContent = met === true ? "✓ Solved." : `✗ Not yet. ${met}`;
      }
    };
    const solve = () => {
      begin ??= stateOf(challenges[number].begin);
      state.change(stateOf(challenges[number].solution));
      said.textContent =
        "This is one solution; there are others. “Undo” takes it back.";
    };

    show(0);
    const { element } = panel(
      "Challenges",
      which.element,
      task,
      make(
        "div",
        { className: "lab-buttons" },
        button("Begin", start),
        button("Check", check),
        button("Show a solution", solve),
      ),
      said,
    );
    element.dataset.panel = "challenge";
    return {
      element,
      get: () => (begin ? String(number + 1) : ""),
      set(text) {
        const k = Number(text) - 1;
        if (!challenges[k]) throw new Error(`there is no challenge ${text}.`);
        show(k);
        begin = stateOf(challenges[k].begin);
        element.open = true;
      },
    };
  };
}
