// The widget renderer speaks MathJax 2 (MathJax.Hub.Queue); the book ships MathJax 3.
// On pages with both, hand its typesetting jobs over.
window.addEventListener("DOMContentLoaded", () => {
  if (!window.MathJax?.startup || window.MathJax.Hub) return;
  window.MathJax.Hub = {
    Queue: ([, , element]) =>
      window.MathJax.startup.promise.then(() =>
        window.MathJax.typesetPromise(element ? [element] : undefined),
      ),
  };
});

// The sidebar holds title, search and contents: say so to who jumps between regions.
window.addEventListener("DOMContentLoaded", () => {
  const sidebar = document.getElementById("pst-primary-sidebar");
  sidebar?.setAttribute("role", "region");
  sidebar?.setAttribute("aria-label", "Title, search, contents of the book");
});

// Widgets are drawn late and leave the handles of sliders without a name: give each the
// words that stand beside it.
window.addEventListener("DOMContentLoaded", () => {
  if (!document.querySelector('script[type*="jupyter.widget-view"]')) return;
  const name = () => {
    for (const handle of document.querySelectorAll(".noUi-handle:not([aria-label])")) {
      const label = handle.closest(".jupyter-widgets")?.querySelector(".widget-label");
      handle.setAttribute("aria-label", label?.textContent.trim() || "Slider");
    }
  };
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
  name();
});
