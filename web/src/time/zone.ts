// Wall clocks and instants, by the time-zone data that every browser has.

export interface Wall {
  /** `YYYY-MM-DD` */
  date: string;
  /** `HH:MM` */
  time: string;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let known = formats.get(zone);
  if (!known) {
    known = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
    formats.set(zone, known);
  }
  return known;
}

/** What clocks in `zone` show at `instant` (milliseconds since 1970). */
export function wallAt(instant: number, zone: string): Wall {
  const parts: Record<string, string> = {};
  for (const { type, value } of format(zone).formatToParts(instant)) parts[type] = value;
  const year = (parts.year ?? "").padStart(4, "0");
  return { date: `${year}-${parts.month}-${parts.day}`, time: `${parts.hour}:${parts.minute}` };
}

/** The wall-clock time as if it were UTC: a number to calculate with. */
function flat({ date, time }: Wall): number {
  return Date.parse(`${date}T${time}:00Z`);
}

/**
 * The instant at which clocks in `zone` show `wall`. One that they show twice is taken once, the first; one that they
 * leave out becomes the first moment after the gap.
 */
export function instantOf(wall: Wall, zone: string): number {
  const target = flat(wall);
  const offset = (instant: number) => flat(wallAt(instant, zone)) - floorMinute(instant);
  const before = target - offset(target - DAY);
  const after = target - offset(target + DAY);
  for (const instant of [Math.min(before, after), Math.max(before, after)]) {
    if (flat(wallAt(instant, zone)) === target) return instant;
  }
  // In a gap: the clocks jump somewhere between the two guesses.
  let [low, high] = [Math.min(before, after), Math.max(before, after)];
  const jumped = offset(high);
  while (high - low > MINUTE) {
    const middle = floorMinute(low + (high - low) / 2);
    if (offset(middle) === jumped) high = middle;
    else low = middle;
  }
  return high;
}

function floorMinute(instant: number): number {
  return Math.floor(instant / MINUTE) * MINUTE;
}

/** `days` after `date`, by the calendar. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** Days from `from` to `to`, by the calendar. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY);
}

/** When the next day begins in `zone`. */
export function nextMidnight(now: number, zone: string): number {
  return instantOf({ date: addDays(wallAt(now, zone).date, 1), time: "00:00" }, zone);
}

/** The zone of this device. */
export function deviceZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Whether the browser knows the zone. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
