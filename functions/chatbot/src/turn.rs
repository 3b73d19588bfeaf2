//! One message and its answer: understand, load, plan, keep what it comes to, carry out, reply, remember.

use api::chat::{ChatAction, ChatAnswer};
use dapr::{Dapr, DaprError};
use domain::zone;
use events::{Timestamp, UnknownFields};
use function::Problem;
use language::Context;
use serde_json::{Value, json};

use crate::Known;
use crate::command::Command;
use crate::conversation::{Conversation, Mention, Question, undo_message, undo_turn};
use crate::intent::{Intent, understand};
use crate::kept::{Before, Begun, Keeping, TRIES, Work};
use crate::plan::{self, Needs, Plan, Say, Step};
use crate::reply::{self, Done};
use crate::tasks::{Answer, Tasks};

/// One message.
pub(crate) struct Turn<'a, D> {
    pub(crate) tasks: Tasks<'a, D>,
    pub(crate) keeping: Keeping<'a, D>,
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
    /// What the person is asked.
    question: Option<Question>,
}

/// What a message comes to.
enum Decision {
    Say(Said),
    Do {
        work: Work,
        /// The conversation without what the message used up: the question that it answers, the turn that it takes back.
        left: Option<Conversation>,
    },
}

impl<D: Dapr> Turn<'_, D> {
    /// Answers the message. With `begun` it was understood before, when the same request came first.
    ///
    /// # Errors
    /// 401 when the token ended meanwhile, 409 when its key was used for another request, 503 when a service or the store
    /// does not answer.
    pub(crate) async fn run(&self, begun: Option<Work>) -> Result<Value, Problem> {
        if let Some(work) = begun {
            let said = self.carry_out(work).await?;
            return self.keep(said).await;
        }
        for _ in 0..TRIES {
            let memory = self.keeping.memory(self.conversation_id).await?;
            let (work, left) = match self.decide(&memory.conversation).await? {
                Decision::Say(said) => return self.keep(said).await,
                Decision::Do { work, left } => (work, left),
            };
            let taken = left.as_ref().map(|left| (self.conversation_id, left));
            match self.keeping.begin(work, &memory, taken).await? {
                Begun::Now(work) => {
                    let said = self.carry_out(*work).await?;
                    return self.keep(said).await;
                }
                Begun::Answered(answer) => return Ok(answer),
                Begun::Changed => {}
            }
        }
        Err(DaprError::Conflict.into())
    }

    /// Puts the turn into the conversation, and keeps both. What was done stays done, and is told, also where only what was
    /// spoken of is forgotten.
    async fn keep(&self, mut said: Said) -> Result<Value, Problem> {
        let mut problem = DaprError::Conflict;
        for _ in 0..TRIES {
            let memory = match self.keeping.memory(self.conversation_id).await {
                Ok(memory) => memory,
                Err(error) => {
                    problem = error;
                    break;
                }
            };
            let mut conversation = memory.conversation.clone();
            conversation.turn = conversation.turn.saturating_add(1);
            let answer = self.shown(&conversation, &said);
            remember(&mut conversation, &said);
            let finished = self
                .keeping
                .finish(self.conversation_id, &conversation, &memory, &answer)
                .await;
            match finished {
                Ok(()) => return Ok(answer),
                Err(DaprError::Conflict) => {
                    if let Ok(Before::Answer(answer)) = self.keeping.before().await {
                        return Ok(answer);
                    }
                }
                Err(error) => {
                    self.not_remembered(&error);
                    return Ok(answer);
                }
            }
        }
        self.not_remembered(&problem);
        // Nobody knows how to take it back.
        said.undo.clear();
        Ok(self.shown(&Conversation::default(), &said))
    }

    fn not_remembered(&self, error: &DaprError) {
        eprintln!(
            "the conversation {} is not kept: {error}",
            self.conversation_id
        );
    }

    async fn decide(&self, conversation: &Conversation) -> Result<Decision, Problem> {
        let intent = understand(self.message, &self.context);
        if let Some(question) = &conversation.question
            && let Some(chosen) = plan::answer(question, self.message, &intent)
        {
            let left = Conversation {
                question: None,
                ..conversation.clone()
            };
            return self.resume(question, &chosen, left).await;
        }
        let asked_for = undo_turn(self.message);
        if asked_for.is_some() || intent == Intent::Undo {
            let mut left = conversation.clone();
            left.question = None;
            return match left.take_undo(asked_for) {
                Some(undo) => self.undo(undo.commands, left).await,
                None => Ok(Decision::Say(said(reply::say(&Say::NothingToUndo)))),
            };
        }
        let needs = plan::needs(&intent, conversation, &self.context);
        let tasks = self.load(needs).await?;
        let plan = plan::plan(&intent, tasks, &self.context);
        self.follow(&intent, plan, None).await
    }

    /// Does what was asked before, to the tasks that were chosen now.
    async fn resume(
        &self,
        question: &Question,
        chosen: &[Mention],
        left: Conversation,
    ) -> Result<Decision, Problem> {
        let context = Context {
            now: question.asked_at.utc(),
            zone: zone::parse(&question.time_zone).unwrap_or(self.context.zone),
            ..self.context
        };
        let intent = understand(&question.message, &context);
        let mut tasks = Vec::new();
        for mention in chosen.iter().take(plan::MAX_CHANGES) {
            tasks.extend(self.tasks.one(&mention.id).await?);
        }
        if tasks.is_empty() {
            return Ok(Decision::Say(said(reply::say(&Say::NothingThere))));
        }
        let plan = plan::for_chosen(&intent, tasks, &context);
        self.follow(&intent, plan, Some(left)).await
    }

    async fn load(&self, needs: Needs) -> Result<Vec<Known>, Problem> {
        match needs {
            Needs::Nothing => Ok(Vec::new()),
            Needs::Open(until) => self.tasks.open(until).await,
            Needs::Completed => self.tasks.completed().await,
            Needs::One(mention) => Ok(self.tasks.one(&mention.id).await?.into_iter().collect()),
        }
    }

    async fn follow(
        &self,
        intent: &Intent,
        plan: Plan,
        left: Option<Conversation>,
    ) -> Result<Decision, Problem> {
        let context = &self.context;
        Ok(Decision::Say(match plan {
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
                question: Some(Question {
                    message: self.message.to_owned(),
                    asked_at: Timestamp::clamped(context.now),
                    time_zone: context.zone.name().to_owned(),
                    kind,
                    candidates: candidates.iter().map(Mention::from).collect(),
                    unknown: UnknownFields::default(),
                }),
                tasks: candidates,
                ..Said::default()
            },
            Plan::Do(mut steps) => {
                for step in &mut steps {
                    // A list shows a task without its long texts, and these must come back when a deletion is undone.
                    if let Command::Delete { id } = &step.command {
                        step.before = self.tasks.one(id).await?.or(step.before.take());
                    }
                }
                let work = Work::new(steps, false, context);
                return Ok(Decision::Do { work, left });
            }
        }))
    }

    async fn undo(&self, commands: Vec<Command>, left: Conversation) -> Result<Decision, Problem> {
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
        let left = Some(left);
        let work = Work::new(steps, true, &self.context);
        Ok(Decision::Do { work, left })
    }

    /// Carries out what can be; also says why the rest was refused.
    async fn carry_out(&self, work: Work) -> Result<Said, Problem> {
        let mut said = Said {
            was_undo: work.was_undo,
            ..Said::default()
        };
        let (context, mut refusals) = (work.context(), Vec::new());
        for (number, step) in work.steps.into_iter().enumerate() {
            match self.tasks.carry_out(&step.command, number).await? {
                Answer::Done(after) => {
                    let after = after.map(|task| *task);
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
        let words = (!said.done.is_empty()).then(|| match said.was_undo {
            true => reply::undone(&said.done),
            false => reply::done(&said.done, &context),
        });
        said.reply = lines(words, refusals);
        Ok(said)
    }

    /// The answer as the client sees it.
    fn shown(&self, conversation: &Conversation, said: &Said) -> Value {
        let can_undo = !said.undo.is_empty();
        let undo = can_undo.then(|| undo_message(conversation.turn));
        let actions = said.done.iter().map(|done| {
            let task = done.after.as_ref().or(done.step.before.as_ref());
            ChatAction {
                kind: done.step.command.kind().to_owned(),
                task: task.map(|task| &task.value),
                undo: undo.clone(),
            }
        });
        json!(ChatAnswer {
            reply: said.reply.clone(),
            conversation_id: self.conversation_id.to_owned(),
            actions: actions.collect(),
            tasks: said.tasks.iter().map(|task| &task.value).collect(),
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

fn remember(conversation: &mut Conversation, said: &Said) {
    conversation.question.clone_from(&said.question);
    conversation.can_undo(said.undo.clone(), said.was_undo);
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
