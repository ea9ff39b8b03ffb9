"use strict";
{
const $ = (id) => document.getElementById(id), form = $("form"), field = form.elements;
const fragment = new URLSearchParams(location.hash.slice(1)), token = fragment.get("token");
const dark = matchMedia("(prefers-color-scheme: dark)");
const IDLE = 500, DRAWS = 64;
let choices, last, timer, turn = 0, busy = false, again = false, config = null;
const views = {}, specs = {};

async function call(path, method = "GET", body = undefined, kind = "application/json") {
  const headers = {...(token ? {Authorization: "Bearer " + token} : {}), ...(body === undefined ? {} : {"Content-Type": kind})};
  const reply = await fetch(path, {method, headers, body: body === undefined || typeof body === "string" ? body : JSON.stringify(body)});
  if (!reply.ok) { const said = await reply.json(); throw new Error(said.error ? said.error.message : reply.statusText); }
  return reply;
}
const json = async (...rest) => (await call(...rest)).json();
function make(tag, text, name) { const e = document.createElement(tag); if (text != null) e.textContent = text; if (name) e.className = name; return e; }
const short = (x) => x == null ? "" : Math.abs(x) >= 1000 ? Math.round(x).toLocaleString("en") : String(Number(x.toPrecision(3)));
const seconds = (x) => x == null ? "" : x < 1 ? `${short(x * 1000)} ms` : `${short(x)} s`;
function wrong(error) { $("error").textContent = error.message; $("error").hidden = false; }

// the question: form to API body, to URL and back
function asked(draws = 0) {
  const body = {draws};
  for (const [key, value] of new FormData(form)) {
    if (value === "" || (key === "rate" && $("full").checked)) continue;
    if (key === "system") (body.system ??= []).push(value);
    else if (key.startsWith("finance.")) (body.finance ??= {})[key.slice(8)] = Number(value);
    else body[key] = field[key].type === "range" || field[key].type === "number" || key === "rate" ? Number(value) : value;
  }
  if (config) Object.assign(body, {model: config.name, config: config.body});
  return body;
}
function remember() {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(asked())) {
    if (key === "draws" || key === "config") continue;
    if (key === "finance") for (const [fact, one] of Object.entries(value)) query.append("finance." + fact, one);
    else for (const one of [value].flat()) query.append(key, one);
  }
  if ($("measure").value !== "front") query.set("front", $("measure").value);
  if (last) query.set("data", last.answer.basis.facts_date);
  history.replaceState(null, "", "?" + query + location.hash);
}
function restore() {
  const query = new URLSearchParams(location.search);
  for (const key of new Set(query.keys())) {
    if (!field[key]) continue;
    if (field[key].multiple) for (const o of field[key].options) o.selected = query.getAll(key).includes(o.value);
    else field[key].value = query.get(key);
  }
  if ([...$("measure").options].some((o) => o.value === query.get("front"))) $("measure").value = query.get("front");
  if (query.has("model")) $("full").checked = !query.has("rate");
  $("load").value = Math.log10(Number(field.rate.value) || 20);
}
function money() {
  const before = asked().finance || {};
  $("finance").replaceChildren(...choices.finance[field.site.value].map((f) => {
    const label = make("label", `${f.key.replaceAll(".", " ").replaceAll("_", " ")} (${f.unit === "1" ? "share or ratio" : f.unit})`), input = make("input");
    Object.assign(input, {type: "number", name: "finance." + f.key, min: 0, step: "any", placeholder: `${f.value} (${f.low} to ${f.high})`, value: before[f.key] ?? ""});
    label.append(input); return label;
  }));
}
function settings() { return Object.entries(asked().finance || {}).map(([key, value]) => `${field.site.value}.${key}=${value} ${choices.finance[field.site.value].find((f) => f.key === key).unit}`); }
function labels() {
  field.rate.value = Number((10 ** Number($("load").value)).toPrecision(3));
  $("load").disabled = $("full").checked;
  const shown = {input: short(Number(field.input.value)), output: short(Number(field.output.value)), cached: `${Math.round(field.cached.value * 100)} %`,
    load: $("full").checked ? "full" : short(Number(field.rate.value)), speed: field.speed.value};
  for (const o of form.querySelectorAll("output")) o.value = shown[o.htmlFor.value];
  for (const name of ["input", "output", "cached", "speed"]) field[name].setAttribute("aria-valuetext", shown[name]);
  $("load").setAttribute("aria-valuetext", shown.load + " requests a second");
}

