/* The bar of what is going out: counts down, and says to who cannot see it what has become of it, once.

   It also keeps in a cookie which zone the browser is in, so that pages can say a time in the viewer's own beside the
   newsletter's. */

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (zone) document.cookie = `desk_zone=${encodeURIComponent(zone)}; Path=/desk/; Max-Age=31536000; SameSite=Lax${secure}`;

  const bar = () => document.getElementById("presses");
  let drawn = performance.now();

  function say() {
    const place = document.getElementById("presses-said");
    const words = [...(bar()?.querySelectorAll("[data-said]") || [])].map((row) => row.dataset.said).join(". ");
    // A page that is opened next must not say again what the one before has said.
    if (place && words !== sessionStorage.getItem("presses-said")) {
      place.textContent = words;
      sessionStorage.setItem("presses-said", words);
    }
  }

  function count() {
    const gone = (performance.now() - drawn) / 1000;
    for (const place of bar()?.querySelectorAll("[data-left]") || []) {
      const left = Math.max(0, Math.round(place.dataset.left - gone));
      place.textContent = left === 0 ? "now" : left < 120 ? `in ${left} s` : `in ${Math.round(left / 60)} min`;
      const progress = place.closest(".desk-presses-row").querySelector("[data-progress]");
      if (progress) progress.value = Math.max(0, place.dataset.left - gone);
    }
  }

  function look() {
    drawn = performance.now();
    count();
    say();
  }

  document.addEventListener("DOMContentLoaded", look);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "presses" || event.detail.elt?.id === "presses") look();
  });
  setInterval(count, 1000);
})();
