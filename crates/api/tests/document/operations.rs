//! Every operation of the API, in the order of its sections.

use api::account::{EraseAccount, ErasingAccount};
use api::chat::{ChatAnswer, ChatMessage, QuickAdd, QuickAddPreview};
use api::live::{ClientMessage, ServerMessage};
use api::preferences::{ConfirmEmail, Preferences};
use api::recurrence::{RecurrencePreview, RecurrencePreviewRequest};
use api::reminder::{ScheduledReminder, Snooze};
use api::session::{Health, Session};
use api::task::{Imported, NewTask, Task, TaskExport, TaskPatch};
use api::{history, notification, reminder, task};
use events::Topic;
use serde_json::json;

use crate::build::{Operation, Section, With, in_path, in_query, shared};
use crate::schemas::Schemas;

const SECTIONS: [Section; 10] = [
    Section {
        name: "tasks",
        description: "What is to be done.",
    },
    Section {
        name: "chat",
        description: "Sentences instead of fields.",
    },
    Section {
        name: "recurrence",
        description: "How tasks come again.",
    },
    Section {
        name: "reminders",
        description: "When a task makes itself heard.",
    },
    Section {
        name: "notifications",
        description: "What was told, in the app.",
    },
    Section {
        name: "preferences",
        description: "How a person wants to be told.",
    },
    Section {
        name: "history",
        description: "The audit record.",
    },
    Section {
        name: "account",
        description: "Everything of a person at once.",
    },
    Section {
        name: "websocket",
        description: "Live updates.",
    },
    Section {
        name: "session",
        description: "Signing in, this document, and health.",
    },
];

const IS_NOW: &str = "The task as it now is.";

pub(crate) fn all() -> (Vec<Section>, Vec<Operation>, Schemas) {
    let mut schemas = Schemas::new();
    let operations = [
        tasks(&mut schemas),
        task_commands(&mut schemas),
        sentences(&mut schemas),
        reminders(&mut schemas),
        notifications(&mut schemas),
        preferences(&mut schemas),
        history(&mut schemas),
        account(&mut schemas),
        around(&mut schemas),
    ];
    // They are said on the socket, which no operation describes.
    schemas.answer::<ClientMessage>();
    schemas.answer::<ServerMessage>();
    let operations = operations.into_iter().flatten().collect();
    (Vec::from(SECTIONS), operations, schemas)
}

fn tasks(schemas: &mut Schemas) -> Vec<Operation> {
    let operation = |method, path, id| Operation::new(method, path, id).tag("tasks");
    let status = || {
        let schema = json!({ "enum": ["open", "completed"] });
        in_query("status", "open (the default) or completed.", schema)
    };
    let text = || json!({ "type": "string" });
    let mut label = in_query(
        "label",
        "A label; several must all be there.",
        json!({ "type": "array", "items": text() }),
    );
    label["style"] = json!("form");
    label["explode"] = json!(true);
    vec![
        operation("get", "/api/tasks", "listTasks")
            .says("List tasks", "Open tasks are in order of their due date, completed ones the newest first.")
            .takes(status())
            .takes(in_query("due", "today, tomorrow, overdue, week, none, or a date of the years 1970 to 9000.", text()))
            .takes(label)
            .takes(in_query("list", "A list's name.", text()))
            .takes(in_query("priority", "1 to 4.", json!({ "type": "integer", "minimum": 1, "maximum": 4 })))
            .takes(in_query("text", "Words in the title.", text()))
            .takes(in_query("sort", "The order.", json!({ "enum": ["due", "priority", "created", "title"] })))
            .takes(in_query("time_zone", "Whose today; without it, the zone of each task's due date.", text()))
            .paged()
            .answers::<task::Page>(schemas, 200, "A page.", With::Nothing),
        operation("post", "/api/tasks", "createTask")
            .says("Create a task", "A task with a due time and no reminders gets one at that time.")
            .repeatable()
            .body::<NewTask>(schemas)
            .answers::<Task>(
                schemas, 201,
                "Created; by an earlier request with the same Idempotency-Key, where there was one.",
                With::VersionAndPlace,
            )
            .fails(&[409]),
        operation("get", "/api/tasks/export", "exportTasks")
            .says(
                "Take tasks out",
                "A page of whole tasks, for another Nudge or a drawer: at most 100, and fewer where they are large, so that an \
                 import takes each page. It takes what the list takes, and goes on the audit record.",
            )
            .takes(status())
            .paged()
            .answers::<TaskExport>(schemas, 200, "A page.", With::Nothing),
        operation("post", "/api/tasks/import", "importTasks")
            .says(
                "Bring tasks in",
                "Takes what an export answered, up to 100 tasks, with no other fields than those. A task that is there stays as \
                 it is, one that was deleted stays deleted. What was to remind of a task before it was exported does not \
                 remind again.",
            )
            .body::<TaskExport>(schemas)
            .answers::<Imported>(schemas, 200, "How many are new, and how many were there or were deleted.", With::Nothing)
            .fails(&[409]),
    ]
}