// a slider is followed by /api/slide; when it rests, /api/compare gives ranges and every chart
async function follow() {
  if (busy) { again = true; return; }
  busy = true;
  const began = performance.now(), mine = ++turn;
  try {
    const got = await json("/api/slide", "POST", asked());
    last = {answer: got.answer, charts: {...(last ? last.charts : {}), ...got.charts}};
    $("error").hidden = true;
    words(); await draw(["cheapest"]);
    document.body.dataset.settled = String(performance.now() - began);
  } catch (error) { wrong(error); }
  busy = false;
  if (again) { again = false; follow(); } else { clearTimeout(timer); timer = setTimeout(() => mine === turn && rest(), IDLE); }
}
async function rest() {
  const mine = turn;
  try {
    const got = await json("/api/compare", "POST", asked(DRAWS));
    if (mine !== turn) return;
    last = got; $("error").hidden = true;
    words(); await draw(["cheapest", "front", "bill", "step"]); remember();
    document.body.dataset.rested = String(mine);
  } catch (error) { if (mine === turn) wrong(error); }
}
function words() {
  const {answer} = last, best = answer.systems[0], has = best && best.status === "ranked";
  $("verdict").textContent = answer.verdict;
  const cost = has && best.usd_per_mtok, range = has && cost.p10 != null ? ` (${short(cost.p10)} to ${short(cost.p90)})` : "";
  const found = has ? [["$ per million tokens" + range, short(cost.p50 ?? cost.blended)],
    ["tokens/s a user", short(best.tokens_per_second_per_user)],
    ["chance of being cheapest", best.probability_cheapest == null ? "…" : `${Math.round(best.probability_cheapest * 100)} %`]] : [];
  $("numbers").replaceChildren(...found.map(([name, value]) => { const d = make("div"); d.append(make("dt", name), make("dd", value)); return d; }));
  $("rows").replaceChildren(...answer.systems.map((s) => {
    const row = make("tr", null, s.status === "ranked" ? "" : "rest"), button = make("button", s.name), c = s.usd_per_mtok;
    button.type = "button"; button.onclick = () => card(s.system);
    const first = make("td"); first.append(button); row.append(first);
    for (const text of [short(c.p50 ?? c.blended), c.p10 == null ? "" : `${short(c.p10)} to ${c.p90 == null ? "∞" : short(c.p90)}`, short(s.tokens_per_second_per_user),
      seconds(s.time_to_first_token), s.deployment ? short(s.deployment.systems) : "", s.utilisation == null ? "" : `${Math.round(s.utilisation * 100)} %`,
      s.power == null ? "" : short(s.power / 1000), s.status === "ranked" ? s.confidence : `${s.status.replace("_", " ")}${s.reason ? ": " + s.reason : ""}`]) row.append(make("td", text));
    return row;
  }));
  const about = $("about").value, names = answer.systems.filter((s) => s.deployment).map((s) => s.system);
  $("about").replaceChildren(...names.map((n) => new Option(choices.systems[n] || n, n)));
  if (names.includes(about)) $("about").value = about;
  const b = answer.basis;
  $("basis").textContent = `Tokens: ${b.tokens}. Cost: ${b.cost}, ${b.allocation}. Load: ${b.load}. Site: ${b.site}. Newest fact: ${b.facts_date}. `
    + `Times are those of the steady state in closed form. Declared estimates in use: ${b.declared_estimates.join(", ") || "none"}.`;
}
// a chart on a narrow page: less wide, with its subtitle in short lines
function fitting(spec) {
  const room = document.documentElement.clientWidth;
  if (room > 700 || typeof spec.width !== "number") return spec;
  const short = (text) => text.split(" ").reduce((lines, word) => { const at = lines.length - 1;
    if (lines[at].length + word.length > room / 7.5) lines.push(word); else lines[at] += (lines[at] && " ") + word; return lines; }, [""]);
  const title = spec.title && spec.title.subtitle ? {...spec.title, subtitle: [spec.title.subtitle].flat().flatMap(short)} : spec.title;
  return {...spec, title, width: Math.min(spec.width, Math.max(160, room - 210))};
}
async function embed(place, spec) {
  const look = choices.looks[dark.matches ? "dark" : "light"];
  return vegaEmbed(place, fitting(spec), {config: look, renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: {disableDefaultStyle: true, theme: "none"}});
}
const bare = (spec) => JSON.stringify({...spec, data: spec.data.name});  // a chart without its rows
async function draw(names) {
  for (const name of names) {
    const figure = document.querySelector(`[data-view=${name}]`), spec = last.charts[name === "front" ? $("measure").value : name];
    if (views[name] && spec && spec.data && spec.data.name && specs[name] && bare(spec) === bare(specs[name])) {
      specs[name] = spec; views[name].view.data(spec.data.name, structuredClone(spec.data.values)); await views[name].view.runAsync();
      continue;
    }
    if (views[name]) { views[name].finalize(); delete views[name]; }
    if (!spec) { figure.replaceChildren(); continue; }
    specs[name] = spec;
    const place = make("div"); place.tabIndex = 0; place.setAttribute("role", "img"); place.setAttribute("aria-label", figure.getAttribute("aria-label"));
    const tools = figure.querySelector(".bar") || bar(name);
    figure.replaceChildren(place, tools);
    views[name] = await embed(place, spec);
  }
}

