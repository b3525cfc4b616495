/* The quick choices of the form that says when an issue is sent: into its field, instead of a page anew. */

(() => {
  const field = document.getElementById("id_at");
  for (const choice of document.querySelectorAll("[data-at]")) {
    choice.addEventListener("click", (event) => {
      event.preventDefault();
      field.value = choice.dataset.at;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    });
  }
})();
