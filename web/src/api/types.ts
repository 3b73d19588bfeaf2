// The bodies of the API, as the screen uses them: `schema.ts` is written from the API's document.

import type { NewTask, Session, Task as WholeTask, TaskSummary } from "./schema";

export type {
  ChatAction,
  ChatAnswer,
  ChecklistItem,
  Due,
  EmailPreferences,
  HistoryPage,
  HistoryRecord,
  Notification,
  NotificationPage,
  Preferences,
  PreferencesInput,
  Problem,
  QuickAddPreview,
  Recurrence,
  RecurrencePatch,
  Reminder,
  ServerMessage,
  Span,
  TaskPage,
  TaskPatch,
} from "./schema";

export type SessionInfo = Session;

/** A task; lists leave the long texts out and say instead that there are some. */
export type Task = Omit<TaskSummary, "has_notes" | "checklist_progress"> &
  Partial<Pick<TaskSummary, "has_notes" | "checklist_progress">> &
  Partial<Pick<WholeTask, "notes" | "checklist">>;

/** The fields of a task that a person may set. */
export type TaskFields = NewTask;