function redraw(names) { for (const name of names) if (views[name]) { views[name].finalize(); delete views[name]; } return draw(names); }

// what every view offers
function save(name, url) { const a = make("a"); a.href = url; a.download = name; document.body.append(a); a.click(); a.remove(); }
const blob = (text, type) => URL.createObjectURL(new Blob([text], {type}));
function values(spec) {
  const found = [];
  const walk = (x) => { if (x && typeof x === "object") { if (x.data && x.data.values) found.push(x.data.values); Object.values(x).forEach(walk); } };
  walk(spec);
  return found.sort((a, b) => b.length - a.length)[0] || [];
}
function csv(rows) {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const quote = (v) => typeof v === "number" ? String(v) : `"${String(v ?? "").replace(/^([=+@-])/, "'$1").replaceAll('"', '""')}"`;
  return [names.map(quote), ...rows.map((r) => names.map((n) => quote(r[n])))].map((r) => r.join(",")).join("\n") + "\n";
}
const quoted = (text) => /^[\w./=:-]+$/.test(text) ? text : `'${String(text).replaceAll("'", "'\\''")}'`;
function command() {
  const words = Object.entries(asked(last.answer.question.draws)).filter(([k]) => !["model", "config", "finance"].includes(k)).concat(settings().map((one) => ["set", one]))
    .flatMap(([k, v]) => [v].flat().map((one) => `--${k} ${quoted(String(one))}`));
  return `lcot compare ${config ? "config.json" : quoted(field.model.value)} ${words.join(" ")} --finalists 0`;
}
function python() {
  const words = Object.entries(asked(last.answer.question.draws)).filter(([k]) => !["model", "config", "finance"].includes(k)).concat(settings().length ? [["set", settings()]] : [])
    .map(([k, v]) => `${k}=${k === "draws" ? v : JSON.stringify(Array.isArray(v) ? v : String(v))}`);
  return `from lcot.choice.compare import compare\nfrom lcot.cli.question import Asked\n\nquestion = Asked(${words.join(", ")}).question(`
    + `${JSON.stringify(config ? "config.json" : field.model.value)})\nanswer = compare(question, finalists=0)\nprint(answer.verdict)`;
}
const link = async () => { remember(); await navigator.clipboard.writeText(location.href.split("#")[0]); $("saved").textContent = "Link copied."; };
function bar(name, work = null) {
  const box = make("div", null, "bar"), code = make("pre"); code.hidden = true;
  const show = (text) => { code.hidden = code.textContent === text && !code.hidden; code.textContent = text; };
  const actions = {"Copy link": link, CSV: () => save(`lcot-${name}.csv`, blob(csv(values(specs[name])), "text/csv")),
    PNG: async () => save(`lcot-${name}.png`, await views[name].view.toImageURL("png", 2)),
    SVG: async () => save(`lcot-${name}.svg`, await views[name].view.toImageURL("svg")),
    ...(!work || /\.xlsx$/.test(work.file) ? {".xlsx": async () => work ? save(work.file, URL.createObjectURL(await (await call(`/api/runs/${work.id}/file`)).blob())) : begin("workbook")} : {}),
    "Show as Python": () => show(work ? `from lcot.cli import run\n\nrun(${JSON.stringify(work.words)})` : python()),
    "Show as command": () => show(work ? work.command : command())};
  for (const [text, action] of Object.entries(actions)) {
    const b = make("button", text); b.type = "button"; b.onclick = () => Promise.resolve(action()).catch(wrong);
    b.setAttribute("aria-label", `${text}: ${name}`); box.append(b);
  }
  const both = make("div", null, "bar"); both.append(box, code);
  return both;
}
function sources(place, some) {
  some.forEach((s, i) => { if (i) place.append("; "); if (s.url) { const a = make("a", s.title); a.href = s.url; a.rel = "noreferrer"; a.target = "_blank"; place.append(a); } else place.append(s.title + (s.locator ? `, ${s.locator}` : "")); });
  return place;
}
async function fact(owner, key) {
  const f = (await json("/api/facts/" + encodeURIComponent(owner))).find((one) => one.fact.endsWith("." + key)), list = make("dl", null, "fact");
  if (!f) return card(owner);
  const unit = f.unit === "1" ? "" : f.unit, told = [
    ["Value", f.value == null ? "not public" : `${f.value} ${unit}`], ["Range", f.low == null ? "none on record" : `${f.low} to ${f.high} ${unit}`],
    ["Stated by", sources(make("span"), f.sources)], ["Where", f.at], ["Date", f.date], ["Others that agree", f.confirmed.length ? sources(make("span"), f.confirmed) : "none on record"],
    ["Who disagrees, and why this value", f.note || "nobody on record"], ["Kind", `${f.kind}; confidence ${f.confidence}`], ["Counts for", f.scope]];
  for (const [name, value] of told) if (value) { const d = make("div"); const dd = make("dd"); dd.append(value); d.append(make("dt", name), dd); list.append(d); }
  const all = make("button", `All facts of ${choices.systems[owner] || owner}`, "link"); all.type = "button"; all.onclick = () => card(owner).catch(wrong);
  $("facts").replaceChildren(make("h2", f.fact), list, all); $("facts").focus(); $("facts").scrollIntoView({block: "start"});
}
async function card(name) {
  const facts = await json("/api/facts/" + encodeURIComponent(name)), table = make("table", null, "cards"), head = make("tr");
  for (const text of ["Fact", "Value", "Range", "Source", "Date", "Kind"]) { const th = make("th", text); th.scope = "col"; head.append(th); }
  table.append(head);
  for (const f of facts) {
    const row = make("tr"), where = sources(make("td"), f.sources), name = make("button", f.fact), first = make("td"), at = f.fact.indexOf(".");
    name.type = "button"; name.onclick = () => fact(f.fact.slice(0, at), f.fact.slice(at + 1)).catch(wrong); first.append(name);
    row.append(first, make("td", f.value == null ? "not public" : `${f.value} ${f.unit || ""}`), make("td", f.low == null ? "" : `${f.low} to ${f.high}`), where, make("td", f.date), make("td", f.kind));
    table.append(row);
  }
  const box = make("div", null, "scroll"); box.tabIndex = 0; box.append(table);
  $("facts").replaceChildren(make("h2", "Facts of " + (choices.systems[name] || name)), box); $("facts").focus();
}

