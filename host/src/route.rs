//! Which component answers a path: Spin's rules. A literal segment beats a `:parameter`, which beats `/...`.

use anyhow::{Result, bail};

use crate::manifest::{HttpTrigger, Route};

/// The routes of an application.
#[derive(Debug, Default)]
pub struct Router {
    routes: Vec<Pattern>,
}

#[derive(Debug, PartialEq, Eq)]
struct Pattern {
    segments: Vec<Segment>,
    wildcard: bool,
    component: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter,
}

impl Router {
    /// Takes the public routes of `triggers`.
    ///
    /// # Errors
    /// When two of them are the same, or one does not begin with `/`.
    pub fn new(triggers: &[HttpTrigger]) -> Result<Self> {
        let mut router = Self::default();
        for trigger in triggers {
            let Route::Public(path) = &trigger.route else {
                continue;
            };
            if !path.starts_with('/') {
                bail!(
                    "the route {path:?} of {} must begin with /",
                    trigger.component
                );
            }
            let pattern = Pattern::parse(path, &trigger.component);
            let same = |other: &&Pattern| {
                other.segments == pattern.segments && other.wildcard == pattern.wildcard
            };
            if let Some(other) = router.routes.iter().find(same) {
                bail!(
                    "{} and {} both have the route {path}",
                    other.component,
                    pattern.component
                );
            }
            router.routes.push(pattern);
        }
        Ok(router)
    }

    /// The component for `path`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&str> {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let matching = self.routes.iter().filter(|route| route.matches(&segments));
        matching
            .max_by_key(|route| route.rank())
            .map(|route| route.component.as_str())
    }
}

impl Pattern {
    fn parse(path: &str, component: &str) -> Self {
        let (fixed, wildcard) = match path.strip_suffix("/...") {
            Some(fixed) => (fixed, true),
            None => (path, false),
        };
        let segments = fixed
            .split('/')
            .skip(1)
            .map(|segment| match segment.strip_prefix(':') {
                Some(_) => Segment::Parameter,
                None => Segment::Literal(segment.to_owned()),
            });
        Self {
            segments: segments.collect(),
            wildcard,
            component: component.to_owned(),
        }
    }

    fn matches(&self, path: &[&str]) -> bool {
        let fits = if self.wildcard {
            path.len() >= self.segments.len()
        } else {
            path.len() == self.segments.len()
        };
        fits && self
            .segments
            .iter()
            .zip(path)
            .all(|(segment, text)| match segment {
                Segment::Literal(literal) => literal == text,
                Segment::Parameter => !text.is_empty(),
            })
    }

    /// Exact routes before wildcards, longer before shorter, literals before parameters.
    fn rank(&self) -> (usize, Vec<bool>, bool) {
        let literals = self
            .segments
            .iter()
            .map(|segment| matches!(segment, Segment::Literal(_)));
        (self.segments.len(), literals.collect(), !self.wildcard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[(&str, &str)]) -> Result<Router> {
        let triggers: Vec<HttpTrigger> = routes
            .iter()
            .map(|(path, component)| HttpTrigger {
                route: Route::Public((*path).to_owned()),
                component: (*component).to_owned(),
            })
            .collect();
        Router::new(&triggers)
    }

    #[test]
    fn the_most_particular_route_wins() {
        let router = router(&[
            ("/...", "web"),
            ("/api/tasks/...", "tasks"),
            ("/api/tasks/export", "export"),
            ("/api/:thing/health", "health"),
            ("/ws", "gateway"),
        ])
        .expect("routes");
        let cases = [
            ("/", "web"),
            ("/assets/a.js", "web"),
            ("/api", "web"),
            ("/api/tasks", "tasks"),
            ("/api/tasks/1/complete", "tasks"),
            ("/api/tasks/export", "export"),
            ("/api/chat/health", "health"),
            ("/ws", "gateway"),
            ("/ws/x", "web"),
        ];
        for (path, component) in cases {
            assert_eq!(router.find(path), Some(component), "{path}");
        }
    }

    #[test]
    fn a_route_twice_is_refused() {
        assert!(router(&[("/a", "x"), ("/a", "y")]).is_err());
        assert!(router(&[("a", "x")]).is_err());
    }
}