fn task_commands(schemas: &mut Schemas) -> Vec<Operation> {
    let operation = |method, path, id| {
        let operation = Operation::new(method, path, id).tag("tasks");
        operation.takes(shared("TaskId")).fails(&[404])
    };
    vec![
        operation("get", "/api/tasks/{id}", "getTask")
            .says("Read a task", "")
            .answers::<Task>(schemas, 200, IS_NOW, With::Version),
        operation("patch", "/api/tasks/{id}", "updateTask")
            .says(
                "Change a task",
                "A merge patch (RFC 7396): fields that are left out stay, null removes. The status is changed by complete and \
                 reopen.",
            )
            .if_match()
            .repeatable()
            .body_as::<TaskPatch>(schemas, &["application/merge-patch+json", "application/json"])
            .answers::<Task>(schemas, 200, IS_NOW, With::Version)
            .fails(&[409]),
        operation("delete", "/api/tasks/{id}", "deleteTask")
            .says("Delete a task", "")
            .if_match()
            .repeatable()
            .answers_nothing(204, "Deleted.")
            .fails(&[400, 409]),
        operation("post", "/api/tasks/{id}/complete", "completeTask")
            .says("Complete a task", "The next occurrence of a recurring task appears by itself.")
            .if_match()
            .repeatable()
            .answers::<Task>(schemas, 200, IS_NOW, With::Version)
            .fails(&[400, 409]),
        operation("post", "/api/tasks/{id}/reopen", "reopenTask")
            .says("Reopen a task", "Takes the next occurrence back where nobody has changed it.")
            .if_match()
            .repeatable()
            .answers::<Task>(schemas, 200, IS_NOW, With::Version)
            .fails(&[400, 409]),
    ]
}

fn sentences(schemas: &mut Schemas) -> Vec<Operation> {
    let chat = |path, id| Operation::new("post", path, id).tag("chat");
    let answer = schemas.answer::<ChatAnswer>();
    vec![
        chat("/api/chat", "chat")
            .says(
                "Say something",
                "Adds, lists, completes, moves, renames and deletes tasks by a sentence; asks back when it could mean \
                 several.\n\nWith Accept: text/event-stream the answer comes as server-sent events: action for each thing done, \
                 then reply, then done with the whole answer.",
            )
            .repeatable()
            .body::<ChatMessage>(schemas)
            .answers_as(
                200, "The answer, and what was done.", With::Nothing,
                json!({
                    "application/json": { "schema": answer },
                    "text/event-stream": { "schema": { "type": "string" } },
                }),
            ),
        chat("/api/quick-add", "quickAdd")
            .says("Add a task by one line", "")
            .repeatable()
            .body::<QuickAdd>(schemas)
            .answers::<Task>(schemas, 201, "The task.", With::VersionAndPlace)
            .fails(&[409]),
        chat("/api/quick-add/preview", "previewQuickAdd")
            .says("What a line would become", "")
            .body::<QuickAdd>(schemas)
            .answers::<QuickAddPreview>(schemas, 200, "What was understood, and by which words.", With::Nothing),
        Operation::new("post", "/api/recurrence/preview", "previewRecurrence")
            .tag("recurrence")
            .says("What a rule comes to", "")
            .body::<RecurrencePreviewRequest>(schemas)
            .answers::<RecurrencePreview>(schemas, 200, "The dates.", With::Nothing),
    ]
}

