//! What a function answers at which path, and what it does with what Dapr brings: one table, which says all of it.

use api::session::{Health, Status};
use chrono::{DateTime, Utc};
use dapr::check::{Check, Report};
use dapr::consumer::{Effect, HandleError, Memory};
use dapr::erase::{Erase, Tombstone};
use dapr::timetable::{Entry, Looked};
use dapr::{Dapr, DaprError};
use domain::UserId;
use events::{Chain, Event, Story};
use futures::future::LocalBoxFuture;
use http::{Method, StatusCode};
use matchit::Router;

use crate::{
    Answer, Function, Problem, Request, Response, erase_answer, json_response, restore_answer,
};

/// What the handlers of a function work with: its [`Function`], and whatever else it has.
pub trait Service: 'static {
    /// Its Dapr.
    type Dapr: Dapr;

    /// Its means.
    fn function(&self) -> &Function<Self::Dapr>;
}

impl<D: Dapr + 'static> Service for Function<D> {
    type Dapr = D;

    fn function(&self) -> &Function<D> {
        self
    }
}

type Handler<S> = Box<dyn for<'a> Fn(&'a S, &'a Request) -> LocalBoxFuture<'a, Answer>>;
type Finish<S> = fn(&S, &Request, Response) -> Response;

/// The methods of one path, each with its handler: `get(list).post(create)`.
pub struct Methods<S>(Vec<(Method, Handler<S>)>);

/// A handler as the table keeps it.
fn boxed<S: 'static, A: Into<Answer>>(
    handler: impl AsyncFn(&S, &Request) -> A + Copy + 'static,
) -> Handler<S> {
    Box::new(move |service, request| {
        Box::pin(async move { handler(service, request).await.into() })
    })
}

macro_rules! methods {
    ($($name:ident $method:ident,)*) => {
        $(
            #[doc = concat!("A path that answers ", stringify!($method), ".")]
            pub fn $name<S: 'static, A: Into<Answer>>(
                handler: impl AsyncFn(&S, &Request) -> A + Copy + 'static,
            ) -> Methods<S> {
                Methods(Vec::new()).$name(handler)
            }
        )*

        impl<S: 'static> Methods<S> {
            $(
                #[doc = concat!("Answers ", stringify!($method), " as well.")]
                #[must_use]
                pub fn $name<A: Into<Answer>>(
                    mut self,
                    handler: impl AsyncFn(&S, &Request) -> A + Copy + 'static,
                ) -> Self {
                    self.0.push((Method::$method, boxed(handler)));
                    self
                }
            )*
        }
    };
}

methods! {
    delete DELETE,
    get GET,
    head HEAD,
    patch PATCH,
    post POST,
    put PUT,
}

impl<S> Methods<S> {
    /// The methods as `Allow` lists them.
    fn allowed(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|(method, _)| method.as_str()).collect();
        names.join(", ")
    }
}

/// The value of a parameter of the request's path: of `id` in `/api/tasks/{id}`.
///
/// # Panics
/// When the path under which the handler stands has no parameter of this name.
#[must_use]
pub fn path_parameter<'a>(request: &'a Request, name: &str) -> &'a str {
    let parameters = request.extensions().get::<Parameters>();
    let value = parameters.and_then(|Parameters(all)| {
        let of_name = |(other, _): &&(String, String)| other == name;
        all.iter().find(of_name).map(|(_, value)| value.as_str())
    });
    value.expect("a parameter of the handler's path")
}

#[derive(Clone)]
struct Parameters(Vec<(String, String)>);

/// The table of one function. Paths that begin with `/api` are people's, those that begin with its app-id are Dapr's.
///
/// A path that is not in it is answered 404, another method of one that is 405 with `Allow`.
pub struct Routes<S> {
    app_id: &'static str,
    paths: Router<Methods<S>>,
    otherwise: Handler<S>,
    finish: Option<Finish<S>>,
}

impl<S: Service> Routes<S> {
    /// The table of the function with this app-id. It is ready, at `/{app_id}/health`, when its store answers.
    #[must_use]
    pub fn new(app_id: &'static str) -> Self {
        let health = async move |service: &S, _: &Request| service.function().health(app_id).await;
        Self::empty(app_id).inner("health", get(health).head(health))
    }

    /// The table of a function that keeps nothing, and so is ready whenever it answers.
    #[must_use]
    pub fn stateless(app_id: &'static str) -> Self {
        let health = async move |_: &S, _: &Request| {
            let health = Health {
                status: Status::Ok,
                function: Some(app_id.to_owned()),
                state: None,
                time_zone_rules: None,
            };
            json_response(StatusCode::OK, &health)
        };
        Self::empty(app_id).inner("health", get(health).head(health))
    }

    fn empty(app_id: &'static str) -> Self {
        Self {
            app_id,
            paths: Router::new(),
            otherwise: boxed(no_such_route),
            finish: None,
        }
    }

