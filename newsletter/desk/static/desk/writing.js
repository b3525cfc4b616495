/* Writing Markdown: a bar of buttons above the field, a look at the words below it, emoji, pictures, clean pasting. */

const PAUSE = 500;
const make = (tag, attributes = {}, ...inside) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
};
const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
const posted = (address, data) => fetch(address, { method: "POST", body: data, headers: { "X-CSRFToken": token(), Accept: "application/json" } });

/* Put words where the caret is, as typing does: undo takes them back, and whoever listens hears of it. */
export function insert(field, words, from = field.selectionStart, to = field.selectionEnd) {
  field.focus();
  field.setSelectionRange(from, to);
  if (!document.execCommand("insertText", false, words)) {
    field.setRangeText(words, from, to, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

const selected = (field) => field.value.slice(field.selectionStart, field.selectionEnd);

function around(field, mark, sample) {
  const words = selected(field) || sample;
  const start = field.selectionStart;
  insert(field, `${mark}${words}${mark}`);
  field.setSelectionRange(start + mark.length, start + mark.length + words.length);
}

/* Something that begins each line: the lines that the selection touches get it, or lose it. */
function before(field, mark) {
  const start = field.value.lastIndexOf("\n", field.selectionStart - 1) + 1;
  const found = field.value.indexOf("\n", field.selectionEnd);
  const end = found < 0 ? field.value.length : found;
  const lines = field.value.slice(start, end).split("\n");
  const has = lines.every((line) => line.startsWith(mark));
  insert(field, lines.map((line) => (has ? line.slice(mark.length) : mark + line)).join("\n"), start, end);
}

/* A block stands by itself, with empty lines around it. */
function block(field, words, choose) {
  const head = field.value.slice(0, field.selectionStart).trimEnd();
  const gap = head ? "\n\n" : "";
  const start = head.length + gap.length;
  const tail = field.value.slice(field.selectionEnd).trimStart();
  insert(field, `${gap}${words}${tail ? "\n\n" : "\n"}`, head.length, field.value.length - tail.length);
  const at = choose ? words.indexOf(choose) : -1;
  if (at >= 0) field.setSelectionRange(start + at, start + at + choose.length);
}

const BUTTONS = [
  ["Heading", "title", (field) => before(field, "## ")],
  ["Bold", "format_bold", (field) => around(field, "**", "bold")],
  ["Italic", "format_italic", (field) => around(field, "*", "italic")],
  ["Link", "link", (field) => {
    const words = selected(field) || "words";
    const start = field.selectionStart + words.length + 3;
    insert(field, `[${words}](https://)`);
    field.setSelectionRange(start + 8, start + 8);
  }],
  ["List", "format_list_bulleted", (field) => before(field, "- ")],
  ["Quote", "format_quote", (field) => before(field, "> ")],
  ["Picture", "image", (field, tools, say) => upload(field, tools, say)],
  ["Button", "smart_button", (field) => block(field, "::: button https://example.org/\nWords of the button\n:::", "https://example.org/")],
  ["Poll", "ballot", (field) => block(field, "::: poll Your question?\n- First answer\n- Second answer\n:::", "Your question?")],
  ["Divider", "horizontal_rule", (field) => block(field, "---")],
];

function icon(words, name) {
  const button = make("button", { type: "button", class: "desk-icon", "aria-label": words, title: words });
  button.append(make("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name));
  return button;
}

/* Give every field in a part of the page what helps to write in it; those that have it stay as they are. */
export function dress(root, tools, say) {
  for (const field of root.querySelectorAll("textarea[data-markdown]:not([data-dressed])")) markdown(field, tools, say);
  for (const field of root.querySelectorAll(":is(input, textarea)[data-emoji]:not([data-dressed])")) {
    field.dataset.dressed = "";
    const button = icon(`Emoji for: ${field.labels?.[0]?.textContent ?? "this field"}`, "add_reaction");
    button.addEventListener("click", () => pick(field, tools));
    field.after(button);
  }
}

function markdown(field, tools, say) {
  field.dataset.dressed = "";
  const name = field.labels?.[0]?.textContent ?? "text";
  const bar = make("div", { class: "desk-toolbar", role: "toolbar", "aria-label": `Format: ${name}` });
  for (const [words, symbol, act] of BUTTONS) {
    const button = icon(words, symbol);
    button.addEventListener("click", () => act(field, tools, say));
    bar.append(button);
  }
  const emoji = icon("Emoji", "add_reaction");
  emoji.addEventListener("click", () => pick(field, tools));
  bar.append(emoji);
  // One stop for the tabulator key; arrows go from button to button.
  const buttons = [...bar.children];
  buttons.forEach((one, index) => (one.tabIndex = index ? -1 : 0));
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    buttons.forEach((one) => (one.tabIndex = one === next ? 0 : -1));
    next.focus();
  });
  field.before(bar);
  const look = make("div", { class: "desk-look", role: "region", "aria-label": `How it reads: ${name}` });
  look.hidden = true;
  field.after(look);
  let timer;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => draw(field, look, tools), PAUSE);
  };
  field.addEventListener("input", soon);
  field.addEventListener("focus", soon);
  field.addEventListener("paste", (event) => paste(event, field, tools, say));
  field.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const act = { b: BUTTONS[1], i: BUTTONS[2], k: BUTTONS[3] }[event.key];
    if (!act) return;
    event.preventDefault();
    act[2](field, tools, say);
  });
}

