//! One message and its answer: understand, load, plan, carry out, reply, remember.

use dapr::{Condition, Dapr, DaprError, Document, Write};
use domain::zone;
use events::{Timestamp, UnknownFields};
use http_api::Problem;
use language::{Context, Intent};
use serde_json::{Value, json};

use crate::command::Command;
use crate::conversation::{Conversation, Mention, Question, undo_message, undo_turn};
use crate::plan::{self, Needs, Plan, Say, Step};
use crate::remembered::{self, Remembered};
use crate::reply::{self, Done};
use crate::tasks::{Answer, Tasks};
use crate::{Known, TTL_SECONDS};

/// How often the conversation is tried to be kept when others of the same person are kept at once.
const TRIES: u32 = 12;

/// One message.
pub(crate) struct Turn<'a, D> {
    pub(crate) tasks: Tasks<'a, D>,
    pub(crate) context: Context,
    pub(crate) message: &'a str,
    pub(crate) conversation_id: &'a str,
}

/// What is said and done in a turn.
#[derive(Default)]
struct Said {
    reply: String,
    done: Vec<Done>,
    /// What takes it back, in order.
    undo: Vec<Command>,
    /// Whether it took an earlier turn back.
    was_undo: bool,
    /// The tasks that the reply shows.
    tasks: Vec<Known>,
}

