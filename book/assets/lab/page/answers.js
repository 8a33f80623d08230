// Six probabilities as bars, with the line below which an answer counts as unsure, and
// the answer in words. Only a settled answer is read out, not each on the way.
{
  const lab = (globalThis.lab ??= {});
  const { make, percent } = lab.parts;

  // Words that are already there are not written again, so that nothing is laid out or
  // read out for them.
  const write = (element, words) => {
    if (element.textContent !== words) element.textContent = words;
  };

  // The answer in words, as emolib gives it: "happiness 93 %", "unsure (fear 31 %)".
  lab.answerWords = (emotions, shares, line) => {
    const top = shares.indexOf(Math.max(...shares));
    const best = `${emotions[top]} ${percent(shares[top])}`;
    return shares[top] < line ? `unsure (${best})` : best;
  };

  // Bars whose names and numbers are text; the drawn part says nothing more.
  lab.answerBars = (emotions) => {
    const items = emotions.map((emotion) => {
      const share = make("span", { className: "share" });
      const track = make("span", { className: "track", aria: { "aria-hidden": true } });
      const name = make("span", { className: "name" }, emotion);
      const item = make("li", {}, name, track, share);
      item.style.setProperty("--emotion", `var(--emotion-${emotion})`);
      return { item, share };
    });
    const list = make(
      "ul",
      { className: "lab-bars" },
      ...items.map(({ item }) => item),
    );
    list.setAttribute("aria-label", "Probability of each answer");
    const show = (shares, line) => {
      const top = Math.max(...shares);
      list.style.setProperty("--line", line);
      items.forEach(({ item, share }, k) => {
        item.style.setProperty("--share", shares[k]);
        item.classList.toggle("top", shares[k] === top && top >= line);
        share.textContent = percent(shares[k]);
      });
    };
    return { element: list, show };
  };

  lab.addAnswers = (desk) => {
    const { emotions } = desk.plan;
    const bars = lab.answerBars(emotions);
    const answer = make("strong", {});
    const line = make("p", { className: "lab-line" });
    const why = make("p", { className: "lab-why" });
    const read = make("p", { className: "lab-read", aria: { role: "status" } });
    const element = make(
      "div",
      { className: "lab-answers" },
      make("p", { className: "lab-answer" }, "The network answers: ", answer),
      bars.element,
      line,
      read,
    );

    const reason = ({ shown, line: least }) => {
      const sure = Math.max(...shown.shares) >= least;
      const still = Object.keys(desk.state.now.groups).length === 0;
      if (shown.from !== "face") {
        return (
          "The network answers to whatever is in the frame; it cannot say that there is " +
          "no face."
        );
      }
      if (still && !sure) {
        return (
          "Why unsure? This face rests, and rest is none of the six answers. The " +
          "network was taught to give each of them about a sixth for a face like this; " +
          "move a muscle and watch it change its mind."
        );
      }
      if (still) {
        return (
          "No muscle is pulled, and still the network is sure of something: it " +
          "has taken this person, this light or this pose for an expression."
        );
      }
      return sure
        ? ""
        : "Several answers share what the network sees, and none reaches " +
            "the line.";
    };

    desk.on("shown", () => {
      const { shares } = desk.shown;
      bars.show(shares, desk.line);
      const words = lab.answerWords(emotions, shares, desk.line);
      write(answer, words);
      const from = desk.plan.unsureBelow
        ? "the network's own file"
        : "this book: resting faces have to stay below it";
      write(
        line,
        `Below the line at ${percent(desk.line)} an answer counts as unsure. ` +
          `The line comes from ${from}.`,
      );
      write(why, reason(desk));
    });
    desk.on("settled", () => {
      write(read, `The network answers: ${answer.textContent}.`);
    });
    return { element, why };
  };
}
