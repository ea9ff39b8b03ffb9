// Fact cards: one fact, or all of an owner.
import {$, button, json, make, named, page, pairs, table} from "/base.js";

function sources(place, some) {
  some.forEach((s, i) => {
    if (i) place.append("; ");
    if (s.url) { const a = make("a", s.title); a.href = s.url; a.rel = "noreferrer"; a.target = "_blank"; place.append(a); }
    else place.append(s.title + (s.locator ? `, ${s.locator}` : ""));
  });
  return place;
}
const unit = (f) => f.unit && !["1", "text", "fraction"].includes(f.unit) ? ` ${f.unit}` : "";
const value = (f) => f.value == null ? "not public" : `${typeof f.value === "number" ? f.value.toLocaleString("en", {maximumSignificantDigits: 6}) : f.value}${unit(f)}`;
const range = (f) => f.low == null ? "" : `${f.low.toLocaleString("en", {maximumSignificantDigits: 6})} to ${f.high.toLocaleString("en", {maximumSignificantDigits: 6})}${unit(f)}`;
function shown(...parts) { $("facts").replaceChildren(...parts); $("facts").focus(); $("facts").scrollIntoView({block: "start"}); }

export async function fact(owner, key) {
  const found = (await json("/api/facts/" + encodeURIComponent(owner))).find((one) => one.fact === `${owner}.${key}`);
  if (!found) return card(owner);
  const told = [["Value", value(found)], ["Range", range(found) || "none on record"], ["Stated by", sources(make("span"), found.sources)], ["Where", found.at],
    ["Date", found.date], ["Others that agree", found.confirmed.length ? sources(make("span"), found.confirmed) : "none on record"],
    ["Who disagrees, and why this value", found.note || "nobody on record"], ["Kind", `${found.kind}; confidence ${found.confidence}`], ["Counts for", found.scope]];
  shown(make("h2", found.fact), pairs(told.filter(([, one]) => one), "fact"), button(`All facts of ${named(owner)}`, () => card(owner), "link"));
}
export async function card(owner) {
  const facts = await json("/api/facts/" + encodeURIComponent(owner));
  const rows = facts.map((f) => {
    const at = f.fact.indexOf("."), open = button(f.fact.slice(at + 1), () => fact(f.fact.slice(0, at), f.fact.slice(at + 1)), "link");
    return [open, value(f), range(f), sources(make("span"), f.sources), f.date, f.kind];
  });
  shown(make("h2", "Facts of " + named(owner)), table(["Fact", "Value", "Range", "Source", "Date", "Kind"], rows, "cards"));
}
export const knows = (owner) => page.choices.owners.includes(owner);
