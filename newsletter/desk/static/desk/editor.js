/* The issue editor: forms are saved while somebody writes in them, and pieces move without the page being left.

   Everything here is also done by the same forms without a script. What is typed is never thrown away by an answer: a
   form that is open, or not saved yet, stays as it is when the rest of the page is drawn anew. */

import { dress } from "./writing.js";

const tools = document.getElementById("tools").dataset;
const PAUSE = 1000;
const RETRY = 5000;
const BEAT = 20000;
const $ = (id) => document.getElementById(id);
let version = Number($("pieces").dataset.version);

const say = (words) => {
  // The same words twice are two pieces of news.
  $("live").textContent = "";
  requestAnimationFrame(() => ($("live").textContent = words));
};
const note = (words) => ($("saved").textContent = words);

function trouble(words, action) {
  const place = $("trouble");
  place.hidden = !words;
  place.textContent = words ?? "";
  if (action) place.append(" ", action);
}

const text = (answer) => `The desk cannot answer at present (${answer.status}). What you typed stays here, and is saved later.`;
const away = "The desk cannot be reached. What you typed stays here, and is saved as soon as it can be.";
const signedOut = "You are signed out. Sign in again in another tab; what you typed stays here, and is saved then.";

/* ── saving ── */

const states = new WeakMap();
const stateOf = (form) => {
  if (!states.has(form)) states.set(form, { dirty: 0, saved: 0, timer: 0, flight: false, torn: false });
  return states.get(form);
};
const isDirty = (form) => stateOf(form).dirty > stateOf(form).saved;
/* Whether a form has words in it that are stored nowhere: not saved yet, or refused. */
const holds = (form) => isDirty(form) || Boolean(stateOf(form).faulty);
const forms = () => [...document.querySelectorAll("form[data-save]")];

function typed(form) {
  const state = stateOf(form);
  state.dirty += 1;
  note("Not saved yet");
  later(form, PAUSE);
}

function later(form, wait) {
  const state = stateOf(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form), wait);
}

async function save(form) {
  const state = stateOf(form);
  clearTimeout(state.timer);
  if (state.flight) return later(form, PAUSE);
  if (!isDirty(form) || state.torn) return;
  const asked = state.dirty;
  const data = new FormData(form);
  state.flight = true;
  note("Saving …");
  try {
    const answer = await fetch(tools.page, { method: "POST", body: data, headers: { Accept: "application/json" } });
    if (answer.redirected) throw new Error(signedOut);
    const told = answer.headers.get("content-type")?.includes("json") ? await answer.json() : null;
    if (answer.ok && told) return accepted(form, state, asked, told, data);
    if (answer.status === 422 && told) return faulty(form, state, asked, told.errors);
    if (answer.status === 409 && told) return refused(form, state, told);
    throw new Error(text(answer));
  } catch (error) {
    trouble(error instanceof TypeError ? away : error.message);
    note("Not saved yet");
    later(form, RETRY);
  } finally {
    state.flight = false;
  }
}

function accepted(form, state, asked, told, data) {
  state.saved = asked;
  state.faulty = false;
  version = told.version;
  trouble("");
  errors(form, {});
  for (const [name, mark] of Object.entries(told.seen)) form.elements[`seen-${name}`].value = mark;
  // What an upload came to is the server's to say; what somebody typed is theirs.
  if (data.get("picture")?.size) {
    form.elements.picture.value = "";
    form.elements.image_url.value = told.values.image_url;
    say("The picture is saved.");
  }
  // What was cut or tidied on its way is no change of anybody's.
  const name = form.elements.piece?.value;
  if (name && told.values.title !== undefined) {
    document.querySelector(`[data-title="${name}"]`).textContent = [told.values.emoji, told.values.title].filter(Boolean).join(" ");
  }
  note(isDirty(form) ? "Not saved yet" : `Saved ${told.at}`);
  if (told.voided) refresh("The approval is void, because the issue was edited. Approve it again.");
  if (isDirty(form)) later(form, PAUSE);
}

function faulty(form, state, asked, found) {
  state.saved = asked; // the same words would be wrong again
  state.faulty = true;
  errors(form, found);
  note("Not saved: see what is wrong");
  if (found.picture) form.elements.picture.value = "";
}

