// Long work: a verb of the command line in a process of its own, with progress, that can be ended.
import {$, button, call, json, make, money, named, page, pairs, percent, save, short, table} from "/base.js";
import {fact, knows} from "/facts.js";
import {asked} from "/question.js";
import {bar, embed, onWorkbook} from "/views.js";

const AT_ONCE = 2, POLL = 300;
const ABOUT = ["tornado", "load", "size"];  // work about one system
let running = 0, waiting = [];

async function turn(told) {
  while (running >= AT_ONCE) { told.textContent = "Waits for other work to end …"; await new Promise((go) => waiting.push(go)); }
  running++;
}
function done() { running--; const next = waiting.shift(); if (next) next(); }

export async function begin(kind) {
  const box = make("article", null, "work"), told = make("p", "Starting …"), stop = make("button", "Cancel"), out = make("div");
  const system = $("about").value, body = asked(), worth = Number($("worth").value);
  if (ABOUT.includes(kind) && !system) throw new Error("No system serves this question, so there is none to look into; ask for less speed, or for other systems.");
  if (kind.startsWith("value-") && worth > 0) body.worth = worth;
  told.setAttribute("role", "status"); stop.type = "button";
  box.append(make("h3", page.choices.work[kind] + (ABOUT.includes(kind) ? `: ${named(system)}` : "")), told, stop, out);
  $("works").prepend(box);
  let state = null, ended = false;
  stop.onclick = async () => { ended = true; if (state) await call("/api/runs/" + state.id, "DELETE"); };
  await turn(told);
  try {
    if (ended) throw new Error("Cancelled.");
    state = await json("/api/runs", "POST", {kind, asked: body, system: system || null});
    while (state.state === "running") {
      told.textContent = `${state.seconds.toFixed(0)} s. ${state.progress || ""}`;
      await new Promise((go) => setTimeout(go, POLL));
      state = await json("/api/runs/" + state.id);
    }
    if (state.state !== "done") throw new Error(state.error || "Cancelled.");
    told.textContent = `Done in ${state.seconds.toFixed(1)} s.`;
    await finish(kind, state, out);
  } catch (error) { told.textContent = error.message; told.className = "wrong"; }
  finally { done(); stop.remove(); }
}
onWorkbook(() => begin("workbook"));

async function finish(kind, state, out) {
  if (["report", "workbook"].includes(kind)) {
    const url = URL.createObjectURL(await (await call(`/api/runs/${state.id}/file`)).blob());
    save(state.file, url);
    out.append(button("Save " + state.file, () => save(state.file, url), "link"));
  }
  if (state.verdict) out.append(make("p", state.verdict, "said"));
  const own = Object.entries(state.charts);
  for (const [name, spec] of own) {
    const place = make("div");
    out.append(place); page.specs[name] = spec; page.views[name] = await embed(place, spec); out.append(bar(name, state));
  }
  const more = {tornado, claims, size}[kind];
  if (more) more(state, out);
}
function tornado(state, out) {
  const rows = state.result.tornado, open = (r) => fact(r.owner, r.key);
  page.views.tornado.view.addEventListener("click", (_, item) => {
    const row = item && item.datum && rows.find((r) => `${r.owner}.${r.key}` === item.datum.id);
    if (row && knows(row.owner)) open(row);
  });
  const list = make("p", "The facts behind the bars: ", "links");
  for (const r of rows.filter((r) => r.cost_at_low !== r.cost_at_high && knows(r.owner)).slice(0, 15)) list.append(button(`${r.owner}.${r.key}`, () => open(r), "link"), " ");
  out.append(list);
}
const plain = (x) => x == null ? "not public" : typeof x === "number" ? short(x) : x;
function claims(state, out) {
  const rows = state.result.claims.map((c) => {
    const turn = (c.flips_when || [])[0];
    return [`${c.id} ${c.claim}`, c.verdict, percent(c.probability), c.reading, turn ? `${turn.fact}: ${plain(turn.from)} to ${plain(turn.to)}${turn.unit && turn.unit !== "text" ? " " + turn.unit : ""}` : ""];
  });
  if (!Object.keys(state.charts).length) out.append(bar("claims", state, state.result.claims.map(({id, claim, verdict, probability, reading}) => ({id, claim, verdict, probability, reading}))));
  out.append(table(["Claim", "Verdict", "Probability", "Reading", "What turns it"], rows, "cards"));
}
function size(state, out) {
  const r = state.result;
  const found = r.feasible ? [["systems", `${r.systems} + ${r.spares} spare`], ["at the site", `${short(r.site_power / 1e6)} MW`], ["to buy", r.capital == null ? "no sourced price" : money(r.capital)],
    ["a year", r.cost_per_year == null ? "no sourced price" : money(r.cost_per_year)], ["limit", r.limit]] : [["not feasible", r.limit]];
  out.append(pairs(found), bar("size", state, [r]));
}
