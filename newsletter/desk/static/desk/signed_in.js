/* What a page of the desk needs to know of signing in.

   Who signs in anew, in another tab, gets a new token against forged posts; a form that was open before would carry the
   old one. So whatever is posted takes the one that holds now. An answer of 401 says that nobody is signed in any more:
   the page says so, keeps what was typed, and points to the way in. Scripts of pages that fetch by themselves tell it
   with document.dispatchEvent(new Event("desk:signed-out")). */

(() => {
  const token = () => (document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/) || [])[1];

  // Of a form that is sent, and of one that a script reads, alike.
  document.addEventListener("formdata", (event) => {
    if (token() && event.formData.has("csrfmiddlewaretoken")) event.formData.set("csrfmiddlewaretoken", token());
  });

  document.addEventListener("htmx:configRequest", (event) => {
    if (!token()) return;
    event.detail.headers["X-CSRFToken"] = token();
    if (event.detail.parameters.csrfmiddlewaretoken) event.detail.parameters.csrfmiddlewaretoken = token();
  });

  function say() {
    if (document.getElementById("signed-out")) return;
    const words = document.createElement("p");
    words.id = "signed-out";
    words.className = "desk-signed-out";
    words.setAttribute("role", "alert");
    words.append("You are signed out. What you typed is still here: ");
    const way = document.createElement("a");
    way.href = "/desk/login/";
    way.target = "_blank";
    way.textContent = "sign in again in another tab";
    words.append(way, ", then save once more.");
    document.body.prepend(words);
  }

  document.addEventListener("desk:signed-out", say);
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) say();
  });
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (event.detail.successful) document.getElementById("signed-out")?.remove();
  });
})();
