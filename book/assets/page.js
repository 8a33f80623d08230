// The sidebar holds title, search and contents: say so to those who jump between
// regions.
window.addEventListener("DOMContentLoaded", () => {
  const sidebar = document.getElementById("pst-primary-sidebar");
  sidebar?.setAttribute("role", "region");
  sidebar?.setAttribute("aria-label", "Title, search, contents of the book");
});
