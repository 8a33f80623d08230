// What the reader moves: presets, action units, the person, head, light and what is in
// front of the face. All names and ranges come from `people.controls`.
{
  const lab = (globalThis.lab ??= {});
  const { make, button, slider, choice } = lab.parts;
  const REGIONS = {
    brows: "Brows",
    eyes: "Eyes",
    nose: "Nose",
    mouth: "Mouth and jaw",
  };
  const KINDS = { pose: "Head", light: "Light" };
  const capital = (words) => words[0].toUpperCase() + words.slice(1);

  const fold = (title, open, ...children) =>
    make(
      "details",
      { className: "lab-group", open },
      make("summary", {}, title),
      ...children,
    );

  // "AU20+25" as readers of the FACS write it.
  const facs = (group) => group.replace("AU", "AU\u00a0").replace("+", "\u00a0+\u00a0");

  // A preset at a strength, in the steps of the sliders.
  lab.presetGroups = ({ presets, strength: { step } }, name, strength) => {
    const steps = (value) => Math.round((value * strength) / step);
    return Object.fromEntries(
      Object.entries(presets[name])
        .map(([group, value]) => [group, Number((steps(value) * step).toFixed(2))])
        .filter(([, value]) => value > 0),
    );
  };

  lab.addPresets = ({ state, controls }) => {
    const pull = (name, strength, settled = true) => {
      const groups = lab.presetGroups(controls, name, strength);
      state.change({ groups, preset: { name, strength } }, settled);
    };
    const buttons = Object.keys(controls.presets).map((name) => {
      const one = button(name, () => pull(name, Number(strength.input.value) || 1));
      one.style.setProperty("--emotion", `var(--emotion-${name})`);
      return [name, one];
    });
    const range = { least: 0, most: 1, step: 0.05 };
    const strength = slider("Strength of the expression", range, (value, settled) => {
      const name = state.now.preset?.name;
      if (name) pull(name, value, settled);
    });
    const all = make(
      "div",
      { className: "lab-presets" },
      ...buttons.map(([, one]) => one),
    );
    all.setAttribute("role", "group");
    all.setAttribute("aria-label", "Expressions to begin with");
    const show = ({ preset }) => {
      for (const [name, one] of buttons) {
        one.setAttribute("aria-pressed", preset?.name === name);
      }
      strength.input.disabled = !preset;
      strength.show(preset?.strength ?? 1);
    };
    state.listen(show);
    show(state.now);
    return make("div", {}, all, strength.element);
  };

  lab.addUnits = ({ state, controls }) => {
    const folds = Object.entries(REGIONS).map(([region, title]) => {
      const rows = Object.entries(controls.groups)
        .filter(([, group]) => group.region === region)
        .map(([name, group]) => {
          const words = `${capital(group.name)} (${facs(name)})`;
          const one = slider(words, controls.strength, (value, settled) => {
            const groups = lab.withEntry(state.now.groups, name, value, 0);
            state.change({ groups, preset: null }, settled);
          });
          one.input.dataset.group = name;
          const show = ({ groups }) => one.show(groups[name] ?? 0);
          state.listen(show);
          show(state.now);
          return one.element;
        });
      return fold(title, true, ...rows);
    });
    return make("div", {}, ...folds);
  };

  const setScene = ({ state }, name, value, rest, settled = true) =>
    state.change({ scene: lab.withEntry(state.now.scene, name, value, rest) }, settled);

  const sceneSliders = (desk, kind) =>
    Object.entries(desk.controls.scene)
      .filter(([, control]) => control.kind === kind)
      .map(([name, control]) => {
        const one = slider(capital(control.name), control, (value, settled) =>
          setScene(desk, name, value, control.rest, settled),
        );
        one.input.dataset.scene = name;
        const show = ({ scene }) => one.show(scene[name] ?? control.rest);
        desk.state.listen(show);
        show(desk.state.now);
        return one.element;
      });

  lab.addScene = (desk) => {
    const { state, people, controls } = desk;
    const names = controls.people.map((one) => String(one));
    const who = choice(
      "Person",
      names.map((name) => [name, capital(people.people[name].words)]),
      (person) => state.change({ person }),
    );
    const skin = slider(
      "Skin, from light to dark",
      { least: 0, most: 1, step: 0.05, ends: ["light", "dark"] },
      (skin_tone, settled) => state.change({ skin_tone }, settled),
    );
    const worn = choice(
      "In front of the face",
      Object.keys(controls.occluders).map((name) => [name, capital(name)]),
      (name) => setScene(desk, "occluder", name, "none"),
    );
    const places = Object.entries(controls.backgrounds);
    const place = choice(
      "Behind the person",
      places.map(([name]) => [name, capital(name)]),
      (name) => setScene(desk, "background", controls.backgrounds[name], null),
    );
    const show = (now) => {
      who.select.value = now.person;
      skin.show(now.skin_tone ?? people.people[now.person].skin_tone);
      worn.select.value = now.scene.occluder ?? "none";
      const seed = now.scene.background ?? null;
      place.select.value = places.find(([, one]) => one === seed)[0];
    };
    state.listen(show);
    show(state.now);
    const size = "Another person is a file of about 80 kB, loaded when chosen.";
    return make(
      "div",
      {},
      fold(
        "Person",
        true,
        who.element,
        make("p", { className: "lab-small" }, size),
        skin.element,
      ),
      fold("In front and behind", true, worn.element, place.element),
      ...Object.entries(KINDS).map(([kind, title]) =>
        fold(title, false, ...sceneSliders(desk, kind)),
      ),
    );
  };
}
