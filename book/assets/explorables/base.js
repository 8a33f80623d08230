// What the explorables of the chapters stand on. A figure's cell hands its data to the
// page (`plots.explorable(name, ...)`); the script of that name says how to build
// something to move from them, and it is shown in the place of the figure. Without
// scripts, on paper, or if building fails, the figure stays as it is.
//
// The pieces (sliders, buttons, canvases) are those of the face lab: lab/page/parts.js.
{
  const explore = (globalThis.explore = {});
  const { make, button, status } = lab.parts;
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 380; // units of a chart, as of a drawing: its letters are drawing.css's

  // `build(data)` returns an element.
  explore.add = (name, build) => {
    for (const place of document.querySelectorAll(
      `.explorable[data-name="${name}"]`,
    )) {
      const output = place.closest(".output");
      const figure = [...output.parentElement.children].filter((one) => one !== output);
      try {
        place.append(build(JSON.parse(place.querySelector("script").textContent)));
        for (const one of figure) one.classList.add("explorable-still");
      } catch (error) {
        console.error(error); // the figure stays
      }
    }
  };

  // An array of uint8 as Python handed it over: its values and its shape.
  explore.bytes = ({ shape, bytes }) => ({
    shape,
    data: Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)),
  });

  const svg = (tag, attributes = {}, ...children) => {
    const element = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes))
      element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  // A chart of `height` units: `x` and `y` are { from, to, label, ticks, log }, a tick
  // is a number or [number, words]. Returns the <svg>, the scales in both directions,
  // and a layer: what `show(...children)` was given last stands in the frame.
  const MARGIN = { left: 52, right: 12, top: 10, bottom: 44 };
  explore.chart = (words, { height = 260, x, y }) => {
    const scale = ({ from, to, log }, start, end) => {
      const f = log ? Math.log : (value) => value;
      const back = log ? Math.exp : (value) => value;
      const slope = (end - start) / (f(to) - f(from));
      return {
        at: (value) => start + (f(value) - f(from)) * slope,
        of: (place) => back(f(from) + (place - start) / slope),
      };
    };
    const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
    const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
    const across = scale(x, left, right);
    const up = scale(y, bottom, top);
    const frame = svg("g");
    const each = (ticks, draw) =>
      ticks.forEach((tick) => draw(...(Array.isArray(tick) ? tick : [tick, `${tick}`])));
    each(x.ticks, (value, text) => {
      const place = across.at(value);
      frame.append(
        svg("line", { class: "thin", x1: place, x2: place, y1: bottom, y2: bottom + 4 }),
        svg("text", { class: "mid", x: place, y: bottom + 18 }, text),
      );
    });
    each(y.ticks, (value, text) => {
      const place = up.at(value);
      frame.append(
        svg("line", { class: "thin", x1: left - 4, x2: left, y1: place, y2: place }),
        svg("text", { class: "end", x: left - 8, y: place + 4 }, text),
      );
    });
    const size = { x: left, y: top, width: right - left, height: bottom - top };
    const middle = (top + bottom) / 2;
    const turned = `rotate(-90 12 ${middle})`;
    frame.append(
      svg("rect", { class: "thin", ...size }),
      svg("text", { class: "mid", x: (left + right) / 2, y: height - 6 }, x.label),
      svg("text", { class: "mid", x: 12, y: middle, transform: turned }, y.label),
    );
    const inside = svg("g");
    const element = svg(
      "svg",
      { class: "drawing", viewBox: `0 0 ${WIDTH} ${height}`, role: "img" },
      frame,
      inside,
    );
    element.setAttribute("aria-label", words);
    const show = (...children) => inside.replaceChildren(...children);
    const line = (points, look = "accent-line") =>
      svg("polyline", {
        class: look,
        points: points.map(([a, b]) => `${across.at(a)},${up.at(b)}`).join(" "),
      });
    const dot = ([a, b], look = "full-accent", r = 4) =>
      svg("circle", { class: look, cx: across.at(a), cy: up.at(b), r });
    return { element, width: WIDTH, height, x: across, y: up, size, show, line, dot };
  };

  // Makes an element something to point at: `moved(x, y, settled)` is told where a
  // pointer that is down is, in shares of the element (0 to 1), and once more, settled,
  // when it is lifted; `stepped(dx, dy)` which arrow key was pressed. To a screen reader
  // it is a slider; returns what says where that stands.
  const ARROWS = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
  };
  explore.pointed = (element, name, { moved, stepped }) => {
    element.classList.add("explorable-pointed");
    const tell = ({ clientX, clientY }, settled = false) => {
      const box = element.getBoundingClientRect();
      moved((clientX - box.left) / box.width, (clientY - box.top) / box.height, settled);
    };
    element.addEventListener("pointerdown", (event) => {
      if (event.button) return; // a menu
      element.setPointerCapture(event.pointerId);
      tell(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) tell(event);
    });
    element.addEventListener("pointerup", (event) => {
      if (element.hasPointerCapture(event.pointerId)) tell(event, true);
    });
    if (!stepped) return null; // the keyboard has another way
    element.tabIndex = 0;
    element.setAttribute("role", "slider");
    element.setAttribute("aria-label", name);
    element.addEventListener("keydown", (event) => {
      if (!ARROWS[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      stepped(...ARROWS[event.key]);
    });
    return (value, most, words) => {
      element.setAttribute("aria-valuemin", 0);
      element.setAttribute("aria-valuemax", most);
      element.setAttribute("aria-valuenow", value);
      element.setAttribute("aria-valuetext", words);
    };
  };

  // A status line that speaks once what it is told has come to rest: `say(words)`, where
  // `words()` says what there is to say, and may tick a task that is done by then.
  const REST = 300; // milliseconds
  explore.spoken = () => {
    const element = status();
    let timer = 0;
    const say = (words) => {
      clearTimeout(timer);
      timer = setTimeout(() => (element.textContent = words()), REST);
    };
    return { element, say };
  };

  // Tasks with a tick before those that are done: `tasks` are { words, ... }. `done(task)`
  // ticks one and says whether that was news.
  explore.tasks = (lead, tasks) => {
    const items = new Map(tasks.map((task) => [task, make("li", {}, task.words)]));
    const list = make("ul", { className: "explorable-tasks" }, ...items.values());
    const element = make("div", {}, make("p", {}, lead), list);
    const done = (task) => {
      const item = items.get(task);
      if (item.className === "done") return false;
      item.className = "done";
      item.append(make("span", { className: "lab-read" }, " Done."));
      return true;
    };
    return { element, done };
  };

  // Red for positive, blue for negative, white for zero, as in the figures: [r, g, b].
  const ENDS = [
    [35, 105, 189],
    [169, 55, 59],
  ];
  explore.signed = (value, limit) => {
    const share = limit ? Math.min(Math.abs(value) / limit, 1) : 0;
    return ENDS[value < 0 ? 0 : 1].map((end) => Math.round(250 + (end - 250) * share));
  };

  explore.svg = svg;

  // One of a few, as buttons of which one is pressed. `options` are [value, words].
  explore.pick = (name, options, chosen) => {
    const buttons = options.map(([value, words]) => button(words, () => chosen(value)));
    const element = make("div", { className: "lab-buttons" }, ...buttons);
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", name);
    const show = (value) =>
      buttons.forEach((one, k) =>
        one.setAttribute("aria-pressed", options[k][0] === value),
      );
    return { element, show };
  };

  // What a reader can find out with it.
  explore.questions = (...questions) =>
    make(
      "ul",
      { className: "explorable-questions" },
      ...questions.map((words) => make("li", {}, words)),
    );

  // A title, what is seen beside what moves it, and what can be found out with them.
  explore.sides = (title, seen, moving, questions) =>
    make(
      "div",
      {},
      title,
      make(
        "div",
        { className: "explorable-sides" },
        make("div", {}, ...seen),
        make("div", {}, ...moving),
      ),
      explore.questions(...questions),
    );
}
