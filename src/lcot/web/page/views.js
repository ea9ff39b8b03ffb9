// Charts, and what every view offers beside them.
import {$, blob, button, call, make, page, save} from "/base.js";
import {command, link, python} from "/question.js";

export const dark = matchMedia("(prefers-color-scheme: dark)");

// a chart as wide as there is room for: its subtitle in short lines, its plot as narrow as what stands beside it asks
function lines(text, room) {
  return text.split(" ").reduce((found, word) => {
    const at = found.length - 1;
    if (found[at].length + word.length > room / 7.2) found.push(word); else found[at] += (found[at] && " ") + word;
    return found;
  }, [""]);
}
function limited(x, most) {
  if (Array.isArray(x)) return x.map((one) => limited(one, most));
  if (!x || typeof x !== "object") return x;
  return Object.fromEntries(Object.entries(x).map(([key, one]) => [key, key === "labelLimit" ? Math.min(one, most) : key === "values" ? one : limited(one, most)]));
}
function fitting(spec, room, width) {
  if (room > 700) return {...spec, width};
  const cut = limited(spec, Math.round(room * 0.4)), {title} = spec;
  if (title && title.text) cut.title = {...title, text: [title.text].flat().flatMap((one) => lines(one, room * 0.68)), ...(title.subtitle ? {subtitle: [title.subtitle].flat().flatMap((one) => lines(one, room))} : {})};
  return {...cut, width};
}
export async function embed(place, spec) {
  const look = page.choices.looks[dark.matches ? "dark" : "light"], room = place.clientWidth;
  const config = room > 700 ? look : {...look, axis: {...look.axis, labelLimit: Math.round(room * 0.4)}, legend: {...look.legend, columns: room > 420 ? 2 : 1}};
  const go = (one) => vegaEmbed(place, one, {config, renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: {disableDefaultStyle: true, theme: "none"}});
  if (typeof spec.width !== "number" || !room) return go(spec);
  const least = spec.usermeta ? spec.usermeta.least : 200;  // what is wider scrolls
  let width = spec.width, made = await go(fitting(spec, room, width));
  for (let tries = 0; tries < 3; tries++) {
    const beyond = place.querySelector("svg").getBoundingClientRect().width - room;
    if (beyond <= 1 || width <= least) break;
    width = Math.max(least, width - Math.ceil(beyond));
    made.finalize();
    made = await go(fitting(spec, room, width));
  }
  return made;
}
const bare = (spec) => JSON.stringify({...spec, data: spec.data.name});  // a chart without its rows

export async function draw(names) {
  for (const name of names) {
    const {views, specs, last} = page;
    const figure = document.querySelector(`[data-view=${name}]`), spec = last.charts[name === "front" ? $("measure").value : name];
    if (views[name] && spec && spec.data && spec.data.name && specs[name] && bare(spec) === bare(specs[name])) {
      specs[name] = spec;
      views[name].view.data(spec.data.name, structuredClone(spec.data.values));
      await views[name].view.runAsync();
      continue;
    }
    if (views[name]) { views[name].finalize(); delete views[name]; }
    if (!spec) { figure.replaceChildren(make("p", "Nothing to draw: no system with a sourced price serves this.", "quiet")); continue; }
    specs[name] = spec;
    const place = make("div");
    place.tabIndex = 0; place.setAttribute("role", "img"); place.setAttribute("aria-label", figure.getAttribute("aria-label"));
    const tools = figure.querySelector(".bar") || bar(name);
    figure.replaceChildren(place, tools);
    views[name] = await embed(place, spec);
  }
}
export function redraw(names) {
  for (const name of names) if (page.views[name]) { page.views[name].finalize(); delete page.views[name]; }
  return draw(names);
}

function values(spec) {
  const found = [];
  const walk = (x) => { if (x && typeof x === "object") { if (x.data && x.data.values) found.push(x.data.values); Object.values(x).forEach(walk); } };
  walk(spec);
  return found.sort((a, b) => b.length - a.length)[0] || [];
}
export function csv(rows) {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const quote = (v) => typeof v === "number" ? String(v) : `"${String(v ?? "").replace(/^([=+@-])/, "'$1").replaceAll('"', '""')}"`;
  return [names.map(quote), ...rows.map((r) => names.map((n) => quote(r[n])))].map((r) => r.join(",")).join("\n") + "\n";
}

const drawn = {};  // what draws the workbook of the whole question; set by the part that runs long work
export function onWorkbook(action) { drawn.workbook = action; }

// under a chart: what every view offers; ``rows`` where a view has no chart, ``work`` where it is a run of its own
export function bar(name, work = null, rows = null) {
  const box = make("div", null, "bar"), code = make("pre"), both = make("div");
  code.hidden = true; code.tabIndex = 0;
  const show = (text) => { code.hidden = code.textContent === text && !code.hidden; code.textContent = text; };
  const picture = async (kind) => save(`lcot-${name}.${kind}`, await page.views[name].view.toImageURL(kind, kind === "png" ? 2 : 1));
  const sheet = async () => work ? save(work.file, URL.createObjectURL(await (await call(`/api/runs/${work.id}/file`)).blob())) : drawn.workbook();
  const actions = {"Copy link": link, CSV: () => save(`lcot-${name}.csv`, blob(csv(rows || values(page.specs[name])), "text/csv")),
    ...(rows ? {} : {PNG: () => picture("png"), SVG: () => picture("svg")}), ".xlsx": sheet,
    "Show as Python": () => show(work ? `from lcot.cli import run\n\nrun(${JSON.stringify(work.words)})` : python()),
    "Show as command": () => show(work ? work.command : command())};
  for (const [text, action] of Object.entries(actions)) {
    const one = button(text, action);
    one.setAttribute("aria-label", `${text}: ${name}`);
    box.append(one);
  }
  both.append(box, code);
  return both;
}
