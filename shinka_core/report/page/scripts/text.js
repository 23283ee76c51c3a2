// Text that strangers wrote, shown as text: nothing here ever becomes markup, and what would move the line is written out.

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udfff]/g;

function shown(text) {
  return String(text).replace(HIDDEN, (found) => `⟨U+${found.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

function line(text, most = 120) {
  const flat = shown(String(text).replace(/\s+/g, " ").trim());
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
}

function number(value, digits = 6) {
  return value === null || value === undefined || Number.isNaN(value) ? "–" : String(Number(Number(value).toPrecision(digits)));
}

// Dollars; null is a cost that nobody knows.
function money(value) {
  if (value === null) return "unknown";
  return value === undefined ? "–" : `$${value < 0.01 && value > 0 ? value.toPrecision(2) : value.toFixed(2)}`;
}

// The same of a sum, with how many calls of unknown cost there are besides.
function moneyAndMore(value, unknown) {
  return unknown ? (value ? `${money(value)} and more` : "unknown") : money(value);
}

function share(value) {
  return value === null || Number.isNaN(value) ? "–" : `${(100 * value).toFixed(1)} %`;
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${String(rest).padStart(2, "0")}` : `${minutes}:${String(rest).padStart(2, "0")}`;
}

function moment(seconds) {
  return new Date(1000 * seconds).toISOString().replace("T", " ").slice(0, 19) + " UTC";
}
