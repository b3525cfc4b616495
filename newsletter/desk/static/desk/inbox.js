/* The inbox by keyboard: the post whose title has the focus is the one that the keys are about.

   Every key presses a button that is there for everybody, and htmx sends the form and puts the fresh list in its place;
   so all of it works as a plain form too. What this adds: where the focus goes then, the preview beside the list, and a
   word where no answer comes. */

const WIDE = matchMedia("(min-width: 1280px)");
const PAUSE = 150;
const preview = document.getElementById("inbox-preview");
const help = document.getElementById("inbox-help");
const trouble = document.getElementById("inbox-trouble");

const list = () => document.getElementById("inbox");
const posts = () => [...list().querySelectorAll(".desk-post")];
const title = (post) => post.querySelector("[data-story]");
const here = () => document.activeElement?.closest?.(".desk-post") ?? null;

let last = { id: "", at: -1 };

function remember() {
  const post = here();
  if (post) last = { id: post.id, at: posts().indexOf(post) };
  return post;
}

/* The post that was last looked at, or the one that came in its place. */
const current = () => here() ?? document.getElementById(last.id) ?? posts()[Math.min(last.at, posts().length - 1)] ?? null;

function go(post) {
  if (!post) return;
  title(post).focus();
  post.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = posts();
  const post = here() ?? document.getElementById(last.id);
  const at = post ? all.indexOf(post) + by : Math.max(0, last.at);
  go(all[Math.max(0, Math.min(at, all.length - 1))]);
}

const press = (post, key) => post?.querySelector(`[data-key="${key}"]`)?.click();

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  s: () => press(current(), "s"),
  x: () => press(current(), "x"),
  u: () => press(current(), "u"),
  e: () => current() && title(current()).click(),
  z: () => press(list(), "z"),
  " ": () => here()?.querySelector(".desk-tick").click(),
  "/": () => document.getElementById("id_q").focus(),
  "?": toggle,
};

function toggle() {
  if (help.open) help.close();
  else help.showModal();
}

const types = (one) => one?.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || types(event.target)) return;
  if (event.key === "Enter" && event.target.matches?.(".desk-tick, #inbox-all")) event.preventDefault();
  if (help.open && event.key !== "?") return;
  if (document.querySelector("dialog[open]:not(#inbox-help)")) return;
  // A space scrolls the page and presses buttons, but on a post's title it ticks the post.
  if (event.key === " " && !event.target.matches?.("[data-story]")) return;
  const act = KEYS[event.key];
  if (!act || event.repeat && !"jk".includes(event.key)) return;
  event.preventDefault();
  act();
});

/* The preview follows the focus where there is room for it. The story's page is the same for everybody. */
let timer;
document.addEventListener("focusin", (event) => {
  const post = event.target.closest?.(".desk-post");
  if (!post) return;
  remember();
  clearTimeout(timer);
  if (WIDE.matches && preview.dataset.of !== post.id) timer = setTimeout(() => show(post), PAUSE);
});

async function show(post) {
  try {
    const answer = await fetch(title(post).href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (document.getElementById(last.id) !== post) return;
    preview.replaceChildren(...page.getElementById("story").childNodes);
    preview.dataset.of = post.id;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // no network: the list stays, and the title is a plain link
  }
}

/* All on this page, and how many are ticked. */
function count() {
  const boxes = [...list().querySelectorAll(".desk-tick")];
  const ticked = boxes.filter((box) => box.checked).length;
  const all = document.getElementById("inbox-all");
  if (!all) return;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
  document.getElementById("inbox-ticked").textContent = `${ticked} ticked:`;
}

document.addEventListener("change", (event) => {
  if (event.target.id === "inbox-all") {
    for (const box of list().querySelectorAll(".desk-tick")) box.checked = event.target.checked;
  }
  if (event.target.matches("#inbox-all, .desk-tick")) count();
});

/* What htmx brings. The answer to somebody who was signed out is another page, and must not take the list away. */
document.addEventListener("htmx:beforeRequest", () => {
  remember();
  trouble.hidden = true;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target !== list() || event.detail.serverResponse.includes('id="inbox"')) return;
  event.detail.shouldSwap = false;
  say("You are signed out, or may not do this. Sign in again in another tab; nothing was changed.");
});
document.addEventListener("htmx:responseError", (event) => say(`The desk cannot answer at present (${event.detail.xhr.status}). Look at the page anew before you go on.`));
document.addEventListener("htmx:sendError", () => say("The desk cannot be reached. Nothing was changed; press again when it can."));

function say(words) {
  trouble.textContent = words;
  trouble.hidden = false;
}

document.addEventListener("htmx:afterSettle", () => {
  begin();
  // What is new on a page is not read out to who cannot see it; what is written into this place is.
  const told = [...list().querySelectorAll(".desk-toast > p")].map((one) => one.textContent);
  document.getElementById("inbox-heard").textContent = told.join(" ");
  const why = document.activeElement?.id === "why";
  if (why || here()) return;
  const post = document.getElementById(last.id) ?? posts()[Math.min(last.at, posts().length - 1)];
  if (post && last.at >= 0) go(post);
  else list().focus();
});

function begin() {
  for (const one of document.querySelectorAll(".desk-tick-all, #inbox-keys")) one.hidden = false;
  preview.hidden = false;
  count();
}

document.getElementById("inbox-keys").addEventListener("click", toggle);
begin();
