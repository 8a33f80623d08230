// Puts the lab together, in the place of its poster.
{
  const lab = (globalThis.lab ??= {});
  const { make } = lab.parts;
  const NETWORK = "synthface";
  const IN_LINKS = {
    where: "map",
    inside: "look",
    factor: "factor",
    challenge: "challenge",
  };

  // { state, extra, fault } of the address; what cannot be read is told, not fatal.
  const fromAddress = (people) => {
    const resting = { state: lab.restingState(people), extra: {} };
    if (!location.hash.startsWith("#lab=")) return resting;
    try {
      return lab.fromFragment(people, location.hash, Object.values(IN_LINKS));
    } catch (error) {
      const fault =
        `The link cannot be read: ${error.message} Copy it once more, whole, or go on ` +
        "from here.";
      return { ...resting, fault };
    }
  };

  lab.startLab = async (root) => {
    const [people, plan] = await Promise.all([
      lab.openPeople(),
      lab.openNetwork(NETWORK),
    ]);
    const asked = fromAddress(people);
    await lab.openPerson(people, asked.state.person);
    const desk = lab.makeDesk(people, plan, asked.state);

    const whole = make("div", { className: "lab" });
    const pictures = lab.addPictures(desk);
    desk.drawFace = pictures.draw;
    const answers = lab.addAnswers(desk);
    const panels = {
      where: lab.addWhere(desk),
      inside: lab.addInside(desk),
      factor: lab.addOneFactor(desk),
      challenge: lab.addChallenges(desk),
      own: lab.addOwnFile(desk, whole),
    };
    const extra = () =>
      Object.fromEntries(
        Object.entries(IN_LINKS).map(([name, key]) => [key, panels[name].get()]),
      );
    const message = make("p", {
      className: "lab-message",
      hidden: true,
      aria: { role: "alert" },
    });
    const keeping = lab.addKeeping(desk, whole, extra);
    const heading = (words) => make("h2", {}, words);
    whole.append(
      message,
      make("div", { className: "lab-top" }, pictures.element, answers.element),
      make(
        "div",
        { className: "lab-below" },
        pictures.back,
        pictures.note,
        answers.why,
      ),
      keeping,
      make(
        "div",
        { className: "lab-columns" },
        make(
          "section",
          {},
          heading("Expression"),
          lab.addPresets(desk),
          lab.addUnits(desk),
        ),
        make("section", {}, heading("Person and scene"), lab.addScene(desk)),
      ),
      make(
        "section",
        {},
        heading("Ask more"),
        ...Object.values(panels).map(({ element }) => element),
      ),
    );

    const tell = (words) => {
      message.textContent = words ?? "";
      message.hidden = !words;
    };
    const open = ({ extra: kept }) => {
      for (const [name, key] of Object.entries(IN_LINKS)) {
        if (kept[key]) panels[name].set(kept[key]);
      }
    };
    const restore = (from) => {
      tell(from.fault);
      try {
        open(from);
      } catch (error) {
        tell(`Of the link a part cannot be read: ${error.message} The rest is shown.`);
      }
    };
    // somebody who puts another link into the address bar of this page
    window.addEventListener("hashchange", () => {
      if (!location.hash.startsWith("#lab=")) return;
      const from = fromAddress(people);
      if (!from.fault) desk.state.change(from.state);
      restore(from);
    });

    await pictures.draw();
    restore(asked);
    root.replaceChildren(whole);
    root.dataset.open = "true";
    whole.tabIndex = -1;
    whole.focus({ preventScroll: true });
    root.scrollIntoView(); // the poster was shorter
    lab.desk = desk; // for the curious, and for tests
  };
}
