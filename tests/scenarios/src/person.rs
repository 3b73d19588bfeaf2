//! Somebody who uses Nudge: a client for people.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, MailServer, NewTask, PATIENCE, Screen, Task, contract};

/// How long one request may take before a test gives it up.
const REQUEST_LIMIT: Duration = Duration::from_secs(60);
/// How long a patient person waits when they are asked to come again.
const COME_AGAIN: Duration = Duration::from_secs(1);

/// Somebody with an access token.
#[derive(Debug, Clone)]
pub struct Person {
    client: reqwest::Client,
    address: String,
    token: Option<String>,
    name: String,
    patient: bool,
    by_contract: bool,
}

/// A request in the making.
#[derive(Debug)]
#[must_use]
pub struct Call {
    request: reqwest::RequestBuilder,
    asked: String,
    patient: bool,
    by_contract: bool,
}

impl Call {
    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// With any body.
    pub fn body(mut self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.header("content-type", content_type).body(body);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// When there was no answer, or only half of one.
    ///
    /// # Panics
    /// When the answer is not as the API's document says, and it has to be.
    pub async fn try_answer(self) -> Result<Answer, String> {
        let describe = |error: reqwest::Error| format!("no answer: {error:?}");
        let response = self.request.send().await.map_err(describe)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.text().await.map_err(describe)?;
        let answer = Answer {
            asked: self.asked,
            status,
            headers,
            body,
        };
        if self.by_contract {
            contract::check_answer(&answer);
        }
        Ok(answer)
    }

    /// Sends it; a patient person sends it again for as long as they are asked to come again.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn answer(self) -> Answer {
        let begun = Instant::now();
        let mut call = self;
        loop {
            let again = call.again().filter(|again| again.patient);
            let asked = call.asked.clone();
            match (call.try_answer().await, again) {
                (Ok(answer), Some(again)) if answer.status == 503 && begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(COME_AGAIN).await;
                    call = again;
                }
                (Ok(answer), _) => return answer,
                (Err(error), _) => panic!("{asked}: {error}"),
            }
        }
    }

    fn again(&self) -> Option<Self> {
        Some(Self {
            request: self.request.try_clone()?,
            asked: self.asked.clone(),
            patient: self.patient,
            by_contract: self.by_contract,
        })
    }
}

