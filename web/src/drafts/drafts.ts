// What a person has typed and not yet saved, kept on this device so that neither a reload nor a lost network takes it.
// Drafts belong to one person: nobody else who signs in on the device sees them. Each is of the page in which it was
// typed, so that what two pages have of the same field does not replace each other; the next page that opens takes over
// those of pages that are gone.

import { type DeviceStorage, Kept, parse, part } from "../device/kept";

export interface Draft {
  value: string;
  /** What the service had when the typing began; where it has nothing, a name that only copies of this draft share. */
  base: string;
  /** The last that was sent to the service: it may have arrived though no answer came. */
  sent?: string;
  /** Whether the person has left the field and the text could not be saved for want of an answer. */
  left?: boolean;
  at: number;
}

export interface KeptDraft {
  task: string;
  field: string;
  draft: Draft;
}

/** A draft in the storage. */
interface Stored extends KeptDraft {
  name: string;
  page: string;
}

/** The pages of this browser. */
export interface Pages {
  /** This one. */
  own: string;
  /** The one that this tab showed before. */
  before: string | undefined;
  /** Answers those of them that are there, with nobody else asking meanwhile until `work` is done. */
  withOpen(work: (open: ReadonlySet<string>) => void): Promise<void>;
}

/** The name of the draft in the chat line. */
export const COMPOSER = { task: "composer", field: "text" };

const PREFIX = "nudge.draft/";
const MOST = 100;
const LONGEST = 30 * 24 * 60 * 60 * 1000;

export class Drafts {
  private kept: Kept | undefined;
  private person: string | undefined;

  constructor(
    private readonly storage: DeviceStorage | undefined,
    private readonly pages: Pages,
    private readonly now: () => number = Date.now,
  ) {}

  /** From now on, drafts are this person's: also those of pages that are gone. Old ones, of anybody, are forgotten. */
  async open(person: string): Promise<void> {
    const all = new Kept(this.storage, PREFIX);
    for (const [name, value] of all.entries()) {
      if (!isDraft(value) || this.now() - value.at > LONGEST) all.remove(name);
    }
    this.person = person;
    this.kept = new Kept(this.storage, prefixOf(person));
    await this.takeOver(() => true);
  }

  /**
   * Takes over what pages that are gone have left of what is `wanted`: one draft of each field that has none here, and
   * rather what was typed in this tab than in another one.
   */
  async takeOver(wanted: (draft: KeptDraft) => boolean): Promise<void> {
    await this.pages.withOpen((open) => {
      const isMine = ({ page }: Stored) => page === this.pages.before;
      const inOrder = this.newestFirst().sort((a, b) => Number(isMine(b)) - Number(isMine(a)));
      for (const { name, page, task, field, draft } of inOrder) {
        const isLeft = page !== this.pages.own && !open.has(page);
        if (!isLeft || !wanted({ task, field, draft }) || this.load(task, field)) continue;
        // Not before it is kept anew may it go.
        if (this.kept?.set(this.nameOf(task, field), draft)) this.kept.remove(name);
      }
    });
  }

  load(task: string, field: string): Draft | undefined {
    const draft = this.kept?.get(this.nameOf(task, field));
    return isDraft(draft) ? draft : undefined;
  }

  /** The draft of this page, or else the newest of another one. */
  loadAny(task: string, field: string): Draft | undefined {
    const others = this.newestFirst().filter((other) => other.task === task && other.field === field);
    return this.load(task, field) ?? others[0]?.draft;
  }

  /** Keeps a draft, or forgets it. */
  keep(task: string, field: string, draft: Omit<Draft, "at"> | undefined): void {
    const name = this.nameOf(task, field);
    if (!draft) {
      this.kept?.remove(name);
      return;
    }
    if (this.kept?.get(name) === undefined) this.makeRoom();
    this.kept?.set(name, { ...draft, at: this.now() });
  }

  /** What was typed is done with, here and in the pages that show a copy of it. */
  forgetAll(task: string, field: string, { value, base }: Pick<Draft, "value" | "base">): void {
    for (const { name, draft, ...other } of this.stored()) {
      const isSame = draft.base === base && draft.value.trim() === value.trim();
      if (other.task === task && other.field === field && isSame) this.kept?.remove(name);
    }
  }

  /**
   * The text of this page's draft, or with `ofAny` of any page's, that another page has just forgotten, by what the
   * browser tells of the storage.
   */
  forgotten(
    task: string,
    field: string,
    { key, oldValue, newValue }: Pick<StorageEvent, "key" | "oldValue" | "newValue">,
    ofAny: boolean,
  ): string | undefined {
    if (this.person === undefined) return undefined;
    const own = prefixOf(this.person) + this.nameOf(task, field);
    const any = own.slice(0, own.lastIndexOf("/") + 1);
    const isIt = newValue === null && (key === own || (ofAny && key?.startsWith(any)));
    const draft = parse(oldValue);
    return isIt && isDraft(draft) ? draft.value : undefined;
  }

  /** The drafts of this page. */
  all(): KeptDraft[] {
    return this.stored()
      .filter(({ page }) => page === this.pages.own)
      .map(({ task, field, draft }) => ({ task, field, draft }));
  }

  private stored(): Stored[] {
    return (this.kept?.entries() ?? []).flatMap(([name, draft]) => {
      const [task, field, page = ""] = name.split("/").map(decodeURIComponent);
      return task && field && isDraft(draft) ? [{ name, page, task, field, draft }] : [];
    });
  }

  private newestFirst(): Stored[] {
    return this.stored().sort((a, b) => b.draft.at - a.draft.at);
  }

  /** Without the oldest ones there is room for one more. */
  private makeRoom(): void {
    for (const { name } of this.newestFirst().slice(MOST - 1)) this.kept?.remove(name);
  }

  private nameOf(task: string, field: string): string {
    return [task, field, this.pages.own].map(part).join("/");
  }
}

function prefixOf(person: string): string {
  return `${PREFIX}${part(person)}/`;
}

function isDraft(value: unknown): value is Draft {
  if (typeof value !== "object" || value === null) return false;
  const { value: text, base, at } = value as Partial<Draft>;
  return typeof text === "string" && typeof base === "string" && typeof at === "number";
}