function errors(form, found) {
  for (const list of form.querySelectorAll("[data-errors]")) {
    list.replaceChildren(...(found[list.dataset.errors] ?? []).map((why) => Object.assign(document.createElement("li"), { textContent: why })));
    const field = form.elements[list.dataset.errors];
    if (list.childElementCount) {
      field.setAttribute("aria-invalid", "true");
      say(list.textContent);
    } else field.removeAttribute("aria-invalid");
  }
}

function refused(form, state, told) {
  state.torn = true;
  note("Not saved");
  if (told.refused) return trouble(`${told.refused} What you typed stays here: copy it, or load the page anew.`);
  const compare = Object.assign(document.createElement("button"), { type: "button", className: "desk-button", textContent: "Compare and choose" });
  // The plain form gets the page with both texts.
  compare.addEventListener("click", () => {
    leaving = true;
    form.submit();
  });
  trouble("Somebody else changed the same words while you were writing. Nothing of theirs or yours is lost.", compare);
}

let leaving = false;
addEventListener("beforeunload", (event) => {
  const add = document.querySelector("form[data-add]");
  if (!leaving && (forms().some(holds) || add?.elements.text.value.trim())) event.preventDefault();
});
document.addEventListener("visibilitychange", () => document.hidden && forms().filter(isDirty).forEach(save));

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-save]");
  if (!form) return;
  if (event.target.name === "picture") return;
  typed(form);
  if (form.id === "letter") inbox();
});
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-save]");
  if (!form) return;
  // A picture goes with its words: it waits until both are there.
  if (event.target.name === "picture" || (event.target.name === "image_alt" && form.elements.picture.value)) typed(form);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-save]")) {
    event.preventDefault();
    stateOf(form).torn = false;
    stateOf(form).dirty += 1;
    save(form);
  } else if (form.matches("form[data-act]")) {
    event.preventDefault();
    act(new FormData(form), event.submitter?.id);
  } else if (form.matches("form[data-add]")) leaving = true;
});

/* ── pieces ── */

let acting = Promise.resolve();

/* One act after the other; each is a form of the page, and its answer is the page as it is then. */
function act(data, focus) {
  acting = acting.then(() => perform(data, focus));
  return acting;
}

async function perform(data, focus) {
  await Promise.all(forms().filter(isDirty).map(save));
  try {
    const answer = await fetch(tools.page, { method: "POST", body: data });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.getElementById("pieces")) {
      const why = page.querySelector("[role=alert]")?.textContent.trim();
      trouble(why ?? (answer.redirected ? signedOut : text(answer)));
      return;
    }
    take(page, focus);
  } catch (error) {
    trouble(error instanceof TypeError ? away : error.message);
  }
}

async function refresh(words) {
  try {
    const answer = await fetch(tools.page);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.getElementById("pieces")) take(page, null, words);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    trouble(away);
  }
}

/* Draw the pieces as the answer has them; forms that are open or not saved stay, with all that is in them. */
function take(page, focus, words) {
  const held = document.activeElement;
  const fresh = page.getElementById("pieces");
  for (const old of document.querySelectorAll("#pieces details[id^=more-]")) {
    const form = old.querySelector("form[data-save]");
    if (!old.open && !(form && holds(form))) continue;
    const same = fresh.querySelector(`#${old.id}`);
    if (!same) continue;
    same.open = old.open;
    const place = same.querySelector("form[data-save]");
    // A form that nobody has touched shows what is stored; one with words in it keeps them, and what it was drawn from.
    if (form && place && (holds(form) || form.contains(held))) place.replaceWith(form);
  }
  const add = document.querySelector("form[data-add]");
  if (add?.elements.text.value.trim()) {
    const options = fresh.querySelector("#add-after");
    options.value = add.elements.after.value;
    add.elements.after.replaceWith(options);
    fresh.querySelector("form[data-add]").replaceWith(add);
  }
  const letter = document.getElementById("letter");
  const drawn = page.getElementById("letter");
  if (letter && drawn && !holds(letter) && !letter.contains(held)) {
    letter.replaceWith(drawn);
    dress(drawn, tools, say);
  }
  version = Number(fresh.dataset.version);
  $("pieces").replaceWith(fresh);
  dress(fresh, tools, say);
  $("standing").replaceWith(page.getElementById("standing"));
  bindNewer();
  const said = words ?? $("said").textContent.trim();
  if (said) say(said);
  const again = (focus && $(focus)) || (held.id && $(held.id));
  if (again && !again.disabled) again.focus({ preventScroll: false });
  else if (focus) beside(focus)?.focus();
  inbox();
}

