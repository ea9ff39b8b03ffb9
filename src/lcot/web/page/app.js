// The answer: sliders are followed at once, and when they rest the whole answer with ranges takes its place.
import {$, button, call, dollars, field, form, json, make, named, page, pairs, percent, right, seconds, short, wrong} from "/base.js";
import {card} from "/facts.js";
import {asked, finance, labels, link, remember, restore} from "/question.js";
import {dark, draw, redraw} from "/views.js";
import {begin} from "/work.js";

const IDLE = 400, DRAWS = 64, CORRECTED = 0.01;
const ALL = ["cheapest", "front", "bill", "step"];
let timer, turn = 0, sliding = false, again = false, resting = false, quick = null;

// a slider is followed by /api/slide; moves that come while one is on its way are one move
async function follow() {
  if (sliding) { again = true; return; }
  sliding = true;
  const began = performance.now();
  turn++;
  try {
    const got = await json("/api/slide", "POST", asked());
    page.last = {...got, charts: {...(page.last ? page.last.charts : {}), ...got.charts}};
    right(); words(got.searched);
    await draw(["cheapest"]);
    quick = got.searched ? null : best(got.answer);
    note(got.searched ? "" : "Among the layouts kept from other lengths; a search of all layouts follows.");
    document.body.dataset.settled = String(performance.now() - began);
  } catch (error) { wrong(error); }
  sliding = false;
  clearTimeout(timer);
  if (again) { again = false; follow(); } else timer = setTimeout(rest, IDLE);
}
// when it rests, /api/compare gives ranges and every chart, and corrects what was shown at once
async function rest() {
  if (resting) return;
  resting = true;
  const mine = turn;
  try {
    const got = await json("/api/compare", "POST", asked(DRAWS));
    if (mine === turn && !sliding) {
      page.last = got;
      right(); words(true); corrected(best(got.answer));
      await draw(ALL); remember();
      document.body.dataset.rested = String(mine);
    }
  } catch (error) { if (mine === turn) { if (!page.last) $("verdict").textContent = "No answer."; wrong(error); } }
  resting = false;
  if (mine !== turn && !sliding) rest();
}
const best = (answer) => answer.systems[0] && answer.systems[0].status === "ranked" ? answer.systems[0] : null;
function note(text) { $("note").textContent = text; $("note").hidden = !text; }
function corrected(full) {
  const before = quick;
  quick = null;
  if (!before || !full) return note("");
  const cost = [before, full].map((one) => one.usd_per_mtok.blended), moved = Math.abs(cost[0] / cost[1] - 1) > CORRECTED;
  note(before.system !== full.system || moved ? `The search of all layouts corrected what was shown at once: ${full.name} at $${dollars(cost[1])} instead of ${before.name} at $${dollars(cost[0])}, at the stated facts.` : "");
}

const STATUS = {unpriced: "no sourced price", announced: "not on sale yet", missing_fact: "a fact is not public", infeasible: "does not meet the question"};
function words(all) {
  const {answer, headline} = page.last, first = best(answer), cost = first && first.usd_per_mtok;
  $("verdict").textContent = headline;
  $("reasons").textContent = answer.verdict;
  const range = first && cost.p10 != null ? `, P10 to P90: ${dollars(cost.p10)} to ${cost.p90 == null ? "∞" : dollars(cost.p90)}` : "";
  $("numbers").replaceChildren(...pairs(first ? [["$ per million tokens" + range, dollars(cost.p50 ?? cost.blended)], ["tokens/s a user", short(first.tokens_per_second_per_user)],
    ["systems bought, at this use", `${short(first.deployment.systems)} at ${percent(first.utilisation)}`],
    ["chance of being the cheapest", first.probability_cheapest == null ? "…" : percent(first.probability_cheapest)]] : []).childNodes);
  rows(answer.systems.filter((s) => s.status === "ranked"));
  if (all) others(answer.systems.filter((s) => s.status !== "ranked"));
  const about = $("about").value, names = answer.systems.filter((s) => s.deployment).map((s) => s.system);
  if (all) $("about").replaceChildren(...names.map((n) => new Option(named(n), n)));
  if (names.includes(about)) $("about").value = about;
  const b = answer.basis;
  $("basis").textContent = `Tokens: ${b.tokens}. Cost: ${b.cost}, ${b.allocation}. Load: ${b.load}. Site: ${page.choices.sites[b.site] || b.site}. Newest fact: ${b.facts_date}. `
    + `Times are those of the steady state in closed form. Declared estimates in use: ${b.declared_estimates.join(", ") || "none"}.`;
}
function line(system, cells, name = "") {
  const row = make("tr", null, name), first = make("td");
  first.append(button(system.name, () => card(system.system)));
  row.append(first, ...cells.map((text) => make("td", text)));
  return row;
}
const speed = (s) => [short(s.tokens_per_second_per_user), seconds(s.time_to_first_token)];
function rows(ranked) {
  $("rows").replaceChildren(...ranked.map((s) => {
    const c = s.usd_per_mtok, range = c.p10 == null ? "…" : `${dollars(c.p10)} to ${c.p90 == null ? "∞" : dollars(c.p90)}`;
    return line(s, [dollars(c.p50 ?? c.blended), range, ...speed(s), short(s.deployment.systems), percent(s.utilisation), s.power == null ? "not public" : short(s.power / 1000), s.confidence]);
  }));
  if (!ranked.length) { const row = make("tr"), cell = make("td", "none"); cell.colSpan = 9; row.append(cell); $("rows").append(row); }
}
// systems that cannot serve, or have no price, stand under one line with their counts, opened on demand
function others(rest) {
  const counts = Object.entries(STATUS).map(([key, text]) => [rest.filter((s) => s.status === key).length, text]).filter(([n]) => n);
  $("counts").textContent = `${rest.length} others are not ranked: ${counts.map(([n, text]) => `${n} ${text}`).join("; ")}`;
  $("others").hidden = !rest.length;
  const fill = () => $("rest").replaceChildren(...($("others").open ? rest.map((s) => line(s, [STATUS[s.status], ...speed(s), s.reason], "rest")) : []));
  $("others").ontoggle = fill;
  fill();
}

