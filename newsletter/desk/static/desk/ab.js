/* An A/B test while it is written: it is saved by itself, and shows each variant as the inbox would.

   Everything here is also done by the same form without a script. What is typed stays, whatever the answer. */

const form = document.getElementById("ab");
const $ = (id) => document.getElementById(id);
const PAUSE = 1200;
const RETRY = 5000;
const GOOD = { subject: 50, preheader: 90 };
const shown = {};
let changed = 0;
let saved = 0;
let timer = 0;
let flight = false;
let torn = false;

const note = (words) => ($("ab-saved").textContent = words);

function trouble(words) {
  $("ab-trouble").hidden = !words;
  $("ab-trouble").textContent = words ?? "";
}

/* ── saving ── */

function later(wait) {
  clearTimeout(timer);
  timer = setTimeout(save, wait);
}

async function save() {
  clearTimeout(timer);
  if (flight) return later(PAUSE);
  if (torn || changed <= saved) return;
  const asked = changed;
  const data = new FormData(form);
  data.set("do", "save");
  flight = true;
  note("Saving …");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
    if (answer.redirected) throw new Error("You are signed out. Sign in again in another tab; what you typed stays here, and is saved then.");
    const told = answer.headers.get("content-type")?.includes("json") ? await answer.json() : null;
    if (answer.ok && told) return accepted(asked, told);
    if (answer.status === 422 && told) return faulty(asked, told.errors);
    if (answer.status === 409 && told) return refused(told);
    throw new Error(`The desk cannot answer at present (${answer.status}). What you typed stays here, and is saved later.`);
  } catch (error) {
    trouble(error instanceof TypeError ? "The desk cannot be reached. What you typed stays here, and is saved as soon as it can be." : error.message);
    note("Not saved yet");
    later(RETRY);
  } finally {
    flight = false;
  }
}

function accepted(asked, told) {
  saved = asked;
  trouble("");
  errors({});
  for (const [name, mark] of Object.entries(told.seen)) if (form.elements[`seen-${name}`]) form.elements[`seen-${name}`].value = mark;
  note(changed > saved ? "Not saved yet" : `Saved ${told.at}`);
  const place = $("ab-faults");
  place.hidden = !told.faults.length;
  const line = (why) => Object.assign(document.createElement("li"), { textContent: `${why[0].toUpperCase()}${why.slice(1)}.` });
  place.querySelector("ul").replaceChildren(...told.faults.map(line));
  if (told.voided) trouble("The approval is void, because the issue was edited. Approve it again.");
  if (changed > saved) later(PAUSE);
}

function faulty(asked, found) {
  saved = asked; // the same words would be wrong again
  errors(found);
  note("Not saved: see what is wrong");
}

function errors(found) {
  for (const list of form.querySelectorAll("[data-errors]")) {
    list.replaceChildren(...(found[list.dataset.errors] ?? []).map((why) => Object.assign(document.createElement("li"), { textContent: why })));
    if (list.childElementCount) $("ab-live").textContent = list.textContent;
  }
}

function refused(told) {
  torn = true;
  note("Not saved");
  trouble(told.refused ? `${told.refused} What you typed stays here: copy it, or load the page anew.` : "Somebody else has changed the same words meanwhile. Press Save to see both, and to choose.");
}

/* ── what is shown ── */

const cards = [...document.querySelectorAll("[data-ab-card]")];
const [first] = cards;
const inbox = (card, name) => card.querySelector(`[data-show="${name}"]`);
for (const name of ["sender_name", "subject", "preheader"]) shown[name] = inbox(first, name).textContent;
const varies = () => new Set([...form.querySelectorAll("[name=varies]:checked")].map((box) => box.value));

function draw() {
  const chosen = varies();
  for (const part of form.querySelectorAll("[data-ab-part]")) part.hidden = !chosen.has(part.dataset.abPart);
  for (const card of cards.slice(1)) {
    for (const name of Object.keys(shown)) {
      const field = form.elements[`${card.dataset.abCard}-${name}`];
      const words = chosen.has(name) && field.value.trim();
      inbox(card, name).textContent = words || shown[name];
      if (GOOD[name]) count(field, words || "", GOOD[name]);
    }
  }
}

function count(field, words, good) {
  let place = field.parentElement.querySelector(".desk-count");
  if (!place) {
    place = Object.assign(document.createElement("p"), { className: "desk-soft desk-count" });
    field.after(place);
  }
  const many = "Segmenter" in Intl ? [...new Intl.Segmenter().segment(words)].length : [...words].length;
  place.textContent = words ? `${many} characters${many > good ? `: telephones cut it after about ${good}` : ""}` : "";
  place.classList.toggle("long", many > good);
}

/* How many people that is, and which difference they can show: as the server works it out, from the same numbers. */
function share() {
  const part = Number(form.elements.share.value);
  $("ab-percent").textContent = `${part} %`;
  const place = $("ab-people");
  if (!place) return;
  const whole = Number(place.dataset.whole);
  const tested = Math.round((whole * part) / 100);
  const each = Math.floor(tested / Number(place.dataset.letters));
  const rest = whole - tested;
  const say = (number) => number.toLocaleString("en");
  const about = place.dataset.about;
  const words = `${about}${say(each)} of ${say(whole)} readers get each variant; ${rest ? `${say(rest)} wait for the winner` : "nobody waits for a winner"}.`;
  place.textContent = words[0].toUpperCase() + words.slice(1);
  const usual = Number(place.dataset.usual);
  const difference = each ? (1.959964 + 0.841621) * Math.sqrt((2 * usual * (1 - usual)) / each) : null;
  const told = $("ab-outlook");
  told.className = difference === null || difference > usual / 2 ? "desk-note" : "desk-soft";
  told.textContent = difference === null
    ? "The share is so small that no variant goes to anybody."
    : `A difference shows only if it is about ${(difference * 100).toFixed(1)} percentage points or more, where ${(usual * 100).toFixed(1)} % ${place.dataset.did} (${place.dataset.known}).`;
}

form.addEventListener("input", (event) => {
  changed += 1;
  note("Not saved yet");
  draw();
  if (event.target.name === "share") share();
  later(PAUSE);
});
form.addEventListener("submit", () => (saved = changed));
addEventListener("beforeunload", (event) => {
  if (changed > saved) event.preventDefault();
});
// How many readers there are is told a moment after the page; the slider may have been moved by then.
document.addEventListener("htmx:afterSettle", share);

draw();