// long work, with progress, that can be ended
async function begin(kind) {
  const box = make("article", null, "work"), told = make("p", "Starting …"), stop = make("button", "Cancel"), out = make("div");
  told.setAttribute("role", "status"); stop.type = "button";
  const system = $("about").value;
  box.append(make("h3", choices.work[kind] + (["tornado", "load", "size"].includes(kind) ? `: ${choices.systems[system] || system}` : "")), told, stop, out); $("works").prepend(box);
  try {
    const worth = Number($("worth").value), body = kind.startsWith("value-") && worth > 0 ? {...asked(), worth} : asked();
    let state = await json("/api/runs", "POST", {kind, asked: body, system: system || null});
    stop.onclick = async () => { state = await json("/api/runs/" + state.id, "DELETE"); };
    while (state.state === "running") {
      told.textContent = `${state.seconds} s ${state.progress || ""}`;
      await new Promise((done) => setTimeout(done, 300));
      if (state.state === "running") state = await json("/api/runs/" + state.id);
    }
    stop.remove();
    if (state.state !== "done") throw new Error(state.error || "Cancelled.");
    told.textContent = `Done in ${state.seconds} s. ${state.command}`;
    await finish(kind, state, out);
  } catch (error) { stop.remove(); told.textContent = error.message; told.className = "wrong"; }
}
async function finish(kind, state, out) {
  if (state.file) {
    const got = await (await call(`/api/runs/${state.id}/file`)).blob(), url = URL.createObjectURL(got);
    if (got.type.startsWith("image/")) { const img = make("img"); img.src = url; img.alt = state.title; out.append(img); }
    else if (["report", "workbook"].includes(kind)) save(state.file, url);
    const again = make("button", "Save " + state.file, "link"); again.type = "button"; again.onclick = () => save(state.file, url); out.append(again);
  }
  if (state.verdict) out.append(make("p", state.verdict, "said"));
  for (const [name, spec] of Object.entries(state.charts)) {
    const place = make("div"); out.append(place); specs[name] = spec; views[name] = await embed(place, spec); out.append(bar(name, state));
    if (kind === "tornado") {
      const open = (r) => choices.owners.includes(r.owner) && fact(r.owner, r.key).catch(wrong);
      views[name].view.addEventListener("click", (_, item) => {
        const row = item && item.datum && state.result.tornado.find((r) => `${r.owner}.${r.key}` === item.datum.fact);
        if (row) open(row);
      });
      const list = make("p", "The facts behind the bars: ", "links");
      const moving = state.result.tornado.filter((r) => r.cost_at_low !== r.cost_at_high && choices.owners.includes(r.owner));
      for (const r of moving.slice(0, 15)) { const b = make("button", `${r.owner}.${r.key}`, "link"); b.type = "button"; b.onclick = () => open(r); list.append(b, " "); }
      out.append(list);
    }
  }
  if (kind === "claims") {
    const table = make("table", null, "cards"), head = make("tr"), box = make("div", null, "scroll");
    for (const text of ["Claim", "Verdict", "Probability", "Reading", "What turns it"]) { const th = make("th", text); th.scope = "col"; head.append(th); }
    table.append(head);
    for (const c of state.result.claims) {
      const row = make("tr"), turn = (c.flips_when || [])[0];
      for (const text of [`${c.id} ${c.claim}`, c.verdict, c.probability == null ? "" : `${Math.round(c.probability * 100)} %`, c.reading,
        turn ? `${turn.fact}: ${typeof turn.from === "number" ? short(turn.from) : turn.from ?? "not public"} to ${typeof turn.to === "number" ? short(turn.to) : turn.to}` : ""]) row.append(make("td", text));
      table.append(row);
    }
    box.tabIndex = 0; box.append(table); out.append(box);
  }
  if (kind === "size") {
    const r = state.result, list = make("dl");
    const found = r.feasible ? [["systems", `${r.systems} + ${r.spares} spare`], ["megawatts at the site", short(r.site_power / 1e6)], ["$ to buy", r.capital == null ? "" : short(r.capital)], ["$ a year", r.cost_per_year == null ? "" : short(r.cost_per_year)], ["limit", r.limit]] : [["not feasible", r.limit]];
    for (const [name, value] of found) { const d = make("div"); d.append(make("dt", name), make("dd", value)); list.append(d); }
    out.append(list);
  }
}

