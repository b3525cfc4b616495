/* The rules of a segment while they are being written: the server draws them, and counts whom they mean.

   An answer may come late, or never. What it was asked with is compared with the form as it has become: it is taken
   only if they are the same, and asked for anew if not. Presses of buttons are kept, and sent along, until an answer
   that knows them is taken. So nothing that somebody chose, pressed or typed meanwhile is lost. Without this script the
   same form works as a plain one. */

const form = document.getElementById("segment-form");
const rules = document.getElementById("rules");
const found = document.getElementById("found");
const said = document.getElementById("rules-said");
const PATIENCE = 30000;
const PAUSE = 4000;

let presses = [];
let pressed = null;
let composing = false;

// Saving sends the presses too: it is as if they had been answered before.
form.addEventListener("formdata", (event) => presses.forEach((press) => event.formData.append("press", press)));

/* What an answer depends on: title and description are not part of it. */
const state = () => JSON.stringify([...new FormData(form)].filter(([name]) => /^press$|-\d+$/.test(name)));

/* Ask at this address whenever the function it returns is called, after so many milliseconds, until there is an answer
   to the form as it is; that one is taken. */
function follow(address, place, take) {
  let timer, flight;

  async function ask() {
    const mine = (flight = new AbortController());
    const asked = state();
    const end = setTimeout(() => mine.abort(), PATIENCE);
    let html;
    try {
      const answer = await fetch(address, { method: "POST", body: new FormData(form), signal: mine.signal });
      if (answer.redirected || answer.status === 401) throw new Error("You are signed out. Sign in again in another tab.");
      if (!answer.ok) throw new Error(`The desk cannot answer at present (${answer.status}).`);
      html = await answer.text();
    } catch (error) {
      if (mine !== flight) return;
      const why = error instanceof TypeError || error.name === "AbortError" ? "The desk cannot be reached." : error.message;
      said.textContent = `${why} What you chose stays here, and is asked for again.`;
      return soon(PAUSE);
    } finally {
      clearTimeout(end);
    }
    if (mine !== flight) return;
    if (composing || state() !== asked) return soon(composing ? PAUSE / 10 : 0);
    said.textContent = "";
    place.removeAttribute("aria-busy");
    take(html);
  }

  function soon(wait) {
    clearTimeout(timer);
    flight?.abort();
    flight = null;
    place.setAttribute("aria-busy", "true");
    timer = setTimeout(ask, wait);
  }
  return soon;
}

const count = follow(form.dataset.count, found, (html) => (found.innerHTML = html));
const redraw = follow(form.dataset.draw, rules, (html) => {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("rules");
  const wanted = fresh.querySelector("[autofocus]");
  const next = presses.length && wanted?.id;
  const held = document.activeElement;
  const caret = held.selectionStart ?? null;
  wanted?.removeAttribute("autofocus");
  presses = [];
  patch(rules, fresh);
  // The new rule is next, unless somebody has gone elsewhere meanwhile.
  if (next && [document.body, pressed].includes(held)) document.getElementById(next).focus();
  else if (held.id && !held.isConnected) focusAgain(document.getElementById(held.id), caret);
  count(0);
});

function focusAgain(control, caret) {
  control?.focus();
  if (caret !== null && control?.selectionStart != null) control.setSelectionRange(caret, caret);
}

/* Make the old what the fresh one is, and leave in place what both have: a select that is open, a caret, a button that
   is half pressed. Parts are known by their ids, and never change their order. */
function patch(old, fresh) {
  for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const name of fresh.getAttributeNames()) old.setAttribute(name, fresh.getAttribute(name));
  if (isControl(old)) return;
  let at = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const same = child.id && [...old.children].find((one) => one.id === child.id);
    if (same && alike(same, child)) {
      at = removed(at, same).nextSibling;
      patch(same, child);
    } else old.insertBefore(child, at);
  }
  removed(at, null);
}

const isControl = (one) => one.matches("input, select, textarea, button");

function alike(old, fresh) {
  if (old.tagName !== fresh.tagName) return false;
  const options = (control) => [...(control.options ?? [])].map((one) => `${one.value}\n${one.text}`).join("\n");
  return !isControl(old) || (old.type === fresh.type && old.value === fresh.value && options(old) === options(fresh));
}

function removed(from, to) {
  while (from !== to) {
    const next = from.nextSibling;
    from.remove();
    from = next;
  }
  return from;
}

rules.addEventListener("change", (event) => {
  const rule = event.target.closest(".desk-rule");
  if (!rule || !event.target.matches("select")) return;
  if (!event.target.matches("[id^=is-]")) {
    // What stands behind it is about what was chosen before: nobody should go on there.
    const after = (one) => event.target.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
    for (const one of rule.querySelectorAll("select, input, textarea")) if (after(one)) one.inert = true;
  }
  redraw(250); // the keyboard goes through the choices one by one
});

form.addEventListener("submit", (event) => {
  pressed = event.submitter;
  if (!pressed || !rules.contains(pressed)) return;
  event.preventDefault();
  presses.push(pressed.value);
  if (pressed.value.startsWith("drop:")) pressed.closest("li").inert = true;
  redraw(0);
});

rules.addEventListener("input", (event) => {
  count(600);
  forgive(event.target);
  if (event.inputType === "insertReplacementText" || !event.inputType) addLine(event.target); // picked, not typed
});
rules.addEventListener("change", (event) => addLine(event.target));
rules.addEventListener("keydown", (event) => event.key === "Enter" && addLine(event.target) && event.preventDefault());

/* What was wrong is being mended: whether it is, the count says. */
function forgive(input) {
  const rule = input.closest(".desk-rule");
  if (!rule || input.matches("select")) return;
  rule.classList.remove("wrong");
  for (const fault of rule.querySelectorAll(".desk-fault")) fault.remove();
  for (const one of rule.querySelectorAll("[aria-invalid]")) {
    one.removeAttribute("aria-invalid");
    one.removeAttribute("aria-describedby");
  }
}

/* Move what stands in the input for one value more to the values. */
function addLine(more) {
  const line = more.matches("[id^=more-]") && more.value.trim();
  if (!line) return false;
  const values = document.getElementById(more.id.replace("more", "value"));
  const lines = values.value.split("\n").filter((one) => one.trim());
  values.value = [...new Set([...lines, line])].join("\n");
  more.value = "";
  count(0);
  return true;
}

form.addEventListener("compositionstart", () => (composing = true));
form.addEventListener("compositionend", () => (composing = false));

/* What was chosen before this script came, or is what the browser remembers of a page left before. */
function catchUp() {
  const drawn = (one) => (one.querySelector("[selected]") ?? one.options[0]).value;
  const differs = (one) => one.value !== (one.matches("select") ? drawn(one) : one.defaultValue);
  if (presses.length || [...rules.querySelectorAll("select, input, textarea")].some(differs)) redraw(0);
}

catchUp();
addEventListener("pageshow", catchUp);
