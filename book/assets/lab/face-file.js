// A face as a small JSON file, in the form of emolib/synthesis/face_file.py: saved here,
// drawn by `emolib render --from face.json`, and read back.
{
  const lab = (globalThis.lab ??= {});
  const FORMAT = "face 1";

  // What a file holds of a face, as `lab.pose` takes it.
  lab.faceRecord = (people, { person, skin_tone, units = {}, scene = {} }) => {
    const whole = { ...lab.plainScene, ...scene };
    const worn = whole.occluder !== "none" && people.occluders[whole.occluder];
    if (worn !== false) whole.occluder_seed = worn;
    const identity = { seed: people.people[person].seed };
    if (skin_tone !== undefined) identity.skin_tone = skin_tone;
    return { emolib: FORMAT, identity, units, scene: whole };
  };

  // The face of what a file held; an error says what is wrong with it.
  lab.faceOfRecord = (people, record) => {
    if (record?.emolib !== FORMAT) throw new Error("This is no face that the lab saved.");
    const { identity, units = {}, scene = {} } = record;
    if (![units, scene].every((one) => one instanceof Object)) {
      throw new Error("Its units and its scene must be names with values.");
    }
    const names = Object.keys(people.people);
    const person = names.find((name) => people.people[name].seed === identity?.seed);
    if (person === undefined) {
      throw new Error(`Person ${identity?.seed} is not in the lab; emolib can draw it.`);
    }
    const weights = {};
    for (const [unit, weight] of Object.entries(units)) {
      if (!(weight >= 0 && weight <= 1.6)) throw new Error(`${unit} must be 0 to 1.6.`);
      for (const name of sidesOf(people, unit)) {
        if (!people.units.includes(name)) throw new Error(`There is no unit ${unit}.`);
        weights[name] = weight;
      }
    }
    const { occluder, occluder_seed: seed } = scene;
    const own = people.occluders[occluder];
    if (own !== undefined && seed !== undefined && seed !== own) {
      const words = `Its ${occluder} is another one than the lab's`;
      throw new Error(`${words} (seed ${seed}, not ${own}); emolib can draw it.`);
    }
    const kept = {};
    for (const [name, value] of Object.entries(scene)) {
      const ours = Object.hasOwn(lab.plainScene, name);
      // seeds are of what is seen above; of the camera, 0 is no noise and no JPEG
      if (name.endsWith("_seed") || (!ours && !value)) continue;
      const named = name === "occluder";
      const known = value === "none" || Object.hasOwn(people.occluders, value);
      const panel = name === "background" && value === null;
      const fits = named ? known : panel || (ours && Number.isFinite(value));
      if (!fits) throw new Error(`The lab cannot draw ${name}: ${value}.`);
      kept[name] = value;
    }
    const tone = identity.skin_tone;
    if (tone === undefined) return { person, units: weights, scene: kept };
    if (!(tone >= 0 && tone <= 1)) throw new Error("skin_tone must be 0 to 1.");
    return { person, skin_tone: tone, units: weights, scene: kept };
  };

  // The full names of a unit that may be named without its side.
  const sidesOf = (people, unit) =>
    people.units.includes(`${unit}Left`) ? [`${unit}Left`, `${unit}Right`] : [unit];

  // The units that sliders move: strengths of groups of `people.controls`, 0 to 1.5.
  lab.groupUnits = (people, strengths) => {
    const units = {};
    for (const [group, strength] of Object.entries(strengths)) {
      const moved = people.controls.groups[group].units;
      for (const [unit, share] of Object.entries(moved)) {
        for (const name of sidesOf(people, unit)) {
          units[name] = Math.min((units[name] ?? 0) + share * strength, 1.6);
        }
      }
    }
    return units;
  };

  // The strengths of the groups that give such units; an error names a unit that no
  // slider moves, or not without another one.
  lab.unitGroups = (people, units) => {
    const strengths = {};
    for (const [group, { units: moved }] of Object.entries(people.controls.groups)) {
      const [[unit, share]] = Object.entries(moved);
      const weight = units[sidesOf(people, unit)[0]] ?? 0;
      if (weight > 0) strengths[group] = Number((weight / share).toFixed(4));
    }
    const given = lab.groupUnits(people, strengths);
    for (const unit of people.units) {
      const wanted = units[unit] ?? 0;
      if (Math.abs((given[unit] ?? 0) - wanted) > 1e-3) {
        throw new Error(`Its sliders do not bring ${unit} to ${wanted}.`);
      }
    }
    return strengths;
  };

  // Whether a challenge of `people.controls` is met, or why not, in words. `state` and
  // `begin` are {groups, scene}; `shares` (6) is what the network answers.
  lab.checkChallenge = ({ controls }, { rules, goal }, begin, state, shares) => {
    const { groups, scene } = controls;
    const strength = (one, group) => one.groups[group] ?? 0;
    const moved = Object.keys(groups).filter(
      (group) => strength(state, group) !== strength(begin, group),
    );
    const most = rules.sliders_moved ?? Infinity;
    if (moved.length > most) {
      const sliders = moved.length === 1 ? "slider" : "sliders";
      const allowed = most ? `at most ${most} is allowed` : "none is allowed";
      return `You moved ${moved.length} ${sliders}; ${allowed}.`;
    }
    const [at, before] = [state.scene ?? {}, begin.scene ?? {}];
    for (const name of Object.keys({ ...before, ...at })) {
      const kind = name === "occluder" ? "cover" : scene[name]?.kind;
      const allowed = !rules.scene || rules.scene.includes(kind);
      if (!allowed && at[name] !== before[name]) {
        return `You changed more than the ${rules.scene.join(" and the ")}.`;
      }
    }
    const cover = at.occluder ?? "none";
    if (rules.covers && cover !== "none" && !rules.covers.includes(cover)) {
      return "A smaller cover will do.";
    }
    for (const group of Object.keys(groups)) {
      const outside = rules.regions && !rules.regions.includes(groups[group].region);
      if (outside && strength(state, group) > 0) {
        return `You moved more than ${rules.regions.join(" and ")}.`;
      }
      const least = rules.least?.[group] ?? 0;
      if (strength(state, group) < least) return `${group} is below ${least}.`;
    }
    const top = Math.max(...shares);
    const answer = Object.keys(controls.presets)[shares.indexOf(top)];
    const met = goal.unsure
      ? top < controls.unsure_below
      : goal.not
        ? answer !== goal.not
        : answer === goal.answer && top >= (goal.at_least ?? controls.unsure_below);
    if (met) return true;
    const said = `${answer}, ${Math.round(100 * top)} %`;
    return top < controls.unsure_below
      ? `The network is unsure (${said}).`
      : `The network answers ${said}.`;
  };
}