fn reminders(schemas: &mut Schemas) -> Vec<Operation> {
    let operation = |method, path, id| Operation::new(method, path, id).tag("reminders");
    vec![
        operation("get", "/api/reminders", "listReminders")
            .says("List reminders", "")
            .paged()
            .answers::<reminder::Page>(
                schemas,
                200,
                "A page, in order of time; dismissed ones are left out.",
                With::Nothing,
            ),
        operation("post", "/api/reminders/{id}/snooze", "snoozeReminder")
            .says("Put a reminder off", "")
            .takes(shared("ReminderId"))
            .repeatable()
            .body::<Snooze>(schemas)
            .answers::<ScheduledReminder>(schemas, 200, "The reminder.", With::Nothing)
            .fails(&[404, 409]),
        operation("post", "/api/reminders/{id}/dismiss", "dismissReminder")
            .says("Dismiss a reminder", "")
            .takes(shared("ReminderId"))
            .repeatable()
            .answers::<ScheduledReminder>(schemas, 200, "The reminder.", With::Nothing)
            .fails(&[400, 404, 409]),
    ]
}

fn notifications(schemas: &mut Schemas) -> Vec<Operation> {
    let operation = |method, path, id| Operation::new(method, path, id).tag("notifications");
    vec![
        operation("get", "/api/notifications", "listNotifications")
            .says("The in-app inbox", "")
            .paged()
            .answers::<notification::Page>(
                schemas,
                200,
                "A page, the newest first.",
                With::Nothing,
            ),
        operation("post", "/api/notifications/{id}/read", "readNotification")
            .says("Mark one as read", "")
            .takes(shared("NotificationId"))
            .answers_nothing(204, "Marked.")
            .fails(&[404]),
        operation(
            "post",
            "/api/notifications/read-all",
            "readAllNotifications",
        )
        .says("Mark all as read", "")
        .answers_nothing(204, "Marked."),
    ]
}

fn preferences(schemas: &mut Schemas) -> Vec<Operation> {
    let operation = |method, path, id| Operation::new(method, path, id).tag("preferences");
    vec![
        operation("get", "/api/preferences", "getPreferences")
            .says("Read the preferences", "")
            .answers::<Preferences>(schemas, 200, "The preferences.", With::Nothing),
        operation("put", "/api/preferences", "putPreferences")
            .says(
                "Replace the preferences",
                "Where e-mail is turned on for an address that is not confirmed, a code is sent there; nothing else is before \
                 the code is said. The address that was confirmed before needs no new one.",
            )
            .body::<Preferences>(schemas)
            .answers::<Preferences>(schemas, 200, "The preferences.", With::Nothing)
            .fails(&[409]),
        operation("post", "/api/preferences/email/code", "sendEmailCode")
            .says(
                "Have a new code sent",
                "A mail with six digits goes to the address that is not confirmed yet, as it did when the address was set. At \
                 most five may be asked for in an hour, and five are sent to one address in a day.",
            )
            .answers_nothing(204, "It is on its way.")
            .fails(&[409, 422]),
        operation("post", "/api/preferences/email/confirm", "confirmEmail")
            .says(
                "Confirm the e-mail address",
                "Takes the code that was sent. It counts for 30 minutes, and no more after five wrong ones: then the problem's \
                 type is /problems/wrong-code as for a wrong one.",
            )
            .body::<ConfirmEmail>(schemas)
            .answers::<Preferences>(schemas, 200, "The preferences, with the address confirmed.", With::Nothing)
            .fails(&[409]),
    ]
}

