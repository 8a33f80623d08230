// The whole state as the end of an address, and back:
//
//   #lab=1&person=25&AU12=0.8&yaw=10&occluder=mask&factor=light
//
// Readable, so that a teacher can write one by hand. Nothing is sent anywhere: browsers
// keep what follows the # to themselves.
{
  const lab = (globalThis.lab ??= {});
  const VERSION = "1";

  // `extra` holds what the panels want to be kept, such as { factor: "light" }.
  lab.toFragment = ({ controls }, state, extra = {}) => {
    const told = new URLSearchParams({ lab: VERSION, person: state.person });
    if (state.skin_tone !== undefined) told.set("skin_tone", state.skin_tone);
    for (const [group, value] of Object.entries(state.groups)) told.set(group, value);
    for (const [name, value] of Object.entries(state.scene)) {
      const places = Object.entries(controls.backgrounds);
      const place = places.find(([, seed]) => seed === value)?.[0];
      told.set(name, name === "background" ? place : value);
    }
    for (const [name, value] of Object.entries(extra)) {
      if (value) told.set(name, value);
    }
    return `#${told}`;
  };

  // { state, extra } of such an end; an error says what is wrong with it. `panels`
  // names what `extra` may hold.
  lab.fromFragment = (people, fragment, panels) => {
    const told = new URLSearchParams(fragment.slice(1));
    if (told.get("lab") !== VERSION) throw new Error("it is of another version.");
    told.delete("lab");
    return readEntries(people, told, panels);
  };

  // The state that shows a face, as `lab.pose` takes it; an error says why none does.
  lab.stateOfFace = (people, { units, scene, ...who }) => {
    const { backgrounds } = people.controls;
    const { background, ...whole } = { ...lab.plainScene, ...scene };
    const place = Object.keys(backgrounds).find(
      (one) => backgrounds[one] === background,
    );
    const changed = Object.entries(whole).filter(
      ([name, value]) => value !== lab.plainScene[name],
    );
    const told = {
      ...who,
      ...lab.unitGroups(people, units),
      background: place ?? background,
    };
    const entries = [...Object.entries(told), ...changed];
    return readEntries(people, entries, []).state;
  };

  const readEntries = (people, entries, panels) => {
    const { controls } = people;
    const state = lab.restingState(people);
    const extra = {};
    const number = (name, given, least, most) => {
      const value = String(given).trim() === "" ? NaN : Number(given);
      if (!(value >= least && value <= most)) {
        throw new Error(`${name} is ${given}; expected ${least} to ${most}.`);
      }
      return value;
    };
    const known = (name, value, table) => {
      if (!Object.hasOwn(table, value)) {
        throw new Error(`no ${name} is called ${value}.`);
      }
      return value;
    };
    for (const [name, given] of entries) {
      const control = Object.hasOwn(controls.scene, name) && controls.scene[name];
      if (name === "person") state.person = known(name, given, people.people);
      else if (name === "skin_tone") state.skin_tone = number(name, given, 0, 1);
      else if (Object.hasOwn(controls.groups, name)) {
        const { least, most } = controls.strength;
        const value = number(name, given, least, most);
        state.groups = lab.withEntry(state.groups, name, value, 0);
      } else if (control) {
        const value = number(name, given, control.least, control.most);
        state.scene = lab.withEntry(state.scene, name, value, control.rest);
      } else if (name === "occluder") {
        const value = known(name, given, controls.occluders);
        state.scene = lab.withEntry(state.scene, name, value, "none");
      } else if (name === "background") {
        const value = controls.backgrounds[known(name, given, controls.backgrounds)];
        state.scene = lab.withEntry(state.scene, name, value, null);
      } else if (panels.includes(name)) extra[name] = given;
      else throw new Error(`${name} is nothing that the lab knows.`);
    }
    return { state, extra };
  };
}
