// The wire types of Nudge's HTTP API and WebSocket, as /api/openapi.json documents them.

export interface Due {
  date: string;
  /** `HH:MM`; absent for an all-day task. */
  time?: string;
  time_zone: string;
}

export interface Reminder {
  id?: string;
  at?: string;
  before_due_minutes?: number;
}

export interface Recurrence {
  recurrence_type?: string;
  recurrence_interval?: number;
  recurrence_end?: { count: number } | { until: string };
  rrule?: string;
  basis?: "due" | "completion";
}

export interface ChecklistItem {
  text: string;
  done: boolean;
}

/** A task; lists leave the long texts out and say instead that there are some. */
export interface Task {
  id: string;
  version: number;
  title: string;
  status: "open" | "completed";
  /** 1 (urgent) to 4 (none). */
  priority: number;
  labels: string[];
  list: string;
  due: Due | null;
  reminders: Reminder[];
  recurrence: Recurrence | null;
  series_id: string | null;
  occurrence?: number;
  created_at: string;
  updated_at: string;
  completed_at: string | null;
  notes?: string;
  checklist?: ChecklistItem[];
  has_notes?: boolean;
  checklist_progress?: { done: number; total: number };
}

/** The fields of a task that a person may set. */
export interface TaskFields {
  title: string;
  notes: string;
  priority: number;
  labels: string[];
  list: string;
  checklist: ChecklistItem[];
  due: Due | null;
  reminders: Reminder[];
  recurrence: Recurrence | null;
}

/** A merge patch (RFC 7396): `null` removes. */
export type TaskPatch = Partial<Omit<TaskFields, "due">> & {
  due?: { date?: string; time?: string | null; time_zone?: string } | null;
};

export interface TaskPage {
  items: Task[];
  next_cursor: string | null;
  revision: number;
}

export interface Notification {
  id: string;
  kind: string;
  title: string;
  body: string;
  task_id: string | null;
  reminder_id: string | null;
  due: Due | null;
  late: boolean;
  read: boolean;
  created_at: string;
}

export interface NotificationPage {
  items: Notification[];
  unread: number;
  next_cursor: string | null;
}

export interface HistoryRecord {
  number: number;
  at: string;
  event_type: string;
  event_id: string;
  task_id: string;
  source: string;
  correlation_id: string;
  payload: Record<string, unknown>;
}

export interface HistoryPage {
  items: HistoryRecord[];
  next_cursor: string | null;
}

export interface Preferences {
  time_zone: string | null;
  quiet_hours: { from: string; to: string } | null;
  email: { enabled: boolean; address: string | null };
}

export interface ChatAction {
  kind: string;
  task: Task | null;
  /** The message that takes it back. */
  undo?: string | null;
}

export interface ChatAnswer {
  reply: string;
  conversation_id: string;
  actions: ChatAction[];
  tasks: Task[];
}

export interface Span {
  /** In Unicode code points. */
  start: number;
  end: number;
  kind: string;
}

export interface QuickAddPreview {
  title: string;
  due: Due | null;
  /** `null`: those that a new task gets by itself. */
  reminders: Reminder[] | null;
  recurrence: Recurrence | null;
  priority: number | null;
  labels: string[];
  list: string | null;
  spans: Span[];
  notes: string[];
}

export interface SessionInfo {
  issuer: string;
  client_id: string;
  authorize_url: string;
  token_url: string;
  scope: string;
  features: string[];
  person: { id: string; name: string | null; email: string | null } | null;
}

export interface Problem {
  type: string;
  title: string;
  detail: string;
  status: number;
  errors?: { pointer: string; detail: string }[];
}

/** What the gateway says on the socket. */
export type ServerMessage =
  | { type: "hello"; revision?: number }
  | { type: "task_changed"; revision: number; previous_revision: number; task: Task }
  | { type: "task_removed"; revision: number; previous_revision: number; task_id: string }
  | { type: "notification_added"; notification: Notification }
  | { type: "keep_alive" }
  | { type: "pong" }
  | { type: "error"; detail: string };
