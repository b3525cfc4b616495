/* The calendar: an issue is dragged to another day, and times are told in the viewer's zone too, where that differs.

   What dragging does is done by the page of a date without a script: this only fills in the same form and sends it. */

const form = document.getElementById("calendar-move");
const live = document.getElementById("calendar-live");
const say = (words) => {
  live.textContent = "";
  requestAnimationFrame(() => (live.textContent = words));
};
let lifted = null;

const dayOf = (event) => event.target.closest?.("td[data-day]");
const unmark = () => document.querySelectorAll(".calendar-over").forEach((day) => day.classList.remove("calendar-over"));
const takes = (day) => day && lifted && !("past" in day.dataset) && day !== lifted.closest("td");

if (form) {
  document.addEventListener("dragstart", (event) => {
    lifted = event.target.closest?.(".calendar-entry[draggable]");
    if (!lifted) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", lifted.dataset.says);
    lifted.classList.add("calendar-lifted");
  });
  document.addEventListener("dragover", (event) => {
    const day = dayOf(event);
    unmark();
    if (!takes(day)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    day.classList.add("calendar-over");
  });
  document.addEventListener("drop", (event) => {
    const day = dayOf(event);
    if (!takes(day)) return;
    event.preventDefault();
    form.action = lifted.dataset.page;
    form.elements.day.value = day.dataset.day;
    form.elements.seen.value = lifted.dataset.seen;
    say(`${lifted.dataset.says} is being moved.`);
    form.submit();
  });
  document.addEventListener("dragend", () => {
    lifted?.classList.remove("calendar-lifted");
    lifted = null;
    unmark();
  });
}

/* ── the viewer's own time ── */

function localTimes() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const told = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  let differs = false;
  for (const time of document.querySelectorAll("time[data-local]")) {
    delete time.dataset.local; // told once, whatever is drawn anew beside it
    const at = new Date(time.dateTime);
    const clock = time.textContent.match(/\d\d:\d\d/)?.[0];
    const here = told.format(at);
    if (!clock || here.endsWith(clock)) continue;
    differs = true;
    time.title = `${here} by your clock (${zone})`;
    if (!time.closest(".calendar-entry")) time.append(` – ${here} by your clock`);
  }
  const note = document.getElementById("calendar-zone");
  if (differs && note) {
    note.textContent = ` You are in ${zone}: rest on a time to see it by your clock.`;
    note.hidden = false;
  }
}
localTimes();
document.addEventListener("htmx:afterSwap", localTimes);

const filter = document.getElementById("calendar-filter");
if (filter?.querySelector("#calendar-show")) {
  filter.querySelector("#calendar-show").hidden = true;
  filter.addEventListener("change", () => filter.requestSubmit());
}

/* ── the series editor: only what the choice needs ── */

const editor = document.getElementById("series-form");
function parts() {
  const chosen = editor.elements.repeat.value;
  for (const part of editor.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(chosen);
}
if (editor) {
  document.getElementById("series-try").hidden = true;
  editor.addEventListener("change", parts);
  parts();
}
