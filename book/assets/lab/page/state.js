// What the reader has set, with a way back: who, how strongly which group of action
// units is pulled, and the scene.
//
//   { person: "25", skin_tone: 0.4, groups: { AU12: 0.8 }, scene: { yaw: 10 },
//     preset: { name: "happiness", strength: 0.7 } }
//
// What is at rest is left out; `preset` only says which button made the groups.
{
  const lab = (globalThis.lab ??= {});
  const MOST_STEPS = 200;

  lab.startState = (first) => {
    const listeners = [];
    const [past, future] = [[], []];
    let [now, before] = [first, null]; // `before` a slider began to move
    const tell = () => listeners.forEach((listen) => listen(now));
    const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
    const step = (from, to) => {
      if (!from.length) return;
      to.push(now);
      now = from.pop();
      before = null;
      tell();
    };
    return {
      get now() {
        return now;
      },
      listen: (listener) => listeners.push(listener),
      // Merge a change. One that is not settled yet, since a slider still moves, is one
      // step back together with what follows.
      change(change, settled = true) {
        before ??= now;
        now = { ...now, ...change };
        if (settled) {
          if (!same(before, now)) {
            past.push(before);
            if (past.length > MOST_STEPS) past.shift();
            future.length = 0;
          }
          before = null;
        }
        tell();
      },
      canUndo: () => past.length > 0,
      canRedo: () => future.length > 0,
      undo: () => step(past, future),
      redo: () => step(future, past),
    };
  };

  lab.restingState = ({ controls }) => ({
    person: String(controls.people[0]),
    skin_tone: undefined,
    groups: {},
    scene: {},
    preset: null,
  });

  // The whole scene of a state. Presets and challenges were tested before a grey panel.
  lab.sceneOf = ({ scene }) => ({ ...lab.plainScene, background: null, ...scene });

  // The face of a state, as `lab.pose` takes it.
  lab.faceOf = (people, state) => {
    const units = lab.groupUnits(people, state.groups);
    const face = { person: state.person, units, scene: lab.sceneOf(state) };
    return state.skin_tone === undefined
      ? face
      : { ...face, skin_tone: state.skin_tone };
  };

  // The same entries with one set, or left out where it is at rest.
  lab.withEntry = (entries, name, value, rest) => {
    const { [name]: _, ...others } = entries;
    return value === rest ? others : { ...others, [name]: value };
  };

  // A face in words, for those who do not see it.
  lab.describe = ({ people, controls }, state) => {
    const who = people[state.person].words;
    const pulled = Object.entries(state.groups).map(
      ([group, strength]) => `${controls.groups[group].name}, ${strength.toFixed(2)}`,
    );
    const set = Object.entries(state.scene).map(([name, value]) => {
      const control = controls.scene[name];
      if (control) return `${control.name} ${value}${control.unit}`;
      return name === "occluder" ? value : "another background";
    });
    const face = pulled.length ? pulled.join("; ") : "a resting face";
    const skin = state.skin_tone === undefined ? [] : ["another skin tone"];
    return `Rendered: ${[who, face, ...skin, ...set].join("; ")}.`;
  };
}