// a file that is dropped: a config.json is the model, anything else a trace
const MOST = 32;  // MiB
async function take(file) {
  if (!file) return;
  try {
    if (file.size > MOST * 2 ** 20) throw new Error(`${file.name} has ${short(file.size / 2 ** 20)} MiB; allowed: ${MOST}`);
    const text = await file.text();
    let body = null;
    if (/\.json$/i.test(file.name)) {
      try { body = JSON.parse(text); } catch (error) { throw new Error(`${file.name} is not JSON: ${error.message}`); }
      if (body === null || typeof body !== "object") throw new Error(`${file.name} holds ${body === null ? "null" : "a " + typeof body}; allowed: a model's config.json, or a trace`);
    }
    if (body && !Array.isArray(body)) {
      const before = page.config;
      page.config = {name: (file.name.replace(/\.json$/i, "").replace(/[^A-Za-z0-9._-]/g, "-") || "config").replace(/^[^A-Za-z0-9]+/, "m").slice(0, 80), body};
      try { await call("/api/slide", "POST", {...asked(), system: ["hgx-h200"]}); } catch (error) { page.config = before; throw new Error(`${file.name}: ${error.message.replace(/^config\.json: /, "")}`); }
      $("dropped").textContent = `Model: ${file.name} (kept on this page only; not part of the link)`;
    } else {
      let found;
      try { found = await json("/api/traffic", "POST", JSON.stringify(text)); } catch (error) { throw new Error(`${file.name}: ${error.message}`); }
      field.input.value = Math.round(found.input); field.output.value = Math.round(found.output); field.cached.value = found.cached;
      $("load").value = Math.log10(found.rate); $("full").checked = false;
      $("dropped").textContent = `Traffic: ${file.name}, ${short(found.requests)} requests`;
    }
    $("dropped").hidden = false; right(); labels(); follow();
  } catch (error) { wrong(error); }
  finally { $("file").value = ""; }
}

$("value").onclick = () => begin("value-" + $("company").value).catch(wrong);
for (const b of document.querySelectorAll("[data-work]")) b.onclick = () => page.last && begin(b.dataset.work).catch(wrong);
document.querySelector("[data-do=link]").onclick = () => link().catch(wrong);
form.oninput = (event) => {
  if (event.target.id === "file" || event.target.id === "preset") return;
  if (["input", "output", "cached"].includes(event.target.id)) $("preset").value = "";
  if (event.target.name === "site") finance();
  if (event.target.name === "model") { page.config = null; $("dropped").hidden = true; }
  labels();
  if (form.checkValidity()) follow(); else { const bad = form.querySelector("input:invalid, select:invalid"); wrong(new Error(`${bad.closest("label").firstChild.textContent.trim()}: ${bad.validationMessage}`)); }
};
form.onsubmit = (event) => event.preventDefault();
$("file").onchange = () => take($("file").files[0]);
$("measure").onchange = () => page.last && draw(["front"]).then(remember).catch(wrong);
$("preset").onchange = () => {
  const p = page.choices.presets[Number($("preset").value)];
  if ($("preset").value === "" || !p) return;
  field.input.value = p.input; field.output.value = p.output; field.cached.value = p.cached; labels(); follow();
};
for (const name of ["dragover", "dragleave", "drop"]) document.addEventListener(name, (event) => {
  event.preventDefault(); $("drop").classList.toggle("over", name === "dragover");
  if (name === "drop") take(event.dataTransfer.files[0]);
});
dark.addEventListener("change", () => page.last && redraw(ALL));
json("/api/choices").then((c) => {
  page.choices = c;
  for (const v of c.models) field.model.add(new Option(v, v));
  for (const [id, name] of Object.entries(c.sites)) field.site.add(new Option(name, id));
  for (const [id, name] of Object.entries(c.systems)) field.system.add(new Option(name, id));
  for (const kind of Object.keys(c.work)) if (kind.startsWith("value-")) $("company").add(new Option(c.work[kind].replace(/^What (.*) is worth$/, "$1"), kind.slice(6)));
  c.presets.forEach((p, i) => $("preset").add(new Option(p.name, String(i))));
  field.model.value = "llama-3.3-70b"; field.site.value = "us-colocation";
  const site = new URLSearchParams(location.search).get("site");
  if (c.sites[site]) field.site.value = site;
  finance(); restore(); labels(); rest();
}).catch(wrong);