async function draw(field, look, tools) {
  look.hidden = !field.value.trim();
  if (look.hidden) return;
  const data = new FormData();
  data.set("text", field.value);
  try {
    const answer = await posted(tools.look, data);
    if (answer.redirected || !answer.ok) return;
    const html = await answer.text();
    if (data.get("text") === field.value) look.innerHTML = html;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // away for now; saving says so
  }
}

/* What comes from a word processor or a web page is made Markdown; plain text is pasted as it is. */
async function paste(event, field, tools, say) {
  const html = event.clipboardData.getData("text/html");
  const file = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
  if (file && !html) {
    event.preventDefault();
    return upload(field, tools, say, file);
  }
  if (!html) return;
  event.preventDefault();
  const plain = event.clipboardData.getData("text/plain");
  const data = new FormData();
  data.set("html", html);
  const [from, to] = [field.selectionStart, field.selectionEnd];
  field.readOnly = true; // what is typed meanwhile would move the place
  let words = plain;
  let said = "It was pasted without its format: the desk could not be reached.";
  try {
    const answer = await posted(tools.paste, data);
    if (!answer.redirected && answer.headers.get("content-type")?.includes("json")) {
      const told = await answer.json();
      words = told.error ? plain : told.text;
      said = told.error ?? told.said;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  } finally {
    field.readOnly = false;
  }
  insert(field, words, from, to);
  if (said) say(said);
}

/* ── pictures ── */

function upload(field, tools, say, file) {
  const dialog = make("dialog", { class: "desk-dialog", "aria-label": "Upload a picture" });
  const form = make("form", { method: "post", novalidate: "" });
  const chosen = make("input", { type: "file", name: "file", id: "picture-file", accept: "image/png,image/jpeg,image/gif,image/webp" });
  const words = make("input", { name: "alt", id: "picture-alt", maxlength: "1000", class: "desk-input", autocomplete: "off" });
  const wrong = make("p", { class: "desk-problem", role: "alert" });
  wrong.hidden = true;
  const send = make("button", { type: "submit", class: "desk-button primary" }, "Upload");
  const stop = make("button", { type: "button", class: "desk-button" }, "Cancel");
  stop.addEventListener("click", () => dialog.close());
  if (file) {
    const carried = new DataTransfer();
    carried.items.add(file);
    chosen.files = carried.files;
  }
  form.append(
    make("strong", {}, "Upload a picture"), wrong,
    make("label", { for: "picture-file" }, "Picture"), chosen,
    make("label", { for: "picture-alt" }, "What it shows, for whoever does not see it"), words,
    make("div", { class: "desk-buttons" }, send, stop),
  );
  dialog.append(form);
  const [from, to] = [field.selectionStart, field.selectionEnd];
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    send.disabled = true;
    let why = "The desk cannot be reached. Try again.";
    try {
      const answer = await posted(tools.picture, new FormData(form));
      if (answer.redirected) why = "You are signed out. Sign in again in another tab.";
      else if (!answer.headers.get("content-type")?.includes("json")) why = `The desk cannot take it (${answer.status}).`;
      else {
        const told = await answer.json();
        why = told.error;
        if (told.text) {
          dialog.close();
          field.setSelectionRange(from, to);
          block(field, told.text);
          return say("The picture is uploaded.");
        }
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    } finally {
      send.disabled = false;
    }
    wrong.hidden = false;
    wrong.textContent = why;
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    field.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

/* ── emoji ── */

function pick(field, tools) {
  const dialog = make("dialog", { class: "desk-emoji", "aria-label": "Choose an emoji" });
  const asked = make("input", { type: "search", class: "desk-input", placeholder: "Search: whale, party, arrow …", "aria-label": "Search emoji", autocomplete: "off" });
  const grid = make("div", { class: "desk-emoji-grid" });
  const none = make("p", { class: "desk-soft", role: "status" });
  dialog.append(asked, none, grid);
  const [from, to] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length];
  let timer;
  const look = async () => {
    const query = asked.value;
    let found = [];
    try {
      const answer = await fetch(`${tools.emoji}?q=${encodeURIComponent(query)}`);
      if (!answer.redirected && answer.ok) ({ found } = await answer.json());
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    if (query !== asked.value) return;
    none.textContent = found.length ? "" : "No emoji has a name with these words.";
    grid.replaceChildren(...found.map(([one, name]) => {
      const button = make("button", { type: "button", "aria-label": name, title: name }, one);
      button.addEventListener("click", () => {
        dialog.close();
        insert(field, one, from, to);
      });
      return button;
    }));
  };
  asked.addEventListener("input", (event) => {
    event.stopPropagation();
    clearTimeout(timer);
    timer = setTimeout(look, 200);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    field.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  look();
}
