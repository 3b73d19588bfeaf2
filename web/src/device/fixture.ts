// Storage for tests.

/** Storage in memory, which can be full or blocked. */
export class MemoryStorage implements Storage {
  private values = new Map<string, string>();
  full = false;
  blocked = false;

  get length() {
    this.check();
    return this.values.size;
  }

  clear() {
    this.values.clear();
  }

  getItem(key: string) {
    this.check();
    return this.values.get(key) ?? null;
  }

  key(index: number) {
    this.check();
    return [...this.values.keys()][index] ?? null;
  }

  removeItem(key: string) {
    this.check();
    this.values.delete(key);
  }

  setItem(key: string, value: string) {
    this.check();
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.values.set(key, value);
  }

  private check() {
    if (this.blocked) throw new DOMException("blocked", "SecurityError");
  }
}