    /// Whose table it is.
    #[must_use]
    pub fn app_id(&self) -> &'static str {
        self.app_id
    }

    /// Answers at `path`; `{name}` in it stands for one segment ([`path_parameter`]).
    ///
    /// # Panics
    /// When the table has the same path already, or `path` is none.
    #[must_use]
    pub fn at(mut self, path: &str, methods: Methods<S>) -> Self {
        let inserted = self.paths.insert(path, methods);
        inserted.expect("each path once, in the syntax of matchit");
        self
    }

    /// Answers at `/{app_id}/{path}`, which Dapr alone reaches. The handler says who may call it.
    #[must_use]
    pub fn inner(self, path: &str, methods: Methods<S>) -> Self {
        let path = format!("/{}/{path}", self.app_id);
        self.at(&path, methods)
    }

    /// Handles what the subscriptions deliver at `/{app_id}/events`, each event once ([`dapr::consumer`]).
    #[must_use]
    pub fn events(
        self,
        handle: impl AsyncFn(&S, &Event) -> Result<Effect, HandleError> + Copy + 'static,
    ) -> Self {
        self.deliveries(Memory::Marks, handle)
    }

    /// The same for a function whose own documents say for ever what it has handled.
    #[must_use]
    pub fn events_on_record(
        self,
        handle: impl AsyncFn(&S, &Event) -> Result<Effect, HandleError> + Copy + 'static,
    ) -> Self {
        self.deliveries(Memory::Own, handle)
    }

    fn deliveries(
        self,
        memory: Memory,
        handle: impl AsyncFn(&S, &Event) -> Result<Effect, HandleError> + Copy + 'static,
    ) -> Self {
        let deliver = async move |service: &S, request: &Request| {
            let handle = async |event: &Event| handle(service, event).await;
            service.function().deliver(request, memory, handle).await
        };
        self.inner("events", post(deliver))
    }

    /// Works through what is due in the timetable whenever the cron binding `name` ticks.
    #[must_use]
    pub fn cron(
        self,
        name: &str,
        work: impl AsyncFn(&S, &[Entry], DateTime<Utc>) -> Result<Looked, DaprError> + Copy + 'static,
    ) -> Self {
        let tick = async move |service: &S, request: &Request| {
            let work = async |entries: &[Entry], until| work(service, entries, until).await;
            service.function().tick(request, work).await
        };
        self.inner(name, post(tick))
    }

    /// Compares what is derived of a person with its source, at `/{app_id}/check` ([`dapr::check`]). The chain is that of the
    /// request, for events of what is mended.
    #[must_use]
    pub fn check(
        self,
        check: impl AsyncFn(&S, &UserId, &Check, Chain) -> Result<Report, Problem> + Copy + 'static,
    ) -> Self {
        let check = async move |service: &S, request: &Request| {
            let function = service.function();
            let (user, what) = function.to_check(request)?;
            let report = check(service, &user, &what, function.chain(request)).await?;
            Ok::<_, Problem>(json_response(StatusCode::OK, &report))
        };
        self.inner("check", post(check))
    }

    /// Erases a stretch of what the function has of a person, at `/{app_id}/erase` ([`dapr::erase`]). The handler says
    /// whether there is more.
    #[must_use]
    pub fn erase(
        self,
        erase: impl AsyncFn(&S, &UserId, Tombstone, &Erase) -> Result<bool, DaprError> + Copy + 'static,
    ) -> Self {
        let erase = async move |service: &S, request: &Request| {
            let (user, tombstone, what) = service.function().to_erase(request)?;
            erase_answer(erase(service, &user, tombstone, &what).await)
        };
        self.inner("erase", post(erase))
    }

    /// Makes state again that was lost, from what is on record of a task, at `/{app_id}/restore`. The handler says
    /// whether anything was lost.
    #[must_use]
    pub fn restore(
        self,
        restore: impl AsyncFn(&S, &Story) -> Result<bool, HandleError> + Copy + 'static,
    ) -> Self {
        let restore = async move |service: &S, request: &Request| {
            let story = service.function().story(request)?;
            restore_answer(restore(service, &story).await)
        };
        self.inner("restore", post(restore))
    }

    /// Answers what no path of the table answers.
    #[must_use]
    pub fn otherwise<A: Into<Answer>>(
        mut self,
        handler: impl AsyncFn(&S, &Request) -> A + Copy + 'static,
    ) -> Self {
        self.otherwise = boxed(handler);
        self
    }

    /// Has every response pass through `finish`, refusals too.
    #[must_use]
    pub fn finish(mut self, finish: Finish<S>) -> Self {
        self.finish = Some(finish);
        self
    }

    /// Answers a request. Slashes at the end of its path and beside others count for nothing.
    pub async fn answer(&self, service: &S, mut request: Request) -> Answer {
        let path = normal(request.uri().path());
        let handler = match self.paths.at(&path) {
            Err(_) => &self.otherwise,
            Ok(found) => {
                let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
                let parameters = Parameters(found.params.iter().map(owned).collect());
                request.extensions_mut().insert(parameters);
                let of_method = |(method, _): &&(Method, Handler<S>)| method == request.method();
                match found.value.0.iter().find(of_method) {
                    Some((_, handler)) => handler,
                    None => {
                        let problem = Problem::method_not_allowed(&found.value.allowed());
                        return self.finished(service, &request, problem.into());
                    }
                }
            }
        };
        let answer = handler(service, &request).await;
        self.finished(service, &request, answer)
    }

    fn finished(&self, service: &S, request: &Request, answer: Answer) -> Answer {
        let Answer { response, after } = answer;
        let response = match self.finish {
            Some(finish) => finish(service, request, response),
            None => response,
        };
        Answer { response, after }
    }
}

async fn no_such_route<S>(_: &S, _: &Request) -> Problem {
    Problem::no_such_route()
}

/// `/a/b` for `/a//b/`.
fn normal(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.fold(String::new(), |path, segment| path + "/" + segment)
}
