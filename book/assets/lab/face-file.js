// A face as a small JSON file, in the form of emolib/synthesis/face_file.py: saved here,
// drawn by `emolib render --from face.json`, and read back.
{
  const lab = (globalThis.lab ??= {});
  const FORMAT = "face 1";

  // What a file holds of {person, units, scene}.
  lab.faceRecord = (people, { person, units = {}, scene = {} }) => {
    const whole = { ...lab.plainScene, ...scene };
    const worn = whole.occluder !== "none" && people.occluders[whole.occluder];
    if (worn !== false) whole.occluder_seed = worn;
    const identity = { seed: people.people[person].seed };
    return { emolib: FORMAT, identity, units, scene: whole };
  };

  // The {person, units, scene} of what a file held; an error says what is wrong with it.
  lab.faceOfRecord = (people, record) => {
    if (record?.emolib !== FORMAT) throw new Error("This is no face that the lab saved.");
    const { identity, units = {}, scene = {} } = record;
    const names = Object.keys(people.people);
    const person = names.find((name) => people.people[name].seed === identity?.seed);
    if (person === undefined) {
      throw new Error(`Person ${identity?.seed} is not in the lab; emolib can draw it.`);
    }
    for (const [unit, weight] of Object.entries(units)) {
      if (!people.units.includes(unit)) throw new Error(`There is no unit ${unit}.`);
      if (!(weight >= 0 && weight <= 1.6)) throw new Error(`${unit} must be 0 to 1.6.`);
    }
    const kept = {};
    for (const [name, value] of Object.entries(scene)) {
      if (!(name in lab.plainScene)) continue; // of a camera that the lab has not got
      const text = name === "occluder";
      const none = name === "background" && value === null;
      const fits = text ? value === "none" || value in people.occluders : none || Number.isFinite(value);
      if (!fits) throw new Error(`The lab cannot draw ${name}: ${value}.`);
      kept[name] = value;
    }
    return { person, units, scene: kept };
  };

  // The units that sliders move: strengths of groups of `people.controls`, 0 to 1.5.
  lab.groupUnits = (people, strengths) => {
    const units = {};
    for (const [group, strength] of Object.entries(strengths)) {
      const moved = people.controls.groups[group].units;
      for (const [unit, share] of Object.entries(moved)) {
        const sided = people.units.includes(`${unit}Left`);
        for (const name of sided ? [`${unit}Left`, `${unit}Right`] : [unit]) {
          units[name] = Math.min((units[name] ?? 0) + share * strength, 1.6);
        }
      }
    }
    return units;
  };
}
