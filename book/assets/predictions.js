// Predictions a reader commits to, and quizzes that answer. The pages are complete
// without this script: it turns the list of a "Predict." box into buttons, or its last
// sentence into a field for a number, and shows the choice again beside the result.
// The choice stays in this browser, under the id of the box, which the build makes from
// page and words: a question that changes is asked anew.

(() => {
  const GUESS = /^Your guess: a number from (\S+) to (\S+?)(?: \((.+)\))?\.$/;
  const PICTURES = ".cell_output, svg.drawing, figure, img";

  // --- What is kept: in the browser, or, where that is forbidden, until one leaves ---

  const memory = new Map();
  const keyOf = (box) => `emolib-${box.id}`;

  function recall(box) {
    try {
      return localStorage.getItem(keyOf(box));
    } catch {
      return memory.get(keyOf(box)) ?? null;
    }
  }

  function keep(box, value) {
    try {
      if (value === null) localStorage.removeItem(keyOf(box));
      else localStorage.setItem(keyOf(box), value);
      return "Noted, in this browser only.";
    } catch {
      memory.set(keyOf(box), value);
      return "Noted until you leave this page.";
    }
  }

  // --- Pieces of the page -------------------------------------------------------------

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  // A button may hold no link: the words of one stay.
  function buttonOf(item) {
    const inner = item.querySelector(":scope > p") ?? item;
    const button = make("button", { type: "button" }, ...inner.childNodes);
    for (const link of button.querySelectorAll("a")) link.replaceWith(...link.childNodes);
    button.setAttribute("aria-pressed", "false");
    return button;
  }

  function buttonsOf(list, label) {
    const buttons = [...list.children].map(buttonOf);
    const group = make("div", { className: "choices" }, ...buttons);
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", label);
    list.replaceWith(group);
    return { group, buttons };
  }

  function press(buttons, chosen) {
    for (const button of buttons)
      button.setAttribute("aria-pressed", String(button === chosen));
  }

  function status(after) {
    const line = make("p", { className: "verdict" });
    line.setAttribute("role", "status");
    after.after(line);
    return line;
  }

  // --- Predictions ---------------------------------------------------------------------

  // The place below the first output or figure after the box, unless it is folded away.
  function placeBeside(box) {
    const place = make("div", { className: "said" });
    const answer = [...document.querySelectorAll(PICTURES)].find(
      (one) =>
        box.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING &&
        !box.contains(one) &&
        !one.closest("details"),
    );
    let last = answer?.closest("p, figure, .paper") ?? answer ?? box;
    while (last.nextElementSibling?.matches(".said")) last = last.nextElementSibling;
    last.after(place);
    return place;
  }

  // Where two questions share a result, each answer says whose it is.
  function questionOf(box, place) {
    const beside = [place.previousElementSibling, place.nextElementSibling];
    if (!beside.some((one) => one?.matches(".said"))) return "";
    const question = box.querySelector("p").cloneNode(true);
    question.querySelector("strong").remove(); // "Predict."
    return make("span", { className: "question" }, ...question.childNodes, " ");
  }

  // `control` has: show(value), which also returns the words for a value, or null if it
  // is none of its; first(), where the keyboard goes to change it.
  function remember(box, place, note, control) {
    function show(value) {
      const words = control.show(value);
      place.replaceChildren();
      if (words === null) return;
      const change = make("button", { type: "button" }, "Change");
      const clear = make("button", { type: "button" }, "Clear");
      change.addEventListener("click", () => control.first().focus());
      clear.addEventListener("click", () => {
        choose(null);
        place.tabIndex = -1; // the keyboard goes on from here
        place.focus();
      });
      const said = make("strong", {}, ...words);
      place.append(
        make("p", {}, questionOf(box, place), "You said: ", said, " ", change, " ", clear),
      );
    }

    function choose(value) {
      const kept = keep(box, value);
      note.textContent = value === null ? "" : kept;
      show(value);
    }

    show(recall(box));
    return choose;
  }

  function offerOptions(box, place, list) {
    const { group, buttons } = buttonsOf(list, "Your prediction");
    const choose = remember(box, place, status(group), {
      first: () =>
        buttons.find((one) => one.getAttribute("aria-pressed") === "true") ?? buttons[0],
      show(value) {
        const chosen = value === null ? undefined : buttons[Number(value)];
        press(buttons, chosen);
        return chosen ? [...chosen.cloneNode(true).childNodes] : null;
      },
    });
    buttons.forEach((button, index) =>
      button.addEventListener("click", () => {
        const pressed = button.getAttribute("aria-pressed") === "true";
        choose(pressed ? null : String(index));
      }),
    );
  }

  function offerNumber(box, place, sentence) {
    const [, least, most, unit] = sentence.textContent.trim().match(GUESS);
    const [min, max] = [least, most].map((one) => one.replace(/,/g, "").replace("−", "-"));
    const id = `${box.id}-number`;
    const field = make("input", { type: "number", id, min, max, step: "any" });
    field.required = true;
    const form = make(
      "form",
      { className: "choices" },
      make("label", { htmlFor: id }, ...sentence.childNodes),
      field,
      make("button", { type: "submit" }, "Keep"),
    );
    sentence.replaceWith(form);
    const choose = remember(box, place, status(form), {
      first: () => field,
      show(value) {
        field.value = value ?? "";
        return value === null ? null : [unit ? `${value} ${unit}` : value];
      },
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      choose(field.value);
    });
  }

  // --- Quizzes --------------------------------------------------------------------------

  function offerAnswers(list) {
    const details = list.nextElementSibling;
    if (!details?.matches("details")) return;
    const bold = details.querySelector(":scope > p > strong:first-child");
    const right = bold?.textContent.match(/^([a-z])\.?$/)?.[1];
    if (!right) return;
    const { group, buttons } = buttonsOf(list, "Answers");
    const verdict = status(group);
    for (const button of buttons)
      button.addEventListener("click", () => {
        const said = button.textContent.trim()[0];
        press(buttons, button);
        group.dataset.verdict = said === right ? "right" : "wrong";
        verdict.textContent =
          said === right ? `✓ Right: ${right}.` : `✗ Not ${said}: the answer is ${right}.`;
        details.open = true;
      });
  }

  document.addEventListener("DOMContentLoaded", () => {
    const offers = []; // all places are made before any is filled
    for (const box of document.querySelectorAll("blockquote.predict[id]")) {
      const list = box.querySelector("ul.options");
      const sentence = [...box.querySelectorAll("p")].find((one) =>
        GUESS.test(one.textContent.trim()),
      );
      if (list) offers.push([offerOptions, box, placeBeside(box), list]);
      else if (sentence) offers.push([offerNumber, box, placeBeside(box), sentence]);
    }
    for (const [offer, ...pieces] of offers) offer(...pieces);
    for (const list of document.querySelectorAll("ul.options")) offerAnswers(list);
  });
})();