/* Where the keyboard goes when its button is gone or has nothing to do any more. */
function beside(id) {
  if (id.startsWith("section-")) return $(id.includes("-up-") ? id.replace("-up-", "-down-") : id.replace("-down-", "-up-"));
  const name = id.replace(/^[a-z]+-/, "");
  return document.querySelector("#up-" + CSS.escape(name) + ":not(:disabled), #down-" + CSS.escape(name) + ":not(:disabled)") ?? $(`edit-${name}`) ?? document.querySelector("#aside button") ?? document.querySelector("#pieces summary");
}

document.addEventListener("placed", (event) => {
  const list = event.target;
  const { piece, at } = event.detail;
  const after = list.children[at + 1]?.id.replace("piece-", "") ?? "";
  const data = new FormData();
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  for (const [name, value] of Object.entries({ csrfmiddlewaretoken: token, do: "move", piece, section: list.dataset.section, before: after })) data.set(name, value);
  act(data, `edit-${piece}`);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-after]");
  if (!link) return;
  event.preventDefault();
  const add = document.querySelector("form[data-add]");
  add.elements.after.value = link.dataset.after;
  add.elements.text.focus();
  $("add").scrollIntoView({ block: "center" });
});

/* ── the line in the inbox ── */

const LIMITS = { subject: [50, 78], preheader: [90, 140] };
const clusters = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const length = (words) => [...clusters.segment(words)].length;

function inbox() {
  const place = $("inboxes");
  const form = $("letter");
  for (const [name, [good, most]] of Object.entries(LIMITS)) {
    const words = form.elements[name].value.trim() || place.dataset[`pattern${name[0].toUpperCase()}${name.slice(1)}`];
    for (const one of place.querySelectorAll(`[data-${name}]`)) one.textContent = words;
    const count = form.querySelector(`[data-count="${name}"]`) ?? counter(form.elements[name], name);
    const many = length(words);
    count.textContent = `${many} characters${many > most ? `: many programs cut it after ${most}` : many > good ? `: telephones cut it after about ${good}` : ""}`;
    count.classList.toggle("long", many > good);
  }
}

function counter(field, name) {
  const made = Object.assign(document.createElement("p"), { className: "desk-soft desk-count" });
  made.dataset.count = name;
  field.closest(".desk-field").append(made);
  return made;
}

/* ── who else is there ── */

function bindNewer() {
  $("newer").querySelector("button").addEventListener("click", () => refresh("The page shows what is stored now."));
}

async function beat() {
  if (document.hidden) return;
  try {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(tools.here, { method: "POST", headers: { "X-CSRFToken": token, Accept: "application/json" } });
    if (answer.redirected || !answer.ok) return;
    const told = await answer.json();
    const others = $("others");
    others.hidden = !told.others.length;
    const words = `${told.others.join(", ")} ${told.others.length > 1 ? "have" : "has"} this issue open too. What you both change is shown to you before anything is overwritten.`;
    if (told.others.length && others.textContent !== words) others.textContent = words;
    if (told.version > version) {
      $("newer").hidden = false;
      $("newer").querySelector("span").textContent = `${told.by || "Somebody"} changed this issue at ${told.at}.`;
    }
    if (!told.editable) trouble("This issue is being sent, or has been: it cannot be edited any more.");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // away for now: the next beat tells
  }
}

dress(document, tools, say);
bindNewer();
inbox();
beat();
setInterval(beat, BEAT);
addEventListener("pageshow", (event) => event.persisted && refresh());
document.documentElement.dataset.editor = "ready";
