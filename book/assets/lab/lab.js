// The face lab, seen from the page that holds it. The page is complete without this
// script: a picture of the lab and what can be read off it. A button loads the rest, in
// this order, and page/start.js puts it in the place of the picture. Classic scripts,
// because a page that was opened as a file may load nothing else.
{
  const lab = (globalThis.lab ??= {});
  const folder = document.currentScript.src;
  // prettier-ignore
  const SCRIPTS = [
    // the face
    "people", "mesh", "paint", "shade", "camera", "face", "face-file",
    // the network
    "network", "layer-kinds", "network-file", "look-inside", "occlusion",
    // the page
    "page/parts", "page/state", "page/link", "page/pictures", "page/answers",
    "page/controls", "page/keep", "page/where", "page/maps", "page/arithmetic",
    "page/inside", "page/one-factor", "page/challenges", "page/crop",
    "page/own-picture", "page/own-file", "page/start",
  ];

  const loadScript = (name) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(`${name}.js`, folder);
      script.async = false; // all at once, but in their order
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${name}.js did not load.`));
      document.head.append(script);
    });

  // Open the lab in the place of its poster; if that fails, the poster stays.
  const open = async (root, button, status) => {
    button.disabled = true;
    status.textContent = "Loading the lab.";
    try {
      await Promise.all(SCRIPTS.map(loadScript)); // all again, if one of them failed
      await lab.startLab(root);
      status.textContent = "The lab is open.";
    } catch (error) {
      status.textContent =
        `The lab did not open: ${error.message} The page reads on without it; to try ` +
        "again, press the button.";
      button.disabled = false;
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector(".face-lab");
    if (!root) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `Open the lab (${root.dataset.size})`;
    const status = document.createElement("p");
    status.setAttribute("role", "status");
    const line = document.createElement("div");
    line.className = "lab-open";
    line.append(button, status);
    root.append(line);
    button.addEventListener("click", () => open(root, button, status));
    // A link that somebody shared asks for the lab by itself.
    if (location.hash.startsWith("#lab=")) open(root, button, status);
  });
}
