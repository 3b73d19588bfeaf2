// Written from crates/api/openapi.json by `npx vitest run -u`.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A task of an answer: whole where it was changed or asked for by itself. */
        AnyTask: components["schemas"]["Task"] | components["schemas"]["TaskSummary"];
        /** @description `due` or `completion`. */
        Basis: "due" | "completion";
        /** @description One thing that was done. */
        ChatAction: {
            /** @description `added`, `moved`, `renamed`, `changed`, `completed`, `reopened` or `deleted`. */
            kind: string;
            /** @description The task as it now is, or was. */
            task: components["schemas"]["AnyTask"] | null;
            /** @description The message that takes it back. */
            undo: string | null;
        };
        /** @description Answer to `POST /api/chat`. */
        ChatAnswer: {
            /** @description What was done. */
            actions: components["schemas"]["ChatAction"][];
            /** @description Goes into the next message. */
            conversation_id: string;
            /** @description What Nudge says, in lines. */
            reply: string;
            /** @description What was asked for. */
            tasks: components["schemas"]["AnyTask"][];
        };
        /** @description Body of `POST /api/chat`. */
        ChatMessage: {
            /** @description From an earlier answer: goes on from there. */
            conversation_id?: string | null;
            /** @description What the person says. */
            message: string;
            /** @description Whose clocks the words mean: an IANA name. Without it, the person's preferences say. */
            time_zone?: string | null;
        };
        /** @description A step of a checklist. */
        ChecklistItem: {
            /**
             * @description Whether it is.
             * @default false
             */
            done: boolean;
            /** @description What is to be done. */
            text: string;
        };
        /** @description A step of a checklist. */
        ChecklistItemInput: {
            /**
             * @description Whether it is.
             * @default false
             */
            done?: boolean;
            /** @description What is to be done. */
            text: string;
        };
        /** @description How far a checklist is. */
        ChecklistProgress: {
            /** @description How many steps are done. */
            done: number;
            /** @description How many there are. */
            total: number;
        };
        /** @description A message of a client. */
        ClientMessage: {
            /** @description An access token. */
            token: string;
            /** @constant */
            type: "auth";
        } | {
            /** @constant */
            type: "ping";
        };
        /** @description Body of `POST /api/preferences/email/confirm`. */
        ConfirmEmail: {
            /** @description Six digits. */
            code: string;
        };
        /** @description When a task is due: wall-clock time in its zone. */
        Due: {
            /**
             * Format: date
             * @description Of the years 1970 to 9000.
             */
            date: string;
            /** @description `HH:MM`; absent: all day. */
            time?: string;
            /** @description An IANA name. */
            time_zone: string;
        };
        /** @description What a merge patch says of a due date: what it leaves out stays. */
        DuePatch: {
            /**
             * Format: date
             * @description Of the years 1970 to 9000.
             */
            date?: string | null;
            /** @description `HH:MM`; `null`: all day. */
            time?: string | null;
            /** @description An IANA name. */
            time_zone?: string | null;
        };
        /** @description Whether mail is sent, and where to. */
        EmailPreferences: {
            /**
             * @description Where it goes, in at most 254 bytes.
             * @default null
             */
            address: string | null;
            /**
             * @description Whether there is a mail server at all. Where there is none, e-mail can't be turned on. A request may repeat it, and changes nothing by it.
             * @default false
             */
            readonly available: boolean;
            /**
             * @description Whether the code that was sent to the address was said: only then mail goes there. A request may repeat it, and changes nothing by it.
             * @default false
             */
            readonly confirmed: boolean;
            /**
             * @description Whether the person wants mail.
             * @default false
             */
            enabled: boolean;
        };
        /** @description Whether mail is sent, and where to. */
        EmailPreferencesInput: {
            /**
             * @description Where it goes, in at most 254 bytes.
             * @default null
             */
            address?: string | null;
            /**
             * @description Whether there is a mail server at all. Where there is none, e-mail can't be turned on. A request may repeat it, and changes nothing by it.
             * @default false
             */
            readonly available?: boolean;
            /**
             * @description Whether the code that was sent to the address was said: only then mail goes there. A request may repeat it, and changes nothing by it.
             * @default false
             */
            readonly confirmed?: boolean;
            /**
             * @description Whether the person wants mail.
             * @default false
             */
            enabled?: boolean;
        };
        /** @description Body of `DELETE /api/account`. */
        EraseAccount: {
            /**
             * @description `erase`, so that nobody does it by mistake.
             * @constant
             */
            confirm: "erase";
        };
        /** @description How far an erasure is. */
        Erasing: "erasing";
        /** @description Answer to `DELETE /api/account`. */
        ErasingAccount: {
            /** @description How far it is. */
            state: components["schemas"]["Erasing"];
        };
        /** @description One field that is wrong. */
        FieldError: {
            /** @description What is wrong with it. */
            detail: string;
            /** @description JSON pointer (RFC 6901); `?name` for a parameter. */
            pointer: string;
        };
        /** @description Answer of the health routes. */
        Health: {
            /** @description The function that was asked. */
            function?: string;
            /** @description Whether its store answers. */
            state?: components["schemas"]["HealthStatus"];
            /** @description Whether it answers. */
            status: components["schemas"]["HealthStatus"];
            /** @description The release of the IANA time zone database that it counts by. */
            time_zone_rules?: string;
        };
        /** @description Whether something answers. */
        HealthStatus: "ok";
        /** @description Answer to `GET /api/history`: the newest first. */
        HistoryPage: {
            /** @description The records. */
            items: components["schemas"]["HistoryRecord"][];
            /** @description Pass it as `cursor` for the next page. */
            next_cursor: string | null;
        };
        /** @description One event on record. */
        HistoryRecord: {
            /**
             * Format: date-time
             * @description When it happened; `null` where not even that can be read.
             */
            at: string | null;
            /**
             * Format: uuid
             * @description The event that caused this one.
             */
            causation_id: string | null;
            /**
             * Format: uuid
             * @description The same along a whole chain.
             */
            correlation_id: string | null;
            /**
             * Format: uuid
             * @description The event.
             */
            event_id: string | null;
            /** @description `UNREADABLE` where the event is damaged or missing; `payload.reason` says so. */
            event_type: string;
            /** @description Its place in the person's record, from 1. */
            number: number;
            /** @description What the type says. `TASK_CHANGED` has its task in the event of the same command: `payload.task` is `{same_as_sequence, sha256}`, the sequence of that event and the hash of the task in its canonical form (RFC 8785). */
            payload: {
                [key: string]: unknown;
            };
            /** @description Numbers what the task service tells of one person. */
            sequence: number | null;
            /** @description The function that published it. */
            source: string;
            /** @description The task that it is about; empty where there is none. */
            task_id: string;
        };
        /** @description Answer to `POST /api/tasks/import`. */
        Imported: {
            /** @description How many tasks are new. */
            imported: number;
            /** @description How many were there, or were deleted. */
            skipped: number;
        };
        /** @description Body of `POST /api/tasks`: the fields that a person may say. */
        NewTask: {
            /**
             * @description Small steps.
             * @default []
             */
            checklist?: components["schemas"]["ChecklistItemInput"][];
            /** @description When it is due. */
            due?: components["schemas"]["Due"] | null;
            /**
             * @description Without `#`.
             * @default []
             */
            labels?: string[];
            /** @description The list's name. */
            list?: string | null;
            /**
             * @description Anything longer, in at most 16 KiB.
             * @default
             */
            notes?: string;
            /** @description 1 (urgent) to 4 (none). */
            priority?: number | null;
            /** @description How it comes again. */
            recurrence?: components["schemas"]["RecurrenceInput"] | null;
            /** @description When the person hears of it. Absent: a task with a due time has one reminder at that time. */
            reminders?: components["schemas"]["Reminder"][] | null;
            /** @description What is to be done. */
            title: string;
        };
        /** @description Something that a person was told. */
        Notification: {
            /** @description A sentence. */
            body: string;
            /** @description When it was made. */
            created_at: components["schemas"]["Timestamp"];
            /** @description When the task is due. */
            due: components["schemas"]["Due"] | null;
            /**
             * Format: uuid
             * @description The notification's id.
             */
            id: string;
            /** @description `reminder`, `missed` or `recurrence_ended`; more may come. */
            kind: string;
            /** @description Whether it came a minute or more after it was asked for. */
            late: boolean;
            /** @description Whether the person has seen it. */
            read: boolean;
            /**
             * Format: uuid
             * @description The reminder that it is about.
             */
            reminder_id: string | null;
            /**
             * Format: uuid
             * @description The task that it is about.
             */
            task_id: string | null;
            /** @description One line. */
            title: string;
        };
        /** @description Answer to `GET /api/notifications`: the newest first. */
        NotificationPage: {
            /** @description The notifications. */
            items: components["schemas"]["Notification"][];
            /** @description Pass it as `cursor` for the next page. */
            next_cursor: string | null;
            /** @description How many in all were not read. */
            unread: number;
        };
        /** @description One date of a rule. */
        Occurrence: {
            /** @description When a reminder without an offset would ring: at the time, or at 09:00 of an all-day task. */
            at: components["schemas"]["Timestamp"];
            /**
             * Format: date
             * @description The date.
             */
            date: string;
            /** @description `HH:MM`; `null`: all day. */
            time: string | null;
        };
        /** @description Body of `PUT /api/preferences`, and the answer of every route of the preferences. */
        Preferences: {
            /**
             * @description The e-mail channel.
             * @default {
             *       "address": null,
             *       "available": false,
             *       "confirmed": false,
             *       "enabled": false
             *     }
             */
            email: components["schemas"]["EmailPreferences"];
            /**
             * @description When only the app tells, and other channels wait.
             * @default null
             */
            quiet_hours: components["schemas"]["QuietHours"] | null;
            /**
             * @description An IANA name: whose clocks are meant. `null`: UTC.
             * @default null
             */
            time_zone: string | null;
        };
        /** @description Body of `PUT /api/preferences`, and the answer of every route of the preferences. */
        PreferencesInput: {
            /**
             * @description The e-mail channel.
             * @default {
             *       "address": null,
             *       "available": false,
             *       "confirmed": false,
             *       "enabled": false
             *     }
             */
            email?: components["schemas"]["EmailPreferencesInput"];
            /**
             * @description When only the app tells, and other channels wait.
             * @default null
             */
            quiet_hours?: components["schemas"]["QuietHours"] | null;
            /**
             * @description An IANA name: whose clocks are meant. `null`: UTC.
             * @default null
             */
            time_zone?: string | null;
        };
        /** @description RFC 9457. */
        Problem: {
            /** @description What is wrong here and what to do. */
            detail: string;
            /** @description The fields that are wrong. */
            errors?: components["schemas"]["FieldError"][];
            /** @description The HTTP status, again. */
            status: number;
            /** @description The same for every problem of this type. */
            title: string;
            /** @description `/problems/<name>`: stable. */
            type: string;
        };
        /** @description Body of `POST /api/quick-add` and its preview. */
        QuickAdd: {
            /** @description When it was written; without it, now. */
            now?: components["schemas"]["Timestamp"] | null;
            /** @description The line. */
            text: string;
            /** @description Whose clocks the words mean: an IANA name. Without it, the person's preferences say. */
            time_zone?: string | null;
        };
        /** @description Answer to `POST /api/quick-add/preview`. What was not said is `null`. */
        QuickAddPreview: {
            /** @description When it would be due. */
            due: components["schemas"]["Due"] | null;
            /** @description Without `#`. */
            labels: string[];
            /** @description The list's name. */
            list: string | null;
            /** @description What a person should know. */
            notes: string[];
            /** @description 1 (urgent) to 4 (none). */
            priority: number | null;
            /** @description How it would come again. */
            recurrence: components["schemas"]["Recurrence"] | null;
            /** @description The recurrence in words. */
            recurrence_text: string | null;
            /** @description Its reminders; `null`: those that a new task gets by itself. */
            reminders: components["schemas"]["Reminder"][] | null;
            /** @description Which words were understood as what. */
            spans: components["schemas"]["Span"][];
            /** @description Whose clocks were meant. */
            time_zone: string;
            /** @description What is left for the title. */
            title: string;
        };
        /** @description From when to when; over midnight when `from` is later than `to`. */
        QuietHours: {
            /** @description `HH:MM` */
            from: string;
            /** @description `HH:MM` */
            to: string;
        };
        /** @description How a task comes again. In a request either `rrule` or the simple fields suffice; `rrule` is always in an answer. */
        Recurrence: {
            /**
             * @description What the next date is counted from.
             * @default due
             */
            basis: components["schemas"]["Basis"];
            /** @description Absent: never. */
            recurrence_end?: components["schemas"]["RecurrenceEnd"];
            /** @description Every so many days, weeks, months or years. */
            recurrence_interval?: number;
            /**
             * @description `daily`, `weekly`, `monthly`, `yearly`, or `custom` when only `rrule` tells it all.
             * @enum {string}
             */
            recurrence_type?: "daily" | "weekly" | "monthly" | "yearly" | "custom";
            /** @description RFC 5545, section 3.3.10, over dates: without BYSECOND, BYMINUTE, BYHOUR, BYYEARDAY and BYWEEKNO. An UNTIL that is an instant, or a time of the task's zone, ends it exactly then, and stays as it was given. */
            rrule?: string;
        };
        /** @description When a recurrence ends: exactly one of `count` and `until`. */
        RecurrenceEnd: {
            /** @description After this many occurrences, the first included. */
            count?: number;
            /**
             * Format: date
             * @description On this date, inclusive.
             */
            until?: string;
        };
        /** @description How a task comes again. In a request either `rrule` or the simple fields suffice; `rrule` is always in an answer. */
        RecurrenceInput: {
            /**
             * @description What the next date is counted from.
             * @default due
             */
            basis?: components["schemas"]["Basis"];
            /** @description Absent: never. */
            recurrence_end?: components["schemas"]["RecurrenceEnd"] | null;
            /** @description Every so many days, weeks, months or years. */
            recurrence_interval?: number | null;
            /**
             * @description `daily`, `weekly`, `monthly`, `yearly`, or `custom` when only `rrule` tells it all.
             * @enum {string|null}
             */
            recurrence_type?: "daily" | "weekly" | "monthly" | "yearly" | "custom" | null;
            /** @description RFC 5545, section 3.3.10, over dates: without BYSECOND, BYMINUTE, BYHOUR, BYYEARDAY and BYWEEKNO. An UNTIL that is an instant, or a time of the task's zone, ends it exactly then, and stays as it was given. */
            rrule?: string | null;
        };
        /** @description What a merge patch says of a recurrence. A task has only its rule there: who says another one by the simple fields takes `rrule` out. */
        RecurrencePatch: {
            /** @description What the next date is counted from. */
            basis?: components["schemas"]["Basis"] | null;
            /** @description When it ends. */
            recurrence_end?: components["schemas"]["RecurrenceEnd"] | null;
            /** @description Every so many days, weeks, months or years. */
            recurrence_interval?: number | null;
            /**
             * @description `daily`, `weekly`, `monthly` or `yearly`.
             * @enum {string|null}
             */
            recurrence_type?: "daily" | "weekly" | "monthly" | "yearly" | "custom" | null;
            /** @description RFC 5545, section 3.3.10, over dates. */
            rrule?: string | null;
        };
        /** @description Answer to `POST /api/recurrence/preview`. */
        RecurrencePreview: {
            /** @description The rule in words. */
            description: string;
            /** @description The first dates. */
            occurrences: components["schemas"]["Occurrence"][];
            /** @description The rule. */
            rrule: string;
        };
        /** @description Body of `POST /api/recurrence/preview`: either `rrule` or `text`. */
        RecurrencePreviewRequest: {
            /**
             * @description How many dates are wanted.
             * @default 10
             */
            count?: number;
            /**
             * @description RFC 5545, section 3.3.10, over dates.
             * @default null
             */
            rrule?: string | null;
            /**
             * Format: date
             * @description What the rule counts from.
             */
            start: string;
            /**
             * @description Words such as "every 2 weeks on Monday".
             * @default null
             */
            text?: string | null;
            /**
             * @description `HH:MM`; absent for an all-day task.
             * @default null
             */
            time?: string | null;
            /** @description An IANA name. */
            time_zone: string;
        };
        /** @description A reminder: exactly one of `at` and `before_due_minutes`. */
        Reminder: {
            /** @description A fixed instant. */
            at?: components["schemas"]["Timestamp"];
            /** @description An all-day task counts as due at 09:00. */
            before_due_minutes?: number;
            /**
             * Format: uuid
             * @description In a request only to keep a reminder that the task has.
             */
            id?: string;
        };
        /** @description Answer to `GET /api/reminders`: in order of time. */
        ReminderPage: {
            /** @description The reminders. */
            items: components["schemas"]["ScheduledReminder"][];
            /** @description Pass it as `cursor` for the next page. */
            next_cursor: string | null;
        };
        /** @description Where a reminder stands. */
        ReminderState: "scheduled" | "snoozed" | "triggered" | "dismissed" | "cancelled";
        /** @description A reminder, as it stands. */
        ScheduledReminder: {
            /** @description When it rings next, or rang. */
            at: components["schemas"]["Timestamp"];
            /** @description Minutes before the due date, where it counts from that. */
            before_due_minutes: number | null;
            /** @description When the task is due. */
            due: components["schemas"]["Due"] | null;
            /**
             * Format: uuid
             * @description The reminder's id.
             */
            id: string;
            /** @description When the task set it for. */
            set_for: components["schemas"]["Timestamp"];
            /** @description Where it stands. */
            state: components["schemas"]["ReminderState"];
            /**
             * Format: uuid
             * @description Its task.
             */
            task_id: string;
            /** @description The task's title. */
            title: string;
        };
        /** @description A message of the gateway. Messages may be lost: whoever has another revision than `previous_revision` reads the list again. */
        ServerMessage: {
            /** @description How far the person's tasks are; absent where that can't be had now. */
            revision?: number;
            /** @constant */
            type: "hello";
        } | {
            /** @description How far they were before. */
            previous_revision: number;
            /** @description How far the person's tasks are now. */
            revision: number;
            /** @description The task. */
            task: components["schemas"]["Task"];
            /** @constant */
            type: "task_changed";
        } | {
            /** @description How far they were before. */
            previous_revision: number;
            /** @description How far the person's tasks are now. */
            revision: number;
            /**
             * Format: uuid
             * @description The task.
             */
            task_id: string;
            /** @constant */
            type: "task_removed";
        } | {
            /** @description What. */
            notification: components["schemas"]["Notification"];
            /** @constant */
            type: "notification_added";
        } | {
            /** @description The notifications. */
            ids: string[];
            /** @constant */
            type: "notifications_read";
        } | {
            /** @constant */
            type: "keep_alive";
        } | {
            /** @constant */
            type: "pong";
        } | {
            /** @description What is wrong and what to do. */
            detail: string;
            /** @constant */
            type: "error";
        };
        /** @description Answer to `GET /api/session`: where people sign in, an OpenID Connect client with PKCE. */
        Session: {
            /** @description Whom tokens must be issued for. */
            audience: string;
            /** @description The issuer's authorization endpoint; relative to the screen where it is the same host. */
            authorize_url: string;
            /** @description The screen's id at the issuer. */
            client_id: string;
            /** @description What is offered here: the tags of this document. */
            features: string[];
            /** @description Who issues the tokens. */
            issuer: string;
            /** @description Who has signed in; `null` without a token. */
            person: components["schemas"]["SessionPerson"] | null;
            /** @description Where a client that signs out ends its refresh token (RFC 7009); empty where the issuer has no such endpoint. */
            revocation_url: string;
            /** @description The scopes to ask for. */
            scope: string;
            /** @description The issuer's token endpoint. */
            token_url: string;
        };
        /** @description Who has signed in. */
        SessionPerson: {
            /** @description Their e-mail address at the issuer. */
            email: string | null;
            /** @description When the token ends. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description Their id, the same for ever. */
            id: string;
            /** @description How they are called. */
            name: string | null;
        };
        /** @description Body of `POST /api/reminders/{id}/snooze`: one of `until`, `minutes` and `text`; within a year from now. */
        Snooze: {
            /** @description In how many minutes it rings. */
            minutes?: number | null;
            /** @description Words such as "tomorrow at 9". */
            text?: string | null;
            /** @description Whose clocks the words mean: an IANA name. */
            time_zone?: string | null;
            /** @description When it rings. */
            until?: components["schemas"]["Timestamp"] | null;
        };
        /** @description Words that were understood. */
        Span: {
            /** @description Behind their end. */
            end: number;
            /** @description What they say. */
            kind: components["schemas"]["SpanKind"];
            /** @description Where they begin, in Unicode code points. */
            start: number;
        };
        /** @description What words say. */
        SpanKind: "date" | "time" | "recurrence" | "reminder" | "priority" | "label" | "list";
        /** @description A task, whole: of an answer, and of an import. */
        Task: {
            /** @description Small steps. */
            checklist: components["schemas"]["ChecklistItem"][];
            /** @description When it was completed. */
            completed_at: components["schemas"]["Timestamp"] | null;
            /** @description When it was created. */
            created_at: components["schemas"]["Timestamp"];
            /** @description When it is due. */
            due: components["schemas"]["Due"] | null;
            /**
             * Format: uuid
             * @description The task's id.
             */
            id: string;
            /** @description Without `#`. */
            labels: string[];
            /** @description The list's name. */
            list: string;
            /** @description Anything longer, in at most 16 KiB. */
            notes: string;
            /** @description Number of this occurrence in its series, from 1. */
            occurrence?: number;
            /** @description 1 (urgent) to 4 (none). */
            priority: number;
            /** @description How it comes again. */
            recurrence: components["schemas"]["Recurrence"] | null;
            /** @description When the person hears of it. */
            reminders: components["schemas"]["Reminder"][];
            /**
             * Format: uuid
             * @description The series that it belongs to.
             */
            series_id: string | null;
            /**
             * Format: date
             * @description The date that the series has for this occurrence. It stays where the due date is moved.
             */
            series_slot?: string;
            /**
             * Format: date
             * @description The date that the series counts from (RFC 5545 `DTSTART`).
             */
            series_start?: string;
            /** @description Whether it is to be done. */
            status: components["schemas"]["TaskStatus"];
            /** @description What is to be done. */
            title: string;
            /** @description When it last changed. */
            updated_at: components["schemas"]["Timestamp"];
            /** @description 1 when created, one more with every change. In an import at most 1,000,000,000. */
            version: number;
        };
        /** @description Answer to `GET /api/tasks/export`, and body of `POST /api/tasks/import`. */
        TaskExport: {
            /** @description When they were as they are here. */
            exported_at: components["schemas"]["Timestamp"];
            /** @description The tasks, whole. */
            items: components["schemas"]["Task"][];
            /**
             * @description Pass it as `cursor` for the next page. It says nothing in an import.
             * @default null
             */
            next_cursor: string | null;
        };
        /** @description Answer to `GET /api/tasks/export`, and body of `POST /api/tasks/import`. */
        TaskExportInput: {
            /** @description When they were as they are here. */
            exported_at: components["schemas"]["Timestamp"];
            /** @description The tasks, whole. */
            items: components["schemas"]["TaskInput"][];
            /**
             * @description Pass it as `cursor` for the next page. It says nothing in an import.
             * @default null
             */
            next_cursor?: string | null;
        };
        /** @description A task, whole: of an answer, and of an import. */
        TaskInput: {
            /** @description Small steps. */
            checklist: components["schemas"]["ChecklistItemInput"][];
            /** @description When it was completed. */
            completed_at?: components["schemas"]["Timestamp"] | null;
            /** @description When it was created. */
            created_at: components["schemas"]["Timestamp"];
            /** @description When it is due. */
            due?: components["schemas"]["Due"] | null;
            /**
             * Format: uuid
             * @description The task's id.
             */
            id: string;
            /** @description Without `#`. */
            labels: string[];
            /** @description The list's name. */
            list: string;
            /** @description Anything longer, in at most 16 KiB. */
            notes: string;
            /** @description Number of this occurrence in its series, from 1. */
            occurrence?: number | null;
            /** @description 1 (urgent) to 4 (none). */
            priority: number;
            /** @description How it comes again. */
            recurrence?: components["schemas"]["RecurrenceInput"] | null;
            /** @description When the person hears of it. */
            reminders: components["schemas"]["Reminder"][];
            /**
             * Format: uuid
             * @description The series that it belongs to.
             */
            series_id?: string | null;
            /**
             * Format: date
             * @description The date that the series has for this occurrence. It stays where the due date is moved.
             */
            series_slot?: string | null;
            /**
             * Format: date
             * @description The date that the series counts from (RFC 5545 `DTSTART`).
             */
            series_start?: string | null;
            /** @description Whether it is to be done. */
            status: components["schemas"]["TaskStatus"];
            /** @description What is to be done. */
            title: string;
            /** @description When it last changed. */
            updated_at: components["schemas"]["Timestamp"];
            /** @description 1 when created, one more with every change. In an import at most 1,000,000,000. */
            version: number;
        };
        /** @description Answer to `GET /api/tasks`. */
        TaskPage: {
            /** @description The tasks. */
            items: components["schemas"]["TaskSummary"][];
            /** @description Pass it as `cursor` for the next page. */
            next_cursor: string | null;
            /** @description Of the person's tasks: goes up with every change. */
            revision: number;
        };
        /** @description Body of `PATCH /api/tasks/{id}`: a merge patch (RFC 7396), where `null` removes. */
        TaskPatch: {
            /** @description Small steps. */
            checklist?: components["schemas"]["ChecklistItemInput"][] | null;
            /** @description When it is due. */
            due?: components["schemas"]["DuePatch"] | null;
            /** @description Without `#`. */
            labels?: string[] | null;
            /** @description The list's name. */
            list?: string | null;
            /** @description Anything longer. */
            notes?: string | null;
            /** @description 1 (urgent) to 4 (none). */
            priority?: number | null;
            /** @description How it comes again. */
            recurrence?: components["schemas"]["RecurrencePatch"] | null;
            /** @description When the person hears of it. */
            reminders?: components["schemas"]["Reminder"][] | null;
            /** @description What is to be done. */
            title?: string | null;
        };
        /** @description Whether a task is to be done. */
        TaskStatus: "open" | "completed";
        /** @description A task in a list: without its long texts. */
        TaskSummary: {
            /** @description How far the checklist is. */
            checklist_progress: components["schemas"]["ChecklistProgress"];
            /** @description When it was completed. */
            completed_at: components["schemas"]["Timestamp"] | null;
            /** @description When it was created. */
            created_at: components["schemas"]["Timestamp"];
            /** @description When it is due. */
            due: components["schemas"]["Due"] | null;
            /** @description Whether there are notes. */
            has_notes: boolean;
            /**
             * Format: uuid
             * @description The task's id.
             */
            id: string;
            /** @description Without `#`. */
            labels: string[];
            /** @description The list's name. */
            list: string;
            /** @description Number of this occurrence in its series, from 1. */
            occurrence?: number;
            /** @description 1 (urgent) to 4 (none). */
            priority: number;
            /** @description How it comes again. */
            recurrence: components["schemas"]["Recurrence"] | null;
            /** @description When the person hears of it. */
            reminders: components["schemas"]["Reminder"][];
            /**
             * Format: uuid
             * @description The series that it belongs to.
             */
            series_id: string | null;
            /**
             * Format: date
             * @description The date that the series has for this occurrence. It stays where the due date is moved.
             */
            series_slot?: string;
            /**
             * Format: date
             * @description The date that the series counts from (RFC 5545 `DTSTART`).
             */
            series_start?: string;
            /** @description Whether it is to be done. */
            status: components["schemas"]["TaskStatus"];
            /** @description What is to be done. */
            title: string;
            /** @description When it last changed. */
            updated_at: components["schemas"]["Timestamp"];
            /** @description 1 when created, one more with every change. */
            version: number;
        };
        /** Format: date-time */
        Timestamp: string;
        /** @description Answer to `GET /api/history/verify`. */
        Verification: {
            /** @description How many of these records' events were erased. */
            erased: number;
            /** @description The first that was looked at. */
            from: number;
            /** @description The hash of the last that was looked at. */
            hash: string;
            /** @description Where to go on. */
            next_from: number | null;
            /** @description How many there are. */
            records: number;
            /** @description The last that was looked at. */
            to: number;
            /** @description `true`. */
            valid: boolean;
        } | {
            /** @description What is wrong with it. */
            reason: string;
            /** @description The first that is not whole. */
            record: number;
            /** @description `false`. */
            valid: boolean;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type AnyTask = components['schemas']['AnyTask'];
export type Basis = components['schemas']['Basis'];
export type ChatAction = components['schemas']['ChatAction'];
export type ChatAnswer = components['schemas']['ChatAnswer'];
export type ChatMessage = components['schemas']['ChatMessage'];
export type ChecklistItem = components['schemas']['ChecklistItem'];
export type ChecklistItemInput = components['schemas']['ChecklistItemInput'];
export type ChecklistProgress = components['schemas']['ChecklistProgress'];
export type ClientMessage = components['schemas']['ClientMessage'];
export type ConfirmEmail = components['schemas']['ConfirmEmail'];
export type Due = components['schemas']['Due'];
export type DuePatch = components['schemas']['DuePatch'];
export type EmailPreferences = components['schemas']['EmailPreferences'];
export type EmailPreferencesInput = components['schemas']['EmailPreferencesInput'];
export type EraseAccount = components['schemas']['EraseAccount'];
export type Erasing = components['schemas']['Erasing'];
export type ErasingAccount = components['schemas']['ErasingAccount'];
export type FieldError = components['schemas']['FieldError'];
export type Health = components['schemas']['Health'];
export type HealthStatus = components['schemas']['HealthStatus'];
export type HistoryPage = components['schemas']['HistoryPage'];
export type HistoryRecord = components['schemas']['HistoryRecord'];
export type Imported = components['schemas']['Imported'];
export type NewTask = components['schemas']['NewTask'];
export type Notification = components['schemas']['Notification'];
export type NotificationPage = components['schemas']['NotificationPage'];
export type Occurrence = components['schemas']['Occurrence'];
export type Preferences = components['schemas']['Preferences'];
export type PreferencesInput = components['schemas']['PreferencesInput'];
export type Problem = components['schemas']['Problem'];
export type QuickAdd = components['schemas']['QuickAdd'];
export type QuickAddPreview = components['schemas']['QuickAddPreview'];
export type QuietHours = components['schemas']['QuietHours'];
export type Recurrence = components['schemas']['Recurrence'];
export type RecurrenceEnd = components['schemas']['RecurrenceEnd'];
export type RecurrenceInput = components['schemas']['RecurrenceInput'];
export type RecurrencePatch = components['schemas']['RecurrencePatch'];
export type RecurrencePreview = components['schemas']['RecurrencePreview'];
export type RecurrencePreviewRequest = components['schemas']['RecurrencePreviewRequest'];
export type Reminder = components['schemas']['Reminder'];
export type ReminderPage = components['schemas']['ReminderPage'];
export type ReminderState = components['schemas']['ReminderState'];
export type ScheduledReminder = components['schemas']['ScheduledReminder'];
export type ServerMessage = components['schemas']['ServerMessage'];
export type Session = components['schemas']['Session'];
export type SessionPerson = components['schemas']['SessionPerson'];
export type Snooze = components['schemas']['Snooze'];
export type Span = components['schemas']['Span'];
export type SpanKind = components['schemas']['SpanKind'];
export type Task = components['schemas']['Task'];
export type TaskExport = components['schemas']['TaskExport'];
export type TaskExportInput = components['schemas']['TaskExportInput'];
export type TaskInput = components['schemas']['TaskInput'];
export type TaskPage = components['schemas']['TaskPage'];
export type TaskPatch = components['schemas']['TaskPatch'];
export type TaskStatus = components['schemas']['TaskStatus'];
export type TaskSummary = components['schemas']['TaskSummary'];
export type Timestamp = components['schemas']['Timestamp'];
export type Verification = components['schemas']['Verification'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
