// One factor changed: the same face with one thing different, beside the first, and
// both answers.
{
  const lab = (globalThis.lab ??= {});
  const { make, choice, panel, status, canvas, percent } = lab.parts;
  const [COLOUR, SIDE] = [128, 64];

  // Somebody else of the same sex whose age is far away, in the skin of the first.
  const otherAge = (people, name) => {
    const one = people.people[name];
    const sex = one.words.split(" ")[1]; // "a woman of 44, ..."
    const others = Object.entries(people.people).filter(
      ([other, { words }]) => other !== name && words.split(" ")[1] === sex,
    );
    const far = ([, other]) => Math.abs(other.age - one.age);
    return others.sort((a, b) => far(b) - far(a))[0][0];
  };

  // The picture itself is turned round, and not the state that it was drawn from.
  const MIRROR = "mirror";
  const mirrored = (image, side) => {
    const each = image.length / side ** 2; // values of a pixel
    return image.map((_, at) => {
      const column = Math.floor(at / each) % side;
      return image[at + (side - 1 - 2 * column) * each];
    });
  };

  // What each factor makes of a state: { change, words }.
  const FACTORS = {
    light: [
      "Light from the other side",
      ({ state }) => ({
        scene: {
          light_azimuth: -(state.scene.light_azimuth ?? lab.plainScene.light_azimuth),
        },
      }),
    ],
    below: [
      "Light from below, hard",
      () => ({
        scene: {
          light_elevation: -30,
          light_azimuth: 0,
          light_contrast: 1,
        },
      }),
    ],
    mask: ["A mask", () => ({ scene: { occluder: "mask" } })],
    sunglasses: ["Sunglasses", () => ({ scene: { occluder: "sunglasses" } })],
    hand: ["A hand before the face", () => ({ scene: { occluder: "hand" } })],
    turn: [
      "The head turned by 25°",
      ({ state }) => ({
        scene: {
          yaw: (state.scene.yaw ?? 0) > 0 ? -25 : 25,
        },
      }),
    ],
    [MIRROR]: ["The picture in a mirror", () => ({})],
    lighter: ["Lighter skin", () => ({ skin_tone: 0.05 })],
    darker: ["Darker skin", () => ({ skin_tone: 0.95 })],
    age: [
      "Somebody of another age, in the same skin",
      ({ people, state }) => ({
        person: otherAge(people, state.person),
        skin_tone: state.skin_tone ?? people.people[state.person].skin_tone,
      }),
    ],
  };

  lab.changedState = (people, state, factor) => {
    const { scene = {}, ...change } = FACTORS[factor][1]({ people, state });
    return { ...state, ...change, scene: { ...state.scene, ...scene } };
  };

  lab.addOneFactor = (desk) => {
    const { people, state } = desk;
    const options = Object.entries(FACTORS).map(([name, [words]]) => [name, words]);
    let factor = "";
    const factors = choice("Change", [["", "nothing yet"], ...options], (name) => {
      factor = name;
      compare();
    });
    const [first, other] = [canvas("As it is"), canvas("Changed")];
    const [under, changed] = [make("figcaption"), make("figcaption")];
    const said = status();
    const rows = desk.plan.emotions.map((emotion) => {
      const cells = [make("td"), make("td"), make("td")];
      const name = make("th", { scope: "row" }, emotion);
      return { element: make("tr", {}, name, ...cells), cells };
    });
    const head = ["", "as it is", "changed", "points"].map((words) =>
      make(words ? "th" : "td", words ? { scope: "col" } : {}, words),
    );
    const table = make(
      "table",
      { className: "lab-table" },
      make("thead", {}, make("tr", {}, ...head)),
      make("tbody", {}, ...rows.map(({ element }) => element)),
    );
    const result = make(
      "div",
      { hidden: true },
      make(
        "div",
        { className: "lab-pair" },
        make("figure", {}, first.element, under),
        make("figure", {}, other.element, changed),
      ),
      said,
      table,
    );

    const compare = async () => {
      result.hidden = !factor;
      if (!factor || !one.open()) return;
      const { now } = state;
      const next = lab.changedState(people, now, factor);
      try {
        await lab.openPerson(people, now.person);
        await lab.openPerson(people, next.person);
      } catch (error) {
        said.textContent = error.message;
        return;
      }
      if (now !== state.now) return; // it changed meanwhile, and will be compared
      // what is held before a face does not change the exposure, all else does
      const covers = next.scene.occluder !== now.scene.occluder;
      const pair = (size, colour) => {
        const one = desk.draw(now, size, colour);
        const { image } = desk.draw(next, size, colour, covers ? one.lit : undefined);
        return [one.image, factor === MIRROR ? mirrored(image, size) : image];
      };
      const [before, after] = pair(SIDE, false).map(desk.ask);
      const pictures = pair(COLOUR, true);
      first.paint(pictures[0], COLOUR);
      other.paint(pictures[1], COLOUR);
      const told = [now, next].map((face) => lab.describe(people, face));
      first.element.setAttribute("aria-label", told[0]);
      other.element.setAttribute("aria-label", `${FACTORS[factor][0]}. ${told[1]}`);
      const words = [before, after].map((shares) =>
        lab.answerWords(desk.plan.emotions, shares, desk.line),
      );
      under.textContent = `as it is: ${words[0]}`;
      changed.textContent = `changed: ${words[1]}`;
      said.textContent = `${FACTORS[factor][0]}: ${words[0]} becomes ${words[1]}.`;
      rows.forEach(({ cells }, k) => {
        const whole = (share) => Math.round(100 * share); // as they are shown
        const points = whole(after[k]) - whole(before[k]);
        const sign = points > 0 ? "+" : points < 0 ? "−" : "";
        cells[0].textContent = percent(before[k]);
        cells[1].textContent = percent(after[k]);
        cells[2].textContent = `${sign}${Math.abs(points)}`;
      });
    };

    const one = panel(
      "One factor changed",
      make(
        "p",
        {},
        "The same muscles, and one thing different. The lab cannot age a " +
          "person; it shows somebody else instead.",
      ),
      factors.element,
      result,
    );
    one.element.addEventListener("toggle", compare);
    desk.on("settled", compare);
    desk.on("network", compare);
    one.element.dataset.panel = "factor";
    return {
      element: one.element,
      get: () => factor,
      set(name) {
        if (!Object.hasOwn(FACTORS, name))
          throw new Error(`no factor is called ${name}.`);
        factor = factors.select.value = name;
        one.element.open = true;
      },
    };
  };
}
