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
