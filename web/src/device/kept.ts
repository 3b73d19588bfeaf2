// What this device keeps of one person: JSON values under names. Storage that is full, blocked or broken keeps nothing,
// and the page goes on without it: nothing here throws.

/** The part of the browser's storage that is used. */
export type DeviceStorage = Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

/** Storage that always works as long as the page is there: what it can't keep, because it is full, stays in memory. */
export function overflowing(storage: DeviceStorage): DeviceStorage {
  const memory = new Map<string, string>();
  return {
    get length() {
      return storage.length;
    },
    key: (index) => storage.key(index),
    getItem: (name) => memory.get(name) ?? storage.getItem(name),
    setItem: (name, value) => {
      memory.delete(name);
      try {
        storage.setItem(name, value);
      } catch {
        // An older value must not be taken for this one.
        storage.removeItem(name);
        memory.set(name, value);
      }
    },
    removeItem: (name) => {
      memory.delete(name);
      storage.removeItem(name);
    },
  };
}

/** Room for a long text. */
const PROBE = 4_000;

export class Kept {
  constructor(
    private readonly storage: DeviceStorage | undefined,
    private readonly prefix: string,
  ) {}

  /** Whether something more can be kept now. */
  works(): boolean {
    const isKept = this.set("probe", "x".repeat(PROBE));
    this.remove("probe");
    return isKept;
  }

  get(name: string): unknown {
    return this.safely(({ storage, prefix }) => parse(storage.getItem(prefix + name)));
  }

  /** True when the value is kept. */
  set(name: string, value: unknown): boolean {
    return (
      this.safely(({ storage, prefix }) => {
        storage.setItem(prefix + name, JSON.stringify(value));
        return true;
      }) ?? false
    );
  }

  remove(name: string): void {
    this.safely(({ storage, prefix }) => storage.removeItem(prefix + name));
  }

  /** All values, in the order of their names. */
  entries(): [name: string, value: unknown][] {
    const found = this.safely(({ storage, prefix }) => {
      const names = Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? "");
      return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    });
    return (found ?? []).sort().map((name) => [name, this.get(name)]);
  }

  private safely<T>(work: (ends: { storage: DeviceStorage; prefix: string }) => T): T | undefined {
    if (!this.storage) return undefined;
    try {
      return work({ storage: this.storage, prefix: this.prefix });
    } catch {
      return undefined;
    }
  }
}

/** A kept value; `undefined`: there is none, or it is damaged. */
export function parse(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A part of a name that holds any text and no slash. */
export const part = encodeURIComponent;