fn history(schemas: &mut Schemas) -> Vec<Operation> {
    let operation = |path, id| Operation::new("get", path, id).tag("history");
    let uuid = json!({ "type": "string", "format": "uuid" });
    let from = json!({ "type": "integer", "minimum": 1, "default": 1 });
    vec![
        operation("/api/history", "listHistory")
            .says("What happened", "A page has at most limit records and at most 1 MiB, unless it has only one record.")
            .takes(in_query("task_id", "Only this task's story.", uuid))
            .paged()
            .answers::<history::Page>(schemas, 200, "A page of records, the newest first.", With::Nothing),
        operation("/api/history/verify", "verifyHistory")
            .says("Whether the record is whole", "")
            .takes(in_query("from", "The first record to verify.", from))
            .answers::<history::Verification>(
                schemas, 200,
                "What the walk along the hash chain found, at most 5,000 records or some 32 MiB at a time.",
                With::Nothing,
            )
            .fails(&[400, 422]),
    ]
}

fn account(schemas: &mut Schemas) -> Vec<Operation> {
    vec![
        Operation::new("delete", "/api/account", "eraseAccount")
            .tag("account")
            .says(
                "Erase everything",
                "Tasks, reminders, notifications, preferences, conversations and history of the person are erased, which can't \
                 be undone. The answer says that this can't be lost any more, and most of it is done within seconds; asking \
                 again does no harm. Of the history only hashes stay, so that it still verifies. For 15 days nothing new is \
                 taken for the account (409): until then, what happened before might still arrive.",
            )
            .body::<EraseAccount>(schemas)
            .answers::<ErasingAccount>(schemas, 202, "It is being erased.", With::Nothing),
    ]
}

/// What is not a person's: the socket, signing in, the document, health.
fn around(schemas: &mut Schemas) -> Vec<Operation> {
    let session = |path, id| Operation::new("get", path, id).tag("session");
    let page = json!({ "text/html": { "schema": { "type": "string" } } });
    let document = json!({ "application/json": { "schema": { "type": "object" } } });
    // Any function may put something on this topic's record.
    let functions = Topic::TaskAudit.published_by();
    vec![
        Operation::new("get", "/ws", "openSocket")
            .tag("websocket")
            .says(
                "Live updates",
                "A WebSocket, on which the client says a ClientMessage and is told a ServerMessage, each as a text of JSON. The \
                 first message of the client is auth, answered by hello; the same again renews the token. Then come \
                 task_changed, task_removed, notification_added, notifications_read for what was read on another screen or is \
                 over, and keep_alive; ping is answered by pong.\n\nMessages may be lost: whoever has another revision than \
                 previous_revision reads the list again. Close code 4401: the token is missing, wrong or over.",
            )
            .for_everybody(&[])
            .answers_nothing(101, "The socket is open: say {\"type\": \"auth\", \"token\": \"…\"} within 10 seconds.")
            .answers_nothing(403, "The page is of another origin.")
            .answers_nothing(426, "The request is no WebSocket handshake."),
        session("/api/session", "getSession")
            .says("How to sign in, and who has", "Needs no token; with one it also says who you are.")
            .for_everybody(&[401, 429, 503])
            .answers::<Session>(schemas, 200, "The session.", With::Nothing),
        session("/api/openapi.json", "getDocument")
            .says("This document", "")
            .for_everybody(&[])
            .answers_as(200, "OpenAPI 3.1.", With::Nothing, document),
        session("/api/docs", "getReference")
            .says("This document for people", "")
            .for_everybody(&[])
            .answers_as(200, "A page.", With::Nothing, page),
        session("/health", "getHealth")
            .says("Whether Nudge answers", "")
            .for_everybody(&[])
            .answers::<Health>(schemas, 200, "It does.", With::Nothing),
        session("/{function}/health", "getFunctionHealth")
            .says("Whether a function and what it depends on answer", "")
            .takes(in_path("function", "A function's name.", json!({ "enum": functions })))
            .for_everybody(&[429, 503])
            .answers::<Health>(schemas, 200, "They do.", With::Nothing),
    ]
}
