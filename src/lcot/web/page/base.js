// What every part of the page uses: the server, the elements, numbers as text.
export const $ = (id) => document.getElementById(id);
export const form = $("form"), field = form.elements;
export const page = {choices: null, last: null, config: null, views: {}, specs: {}};
const token = new URLSearchParams(location.hash.slice(1)).get("token");

export async function call(path, method = "GET", body = undefined, kind = "application/json") {
  const headers = {...(token ? {Authorization: "Bearer " + token} : {}), ...(body === undefined ? {} : {"Content-Type": kind})};
  const reply = await fetch(path, {method, headers, body: body === undefined || typeof body === "string" ? body : JSON.stringify(body)});
  if (!reply.ok) {
    const said = await reply.json().catch(() => ({}));
    throw new Error(said.error ? said.error.message : `the server said ${reply.status} ${reply.statusText}`);
  }
  return reply;
}
export const json = async (...rest) => (await call(...rest)).json();

export function make(tag, text = null, name = "") {
  const element = document.createElement(tag);
  if (text != null) element.textContent = text;
  if (name) element.className = name;
  return element;
}
export function button(text, action, name = "") {
  const made = make("button", text, name);
  made.type = "button";
  made.onclick = () => Promise.resolve().then(action).catch(wrong);
  return made;
}
export function pairs(list, name = "") {
  const made = make("dl", null, name);
  for (const [term, value] of list) {
    const box = make("div"), told = make("dd");
    told.append(value); box.append(make("dt", term), told); made.append(box);
  }
  return made;
}
export function table(headings, rows, name = "") {
  const box = make("div", null, "scroll"), made = make("table", null, name), head = make("tr"), top = make("thead"), body = make("tbody");
  for (const text of headings) { const th = make("th", text); th.scope = "col"; head.append(th); }
  for (const cells of rows) {
    const row = make("tr");
    for (const one of cells) { const td = make("td"); td.append(one ?? ""); row.append(td); }
    body.append(row);
  }
  top.append(head); made.append(top, body);
  box.append(made); box.tabIndex = 0;
  return box;
}

export const short = (x) => x == null ? "" : Math.abs(x) >= 1000 ? Math.round(x).toLocaleString("en") : String(Number(x.toPrecision(3)));
export const dollars = (x) => x == null ? "" : x >= 1000 ? Math.round(x).toLocaleString("en") : x.toPrecision(3).replace(/e.*/, "");
export const percent = (x) => x == null ? "" : `${Math.round(x * 100)} %`;
export const seconds = (x) => x == null ? "" : x < 1 ? `${short(x * 1000)} ms` : `${short(x)} s`;
export function money(x) {
  const [size, word] = [[1e12, "trillion"], [1e9, "billion"], [1e6, "million"]].find(([one]) => Math.abs(x) >= one) || [1, ""];
  return `$${(x / size).toLocaleString("en", {maximumSignificantDigits: 3})}${word && " " + word}`;
}
export const named = (id) => page.choices.systems[id] || id;

export function wrong(error) { $("error").textContent = error.message; $("error").hidden = false; }
export function right() { $("error").hidden = true; }

export function save(name, url) { const a = make("a"); a.href = url; a.download = name; document.body.append(a); a.click(); a.remove(); }
export const blob = (text, type) => URL.createObjectURL(new Blob([text], {type}));