// a file that is dropped: a config.json is the model, anything else a trace
async function take(file) {
  if (!file) return;
  try {
    if (file.size > 32 * 2 ** 20) throw new Error(`${file.name} has ${short(file.size / 2 ** 20)} MiB; allowed: 32`);
    const text = await file.text();
    let body = null;
    if (/\.json$/i.test(file.name)) {
      try { body = JSON.parse(text); } catch (error) { throw new Error(`${file.name} is not JSON: ${error.message}`); }
    }
    if (body && !Array.isArray(body) && ("model_type" in body || "architectures" in body || "hidden_size" in body)) {
      const before = config;
      config = {name: (file.name.replace(/\.json$/i, "").replace(/[^A-Za-z0-9._-]/g, "-") || "config").replace(/^[^A-Za-z0-9]+/, "m"), body};
      try { await json("/api/slide", "POST", {...asked(), system: ["hgx-h200"]}); } catch (error) { config = before; throw new Error(`${file.name}: ${error.message}`); }
      $("dropped").textContent = `Model: ${file.name} (kept on this page only; not part of the link)`;
    } else {
      const found = await json("/api/traffic", "POST", JSON.stringify(text));
      field.input.value = Math.round(found.input); field.output.value = Math.round(found.output); field.cached.value = found.cached;
      $("load").value = Math.log10(found.rate); $("full").checked = false;
      $("dropped").textContent = `Traffic: ${file.name}, ${short(found.requests)} requests`;
    }
    $("dropped").hidden = false; labels(); follow();
  } catch (error) { wrong(error); }
}