/// A client whose requests come from `address`, or from any.
fn client(address: Option<IpAddr>) -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .local_address(address)
        .timeout(REQUEST_LIMIT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

impl Person {
    /// Somebody called `name` at `address` (`http://localhost:3000`), or nobody in particular without a token.
    ///
    /// # Panics
    /// When the client can't be made.
    #[must_use]
    pub fn new(address: &str, name: &str, token: Option<String>) -> Self {
        Self {
            client: client(None),
            address: address.to_owned(),
            token,
            name: name.to_owned(),
            patient: false,
            by_contract: false,
        }
    }

    /// The same person at another address: Nudge was started again.
    #[must_use]
    pub fn at(&self, address: &str) -> Self {
        Self {
            address: address.to_owned(),
            ..self.clone()
        }
    }

    /// The same person at another computer: their requests come from this address.
    ///
    /// # Panics
    /// When the client can't be made.
    #[must_use]
    pub fn from(&self, address: IpAddr) -> Self {
        Self {
            client: client(Some(address)),
            ..self.clone()
        }
    }

    /// The same person, who comes again when they are asked to (503), as the screen does.
    #[must_use]
    pub fn patient(&self) -> Self {
        Self {
            patient: true,
            ..self.clone()
        }
    }

    /// The same person, all of whose answers are to be as the API's document says.
    #[must_use]
    pub fn by_contract(&self) -> Self {
        Self {
            by_contract: true,
            ..self.clone()
        }
    }

    /// Their unique name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Their access token.
    ///
    /// # Panics
    /// When they have none.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a person with a token")
    }

    /// Where mail for them goes.
    #[must_use]
    pub fn mail_address(&self) -> String {
        format!("{}@example.test", self.name)
    }

    /// Begins a request.
    pub fn asks(&self, method: Method, path: &str) -> Call {
        let asked = format!("{method} {path}");
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.address));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if self.patient {
            request = request.header("idempotency-key", Uuid::new_v4().to_string());
        }
        Call {
            request,
            asked,
            patient: self.patient,
            by_contract: self.by_contract,
        }
    }

    /// `GET path`
    pub async fn gets(&self, path: &str) -> Answer {
        self.asks(Method::GET, path).answer().await
    }

    /// `POST path` with a JSON body.
    pub async fn posts(&self, path: &str, body: &Value) -> Answer {
        self.asks(Method::POST, path).json(body).answer().await
    }

    /// Creates a task.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn creates(&self, task: NewTask) -> Task {
        let answer = self.posts("/api/tasks", task.body()).await;
        Task::from(answer.expect(201).json())
    }

    /// Says something in the chat.
    ///
    /// # Panics
    /// When that is not answered with a reply.
    pub async fn says(&self, message: &str, time_zone: &str) -> Value {
        let body = json!({ "message": message, "time_zone": time_zone });
        let answer = self.posts("/api/chat", &body).await.expect(200).json();
        assert!(answer["reply"].is_string(), "{message:?} got {answer}");
        answer
    }

    /// Completes a task.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn completes(&self, task: &Task) -> Task {
        let path = format!("/api/tasks/{}/complete", task.id());
        let answer = self.asks(Method::POST, &path).answer().await;
        Task::from(answer.expect(200).json())
    }

    /// Reopens a task.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn reopens(&self, task: &Task) -> Task {
        let path = format!("/api/tasks/{}/reopen", task.id());
        let answer = self.asks(Method::POST, &path).answer().await;
        Task::from(answer.expect(200).json())
    }

    /// Deletes a task.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn deletes(&self, task: &Task) {
        let path = format!("/api/tasks/{}", task.id());
        let answer = self.asks(Method::DELETE, &path).answer().await;
        assert_eq!(answer.expect(204).body, "");
    }

    /// Changes a task by a merge patch.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn changes(&self, task: &Task, patch: &Value) -> Task {
        let path = format!("/api/tasks/{}", task.id());
        let call = self
            .asks(Method::PATCH, &path)
            .body("application/merge-patch+json", patch.to_string());
        Task::from(call.answer().await.expect(200).json())
    }

    /// The task as it now is; `None` when it is gone.
    ///
    /// # Panics
    /// When the answer is neither.
    pub async fn looks_at(&self, id: &str) -> Option<Task> {
        let answer = self.gets(&format!("/api/tasks/{id}")).await;
        if answer.status == 404 {
            return None;
        }
        Some(Task::from(answer.expect(200).json()))
    }

    /// All tasks of a listing, over all pages.
    pub async fn lists(&self, query: &str) -> Vec<Task> {
        let items = self.all_pages("/api/tasks", query).await;
        items.into_iter().map(Task::from).collect()
    }

    /// The inbox, the newest notification first.
    pub async fn inbox(&self) -> Vec<Value> {
        self.all_pages("/api/notifications", "").await
    }

    /// Their reminders, the next one first.
    pub async fn reminders(&self) -> Vec<Value> {
        self.all_pages("/api/reminders", "").await
    }

    /// All that is on record, the oldest first.
    pub async fn history(&self) -> Vec<Value> {
        let mut items = self.all_pages("/api/history", "").await;
        items.reverse();
        items
    }

    /// One task's story, the oldest first.
    pub async fn history_of(&self, task: &str) -> Vec<Value> {
        let mut items = self
            .all_pages("/api/history", &format!("task_id={task}"))
            .await;
        items.reverse();
        items
    }

    /// What `GET /api/history/verify` says, over all its parts.
    ///
    /// # Panics
    /// When it is not answered.
    pub async fn verifies_history(&self) -> Value {
        let mut path = "/api/history/verify".to_owned();
        loop {
            let answer = self.gets(&path).await.expect(200).json();
            match answer["next_from"].as_u64() {
                Some(from) if answer["valid"] == true => {
                    path = format!("/api/history/verify?from={from}");
                }
                _ => return answer,
            }
        }
    }

    /// Turns e-mail on, and confirms the address by the code that comes to `mail`.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn wants_mail(&self, mail: &MailServer) {
        let address = self.mail_address();
        let body = json!({ "email": { "enabled": true, "address": address } });
        let call = self.asks(Method::PUT, "/api/preferences").json(&body);
        let answer = call.answer().await.expect(200).json();
        // An older version asks for no code.
        if answer["email"]["confirmed"] != false {
            return;
        }
        let code = mail.receives_code(&address).await;
        let said = json!({ "code": code });
        let confirmed = self.posts("/api/preferences/email/confirm", &said).await;
        let confirmed = confirmed.expect(200).json();
        assert_eq!(confirmed["email"]["confirmed"], true, "{confirmed}");
    }

    /// Opens the list on another screen.
    pub async fn opens_a_screen(&self) -> Screen {
        Screen::open(&self.address, self.token()).await
    }

    async fn all_pages(&self, path: &str, query: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("{path}?limit=200&{query}{cursor}");
            let page = self.gets(path.trim_end_matches('&')).await.expect(200);
            let page = page.json();
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}
