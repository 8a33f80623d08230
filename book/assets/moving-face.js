// The moving face of the landing page: frames from one picture, and six bars with what a
// network answered to each of them. The frames and the answers are computed by
// scripts/make_pictures.py. Without this script, a still picture and its bars remain.
(async () => {
  const figure = document.querySelector(".moving-face");
  const data = figure?.querySelector("script[data-frames]");
  if (!data) return;
  const { side, rate, intensities, answers, shown } = JSON.parse(data.textContent);
  const sheet = new Image();
  sheet.src = data.dataset.frames;
  try {
    await sheet.decode();
  } catch {
    return; // the still picture stays
  }
  const frames = await createImageBitmap(sheet); // decoded once, not for every frame

  // --- What is shown: an emotion, and how far it has come, 0 (rest) to apex. ---
  const emotions = Object.keys(answers);
  const apex = intensities.length - 1;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "A rendered face whose expression changes.");
  const pen = canvas.getContext("2d");
  const bars = [...figure.querySelectorAll(".answers li")];
  const label = figure.querySelector(".shown");
  const controls = document.createElement("div");
  controls.className = "controls";
  controls.innerHTML =
    '<button type="button"></button>' +
    '<span aria-hidden="true">rest</span>' +
    `<input type="range" min="0" max="${apex}" step="1">` +
    '<span aria-hidden="true">apex</span>';
  const [button, slider] = controls.querySelectorAll("button, input");
  slider.setAttribute("aria-label", "Strength of the expression");

  const show = (emotion, step) => {
    const row = emotions.indexOf(emotion);
    pen.drawImage(frames, step * side, row * side, side, side, 0, 0, side, side);
    const shares = answers[emotion][step];
    shares.forEach((share, k) => {
      bars[k].style.setProperty("--share", share);
      bars[k].querySelector(".share").textContent = `${Math.round(100 * share)}\u00a0%`;
    });
    label.querySelector("strong").textContent = step ? emotion : "a resting face";
    slider.value = step;
    const best = shares.indexOf(Math.max(...shares));
    slider.setAttribute(
      "aria-valuetext",
      `${emotion} at ${Math.round(100 * intensities[step])} %; the network answers ` +
        `${emotions[best]}, ${Math.round(100 * shares[best])} %`,
    );
    figure.dataset.shown = `${emotion} ${step}`;
    for (const one of buttons) {
      one.setAttribute("aria-pressed", one.dataset.emotion === emotion);
    }
  };

  // --- The film of one emotion: rest, rise, apex, fall. ---
  const rise = [...Array(apex).keys()];
  const film = [0, 0, 0, 0, ...rise, ...Array(12).fill(apex), ...rise.reverse()];
  const top = film.indexOf(apex);
  let [emotion, tick, timer] = [shown, top, null];

  const advance = () => {
    if (document.hidden) return;
    tick += 1;
    if (tick === film.length) {
      tick = 0;
      emotion = emotions[(emotions.indexOf(emotion) + 1) % emotions.length];
    }
    show(emotion, film[tick]);
  };
  const play = (on) => {
    clearInterval(timer);
    timer = on ? setInterval(advance, 1000 / rate) : null;
    button.textContent = on ? "Pause" : "Play";
    figure.dataset.playing = on;
  };

  // --- The faces below lead to their expression. ---
  const buttons = [...document.querySelectorAll(".face-strip li")].map((item) => {
    const one = document.createElement("button");
    one.type = "button";
    one.dataset.emotion = item.textContent.trim();
    one.append(...item.childNodes);
    item.append(one);
    one.addEventListener("click", () => {
      emotion = one.dataset.emotion;
      tick = timer ? film.lastIndexOf(0, top) : top;
      show(emotion, film[tick]);
    });
    return one;
  });
  button.addEventListener("click", () => play(!timer));
  // A slider that moves by itself would be read out again and again.
  slider.addEventListener("focus", () => play(false));
  slider.addEventListener("input", () => {
    play(false);
    tick = film.indexOf(Number(slider.value), 3);
    show(emotion, film[tick]);
  });

  show(emotion, film[tick]);
  figure.querySelector(".stage").replaceChildren(canvas);
  figure.append(controls);
  play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
})();
