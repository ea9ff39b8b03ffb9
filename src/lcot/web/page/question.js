// The question: from the form to the API, to the address and back, and in words for others to ask.
import {$, field, form, make, page, percent, short} from "/base.js";

export function asked(draws = 0) {
  const body = {draws};
  for (const [key, value] of new FormData(form)) {
    if (value === "" || (key === "rate" && $("full").checked)) continue;
    if (key === "system") (body.system ??= []).push(value);
    else if (key.startsWith("finance.")) (body.finance ??= {})[key.slice(8)] = Number(value);
    else body[key] = field[key].type === "range" || field[key].type === "number" || key === "rate" ? Number(value) : value;
  }
  if (page.config) Object.assign(body, {model: page.config.name, config: page.config.body});
  return body;
}
export function remember() {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(asked())) {
    if (key === "draws" || key === "config") continue;
    if (key === "finance") for (const [fact, one] of Object.entries(value)) query.append("finance." + fact, one);
    else for (const one of [value].flat()) query.append(key, one);
  }
  if ($("measure").value !== "front") query.set("front", $("measure").value);
  if (page.last) query.set("data", page.last.answer.basis.facts_date);
  history.replaceState(null, "", "?" + query + location.hash);
}
export function restore() {
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

const WORDS = {"electricity.price": "electricity", pue: "facility over IT power (PUE)", "facility.rent": "rent of the facility", load_factor: "load factor",
  "finance.discount_rate": "discount rate", "life.accelerator": "life of accelerators", "capital.salvage": "value at the end of life", "operations.staff": "staff"};
const LONG = {1: "ratio", fraction: "share", year: "years"};
export function finance() {
  const before = asked().finance || {};
  $("finance").replaceChildren(...page.choices.finance[field.site.value].map((f) => {
    const label = make("label", `${WORDS[f.key] || f.key} (${LONG[f.unit] || f.unit})`), input = make("input");
    Object.assign(input, {type: "number", name: "finance." + f.key, min: 0, step: "any", placeholder: f.low == null ? `${f.value}` : `${f.value} (${f.low} to ${f.high})`, value: before[f.key] ?? ""});
    label.append(input);
    return label;
  }));
}
function settings() {
  const facts = page.choices.finance[field.site.value];
  return Object.entries(asked().finance || {}).map(([key, value]) => `${field.site.value}.${key}=${value} ${facts.find((f) => f.key === key).unit}`);
}
export function labels() {
  field.rate.value = Number((10 ** Number($("load").value)).toPrecision(3));
  $("load").disabled = $("full").checked;
  const shown = {input: short(Number(field.input.value)), output: short(Number(field.output.value)), cached: percent(field.cached.value),
    load: $("full").checked ? "full" : short(Number(field.rate.value)), speed: field.speed.value};
  for (const o of form.querySelectorAll("output")) o.value = shown[o.htmlFor.value];
  for (const name of ["input", "output", "cached", "speed"]) field[name].setAttribute("aria-valuetext", shown[name]);
  $("load").setAttribute("aria-valuetext", shown.load + " requests a second");
}

const quoted = (text) => /^[\w./=:-]+$/.test(text) ? text : `'${String(text).replaceAll("'", "'\\''")}'`;
const options = () => Object.entries(asked(page.last.answer.question.draws)).filter(([k]) => !["model", "config", "finance"].includes(k));
export function command() {
  const words = options().concat(settings().map((one) => ["set", one])).flatMap(([k, v]) => [v].flat().map((one) => `--${k} ${quoted(String(one))}`));
  return `lcot compare ${page.config ? "config.json" : quoted(field.model.value)} ${words.join(" ")} --finalists 0`;
}
export function python() {
  const words = options().concat(settings().length ? [["set", settings()]] : [])
    .map(([k, v]) => `${k}=${k === "draws" ? v : JSON.stringify(Array.isArray(v) ? v : k === "ttft" ? v + "s" : String(v))}`);
  return `from lcot.choice.compare import compare\nfrom lcot.cli.question import Asked\n\nquestion = Asked(${words.join(", ")}).question(`
    + `${JSON.stringify(page.config ? "config.json" : field.model.value)})\nanswer = compare(question, finalists=0)\nprint(answer.verdict)`;
}
export async function link() {
  remember();
  await navigator.clipboard.writeText(location.href.split("#")[0]);
  $("saved").textContent = "Link copied.";
}