$("value").onclick = () => begin("value-" + $("company").value);
for (const b of document.querySelectorAll("[data-work]")) b.onclick = () => last && begin(b.dataset.work);
document.querySelector("[data-do=link]").onclick = () => link().catch(wrong);
form.oninput = (event) => {
  if (event.target.id === "file" || event.target.id === "preset") return;
  if (event.target.name === "site") money();
  if (event.target.name === "model") { config = null; $("dropped").hidden = true; }
  labels(); follow();
};
form.onsubmit = (event) => event.preventDefault();
$("file").onchange = () => take($("file").files[0]);
$("measure").onchange = () => last && draw(["front"]).then(remember).catch(wrong);
$("preset").onchange = () => {
  const p = choices.presets[Number($("preset").value)];
  if ($("preset").value === "" || !p) return;
  field.input.value = p.input; field.output.value = p.output; field.cached.value = p.cached; labels(); follow();
};
for (const name of ["dragover", "dragleave", "drop"]) document.addEventListener(name, (event) => {
  event.preventDefault(); $("drop").classList.toggle("over", name === "dragover");
  if (name === "drop") take(event.dataTransfer.files[0]);
});
dark.addEventListener("change", () => last && redraw(["cheapest", "front", "bill", "step"]));
json("/api/choices").then((c) => {
  choices = c;
  for (const v of c.models) field.model.add(new Option(v, v));
  for (const [id, name] of Object.entries(c.sites)) field.site.add(new Option(name, id));
  for (const [id, name] of Object.entries(c.systems)) field.system.add(new Option(name, id));
  for (const kind of Object.keys(c.work)) if (kind.startsWith("value-")) $("company").add(new Option(c.work[kind].replace(/^What (.*) is worth$/, "$1"), kind.slice(6)));
  c.presets.forEach((p, i) => $("preset").add(new Option(p.name, String(i))));
  field.model.value = "llama-3.3-70b"; field.site.value = "us-colocation";
  if (c.sites[new URLSearchParams(location.search).get("site")]) field.site.value = new URLSearchParams(location.search).get("site");
  money(); restore(); labels(); rest();
}).catch(wrong);
}