impl<D: Dapr> Turn<'_, D> {
    /// Answers the message. With `answer_key` the answer is kept under it, together with the conversation.
    ///
    /// # Errors
    /// 401 when the token ended meanwhile, 503 when a service or the store does not answer.
    pub(crate) async fn run(&self, answer_key: Option<String>) -> Result<Value, Problem> {
        let dapr = self.tasks.dapr;
        let key = Conversation::key(self.tasks.person.id.as_str(), self.conversation_id);
        // A conversation of an older form is forgotten rather than refused.
        let user_key = remembered::key(self.tasks.person.id.as_str());
        let mut found = dapr.get_many(&[key.clone(), user_key]).await?.into_iter();
        let (conversation, remembered) = (found.next().flatten(), found.next().flatten());
        let conversation = conversation.and_then(|document| document.read(&key).ok());
        let mut conversation: Conversation = conversation.unwrap_or_default();
        conversation.turn = conversation.turn.saturating_add(1);
        let said = self.answer(&mut conversation).await?;
        let answer = self.shown(&conversation, &said);
        remember(&mut conversation, said);

        let mut writes = vec![Write::put(key, &conversation, Condition::Any).with_ttl(TTL_SECONDS)];
        writes.extend(
            answer_key.map(|key| Write::put(key, &answer, Condition::Any).with_ttl(TTL_SECONDS)),
        );
        if let Err(error) = self.keep(&writes, remembered).await {
            self.not_remembered(&error);
        }
        Ok(answer)
    }

    /// Keeps what is remembered, and that it is; nothing of a person who was erased.
    async fn keep(
        &self,
        writes: &[Write],
        mut document: Option<Document>,
    ) -> Result<(), DaprError> {
        let dapr = self.tasks.dapr;
        let key = remembered::key(self.tasks.person.id.as_str());
        let keys: Vec<&str> = writes.iter().map(|write| write.key.as_str()).collect();
        for _ in 0..TRIES {
            let mut remembered = Remembered::read(&key, document.as_ref())?;
            if remembered.is_erased(self.context.now) {
                return Ok(());
            }
            let mut all = remembered.keep(&keys, self.context.now);
            all.extend(writes.iter().cloned());
            let condition = Condition::as_read(document.as_ref());
            all.push(Write::put(key.as_str(), &remembered, condition));
            match dapr.transact(all).await {
                Err(DaprError::Conflict) => document = dapr.get(&key).await?,
                result => return result,
            }
        }
        Err(DaprError::Conflict)
    }

    /// What was done stays done, and is told; only what was spoken of is forgotten.
    fn not_remembered(&self, error: &DaprError) {
        eprintln!(
            "the conversation {} is not kept: {error}",
            self.conversation_id
        );
    }

    async fn answer(&self, conversation: &mut Conversation) -> Result<Said, Problem> {
        let intent = language::intent(self.message, &self.context);
        if let Some(question) = conversation.question.take()
            && let Some(chosen) = plan::answer(&question, self.message, &intent)
        {
            return self.resume(&question, &chosen).await;
        }
        let asked_for = undo_turn(self.message);
        if asked_for.is_some() || intent == Intent::Undo {
            return match conversation.take_undo(asked_for) {
                Some(undo) => self.undo(undo.commands).await,
                None => Ok(said(reply::say(&Say::NothingToUndo))),
            };
        }
        let needs = plan::needs(&intent, conversation, &self.context);
        let tasks = self.load(needs).await?;
        let plan = plan::plan(&intent, tasks, &self.context);
        if let Plan::Ask(kind, candidates) = &plan {
            conversation.question = Some(Question {
                message: self.message.to_owned(),
                asked_at: Timestamp::clamped(self.context.now),
                time_zone: self.context.zone.name().to_owned(),
                kind: *kind,
                candidates: candidates.iter().map(Mention::from).collect(),
                unknown: UnknownFields::default(),
            });
        }
        self.follow(&intent, plan).await
    }

    /// Does what was asked before, to the tasks that were chosen now.
    async fn resume(&self, question: &Question, chosen: &[Mention]) -> Result<Said, Problem> {
        let context = Context {
            now: question.asked_at.utc(),
            zone: zone::parse(&question.time_zone).unwrap_or(self.context.zone),
            ..self.context
        };
        let intent = language::intent(&question.message, &context);
        let mut tasks = Vec::new();
        for mention in chosen.iter().take(plan::MAX_CHANGES) {
            tasks.extend(self.tasks.one(&mention.id).await?);
        }
        if tasks.is_empty() {
            return Ok(said(reply::say(&Say::NothingThere)));
        }
        let plan = plan::for_chosen(&intent, tasks, &context);
        self.follow(&intent, plan).await
    }

    async fn load(&self, needs: Needs) -> Result<Vec<Known>, Problem> {
        match needs {
            Needs::Nothing => Ok(Vec::new()),
            Needs::Open(until) => self.tasks.open(until).await,
            Needs::Completed => self.tasks.completed().await,
            Needs::One(mention) => Ok(self.tasks.one(&mention.id).await?.into_iter().collect()),
        }
    }

    async fn follow(&self, intent: &Intent, plan: Plan) -> Result<Said, Problem> {
        let context = &self.context;
        Ok(match plan {
            Plan::Say(words) => said(reply::say(&words)),
            Plan::List(query, tasks) => Said {
                reply: reply::list(&query, &tasks, context),
                tasks,
                ..Said::default()
            },
            Plan::Tell(task) => Said {
                reply: reply::tell(&task, context),
                tasks: vec![*task],
                ..Said::default()
            },
            Plan::Ask(kind, candidates) => Said {
                reply: reply::ask(kind, intent, &candidates, context),
                tasks: candidates,
                ..Said::default()
            },
            Plan::Do(steps) => {
                let (said, refusals) = self.carry_out(steps).await?;
                let words = (!said.done.is_empty()).then(|| reply::done(&said.done, context));
                Said {
                    reply: lines(words, refusals),
                    ..said
                }
            }
        })
    }

    async fn undo(&self, commands: Vec<Command>) -> Result<Said, Problem> {
        let mut steps = Vec::new();
        for command in commands {
            let before = match command.task_id() {
                Some(id) => self.tasks.one(id).await?,
                None => None,
            };
            steps.push(Step {
                command,
                before,
                notes: Vec::new(),
            });
        }
        let (said, refusals) = self.carry_out(steps).await?;
        let words = (!said.done.is_empty()).then(|| reply::undone(&said.done));
        Ok(Said {
            reply: lines(words, refusals),
            was_undo: true,
            ..said
        })
    }

    /// Carries out what can be; also says why the rest was refused.
    async fn carry_out(&self, steps: Vec<Step>) -> Result<(Said, Vec<String>), Problem> {
        let (mut said, mut refusals) = (Said::default(), Vec::new());
        for (number, mut step) in steps.into_iter().enumerate() {
            // A list shows a task without its long texts, and these must come back when a deletion is undone.
            if let Command::Delete { id } = &step.command {
                step.before = self.tasks.one(id).await?.or(step.before);
            }
            match self.tasks.carry_out(&step.command, number).await? {
                Answer::Done(after) => {
                    let value = |task: &Option<Known>| task.as_ref().map(|task| task.value.clone());
                    let (was, is) = (value(&step.before), value(&after));
                    said.undo
                        .extend(step.command.inverse(was.as_ref(), is.as_ref()));
                    said.done.push(Done { step, after });
                }
                Answer::Refused(detail) => {
                    let title = step.before.as_ref().map(|task| task.title.as_str());
                    refusals.push(reply::refused(title, &detail));
                }
            }
        }
        said.undo.reverse();
        Ok((said, refusals))
    }

    /// The answer as the client sees it.
    fn shown(&self, conversation: &Conversation, said: &Said) -> Value {
        let can_undo = !said.undo.is_empty();
        let undo = can_undo.then(|| undo_message(conversation.turn));
        let actions: Vec<Value> = said
            .done
            .iter()
            .map(|done| {
                let task = done.after.as_ref().or(done.step.before.as_ref());
                json!({
                    "kind": done.step.command.kind(),
                    "task": task.map(|task| &task.value),
                    "undo": undo,
                })
            })
            .collect();
        let tasks: Vec<&Value> = said.tasks.iter().map(|task| &task.value).collect();
        json!({
            "reply": said.reply,
            "conversation_id": self.conversation_id,
            "actions": actions,
            "tasks": tasks,
        })
    }
}

fn said(reply: String) -> Said {
    Said {
        reply,
        ..Said::default()
    }
}

fn lines(words: Option<String>, refusals: Vec<String>) -> String {
    let lines: Vec<String> = words.into_iter().chain(refusals).collect();
    lines.join("\n")
}

fn remember(conversation: &mut Conversation, said: Said) {
    conversation.can_undo(said.undo, said.was_undo);
    if !said.tasks.is_empty() {
        conversation.shown = said.tasks.iter().map(Mention::from).collect();
    }
    let spoken_of = match (said.done.as_slice(), said.tasks.as_slice()) {
        ([.., done], _) => done.after.as_ref().or(done.step.before.as_ref()),
        ([], [only]) => Some(only),
        _ => None,
    };
    if let Some(task) = spoken_of {
        conversation.last = Some(Mention::from(task));
    }
}

#[cfg(test)]
mod tests;
