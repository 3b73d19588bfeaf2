// How a task comes again, in words.

import type { Recurrence } from "../api/types";

const UNITS: Record<string, string> = {
  DAILY: "day",
  WEEKLY: "week",
  MONTHLY: "month",
  YEARLY: "year",
};
const DAYS: Record<string, string> = {
  MO: "Mon",
  TU: "Tue",
  WE: "Wed",
  TH: "Thu",
  FR: "Fri",
  SA: "Sat",
  SU: "Sun",
};
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const WORKDAYS = "MO,TU,WE,TH,FR";

/** The parts of an RRULE (RFC 5545 section 3.3.10). */
export function parts(rrule: string): Map<string, string> {
  const pairs = rrule.replace(/^RRULE:/i, "").split(";");
  return new Map(
    pairs.map((pair): [string, string] => {
      const [name = "", value = ""] = pair.split("=");
      return [name.toUpperCase(), value.toUpperCase()];
    }),
  );
}

/** A short sentence for a rule; the rule itself where it is one that no short sentence tells. */
export function recurrenceWords(recurrence: Recurrence): string {
  const rrule = recurrence.rrule ?? "";
  const rule = parts(rrule);
  const unit = UNITS[rule.get("FREQ") ?? ""];
  if (!unit) return rrule || "Repeats";
  const interval = Number(rule.get("INTERVAL") ?? "1");
  const days = rule.get("BYDAY");
  let words: string;
  if (days === WORKDAYS && interval === 1) words = "Every weekday";
  else {
    words = interval === 1 ? `Every ${unit}` : `Every ${interval} ${unit}s`;
    const details = [dayList(days), monthDays(rule.get("BYMONTHDAY")), months(rule.get("BYMONTH"))];
    words += details.filter(Boolean).join("");
  }
  if (recurrence.basis === "completion") words += " after it is done";
  return words + end(rule);
}

function dayList(days: string | undefined): string {
  if (!days) return "";
  const names = days.split(",").map((day) => {
    const match = /^(-?\d+)?([A-Z]{2})$/.exec(day);
    const name = DAYS[match?.[2] ?? ""] ?? day;
    return match?.[1] ? `the ${ordinal(Number(match[1]))} ${name}` : name;
  });
  return ` on ${names.join(", ")}`;
}

function monthDays(days: string | undefined): string {
  if (!days) return "";
  return ` on the ${days.split(",").map((day) => ordinal(Number(day))).join(", ")}`;
}

function months(numbers: string | undefined): string {
  if (!numbers) return "";
  return ` in ${numbers.split(",").map((number) => MONTHS[Number(number) - 1] ?? number).join(", ")}`;
}

/** 1st, 2nd, …; negative ones count from the end. */
function ordinal(number: number): string {
  if (number === -1) return "last";
  if (number < 0) return `${ordinal(-number)} to last`;
  const teen = number % 100 > 10 && number % 100 < 14;
  const suffix = teen ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${suffix}`;
}

/** The day of an UNTIL; of an instant the one that is here then. */
function day(until: string): string {
  const [, date = "", time] = /^(\d{8})(?:T(\d{6}))?/.exec(until) ?? [];
  const written = date.replace(/(\d{4})(\d{2})(\d{2})/, "$1-$2-$3");
  if (!time || !until.endsWith("Z")) return written;
  const at = new Date(`${written}T${time.replace(/(\d{2})(\d{2})(\d{2})/, "$1:$2:$3")}Z`);
  // Swedish writes dates as ISO 8601 does.
  return Number.isNaN(at.getTime()) ? written : at.toLocaleDateString("sv");
}

function end(rule: Map<string, string>): string {
  const count = rule.get("COUNT");
  const until = rule.get("UNTIL");
  if (count) return `, ${count} times`;
  return until ? ` until ${day(until)}` : "";
}
