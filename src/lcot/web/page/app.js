"use strict";
{
const $ = (id) => document.getElementById(id), form = $("form");
const fragment = new URLSearchParams(location.hash.slice(1)), token = fragment.get("token");
const dark = matchMedia("(prefers-color-scheme: dark)");
let looks, last, timer, turn = 0, views = {};

async function get(path) {
  const reply = await fetch(path, token ? {headers: {Authorization: "Bearer " + token}} : {});
  const body = await reply.json();
  if (!reply.ok) throw new Error(body.error ? body.error.message : reply.statusText);
  return body;
}
function fill(name, values) { for (const v of values) form.elements[name].add(new Option(v, v)); }
function asked() {
  const query = new URLSearchParams();
  for (const [key, value] of new FormData(form)) if (value !== "") query.append(key, value);
  return query;
}
function restore() {
  const query = new URLSearchParams(location.search);
  for (const name of new Set(query.keys())) {
    const field = form.elements[name];
    if (!field) continue;
    if (field.multiple) for (const o of field.options) o.selected = query.getAll(name).includes(o.value);
    else field.value = query.get(name);
  }
}
function labels() { for (const o of form.querySelectorAll("output")) o.value = $(o.htmlFor.value).value; }
function cell(row, text) { const td = row.insertCell(); td.textContent = text ?? ""; return td; }
const short = (x) => x == null ? "" : x.toPrecision(3);

async function ask(draws) {
  const mine = ++turn, query = asked();
  const api = new URLSearchParams(query);
  api.set("draws", draws);
  try {
    const got = await get("/api/compare?" + api);
    if (mine !== turn) return;
    last = got;
    query.set("data", got.answer.basis.facts_date);
    history.replaceState(null, "", "?" + query + location.hash);
    $("error").hidden = true;
    await show();
    if (draws === 0 && mine === turn) timer = setTimeout(() => ask(64), 600);
  } catch (error) {
    if (mine !== turn) return;
    $("error").textContent = error.message; $("error").hidden = false;
  }
}
async function show() {
  const {answer, charts} = last, best = answer.systems[0];
  $("verdict").textContent = answer.verdict;
  $("numbers").textContent = best && best.status === "ranked"
    ? `$${short(best.usd_per_mtok.blended)} per million tokens · ${short(best.tokens_per_second_per_user)} tokens/s a user · `
      + `${short(best.power / 1000)} kW` : "";
  $("rows").replaceChildren();
  for (const s of answer.systems) {
    const row = $("rows").insertRow(), button = document.createElement("button"), cost = s.usd_per_mtok;
    button.textContent = s.name; button.onclick = () => card(s.system);
    row.insertCell().append(button);
    cell(row, short(cost.blended)); cell(row, cost.p10 == null ? "" : short(cost.p10) + " to " + short(cost.p90));
    cell(row, short(s.tokens_per_second_per_user)); cell(row, s.status === "ranked" ? s.confidence : s.reason || s.status);
  }
  const config = looks[dark.matches ? "dark" : "light"];
  for (const name of ["front", "cheapest", "bill"]) {
    if (views[name]) views[name].finalize();
    delete views[name]; $(name).replaceChildren();
    if (charts[name]) views[name] = await vegaEmbed("#" + name, charts[name],
      {config, renderer: "svg", actions: false, ast: true, defaultStyle: false});
  }
  document.body.dataset.settled = turn;
}
async function card(name) {
  const facts = await get("/api/facts/" + encodeURIComponent(name)), table = document.createElement("table");
  for (const f of facts) {
    const row = table.insertRow(), range = f.low == null ? "" : `${f.low} to ${f.high}`;
    cell(row, f.fact); cell(row, f.value == null ? "not public" : `${f.value} ${f.unit || ""}`); cell(row, range);
    cell(row, f.sources.map((s) => s.title).join("; ")); cell(row, f.date); cell(row, f.kind);
  }
  const title = document.createElement("h2"), box = document.createElement("div");
  title.textContent = "Facts of " + name; box.className = "scroll"; box.append(table);
  $("facts").replaceChildren(title, box); $("facts").focus();
}
function save(name, url) { const a = document.createElement("a"); a.href = url; a.download = name; a.click(); }
function csv() {
  const quote = (v) => `"${String(v ?? "").replace(/^([=+@-])/, "'$1").replaceAll('"', '""')}"`;
  const rows = last.answer.systems.map((s) => [s.system, s.status, s.usd_per_mtok.blended, s.usd_per_mtok.p10,
    s.usd_per_mtok.p90, s.tokens_per_second_per_user].map(quote).join(","));
  return "system,status,usd_per_mtok,p10,p90,tokens_per_second_per_user\n" + rows.join("\n") + "\n";
}
const actions = {
  link: () => navigator.clipboard.writeText(location.href.split("#")[0]),
  csv: () => save("lcot.csv", URL.createObjectURL(new Blob([csv()], {type: "text/csv"}))),
  svg: async () => save("lcot.svg", await views.front.view.toImageURL("svg")),
  png: async () => save("lcot.png", await views.front.view.toImageURL("png", 2)),
  command: () => {
    const words = [...asked()].map(([k, v]) => k === "model" ? "" : ` --${k} ${v}`).join("");
    $("shown").textContent = `lcot compare ${asked().get("model")}${words} --finalists 0 --draws ${last.answer.question.draws}`;
    $("shown").hidden = false;
  },
};
for (const b of document.querySelectorAll("[data-do]")) b.onclick = () => last && actions[b.dataset.do]();
form.oninput = () => { labels(); clearTimeout(timer); timer = setTimeout(() => ask(0), 40); };
form.onsubmit = (event) => event.preventDefault();
dark.addEventListener("change", () => last && show());
get("/api/choices").then((c) => {
  looks = c.looks; fill("model", c.models); fill("site", c.sites); fill("system", c.systems);
  if (c.sites.includes("us-colocation")) form.elements.site.value = "us-colocation";
  restore(); labels(); ask(0);
}).catch((error) => { $("error").textContent = error.message; $("error").hidden = false; });
}
