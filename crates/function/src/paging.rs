//! `limit` and `cursor`, the same in every list.

use crate::{Problem, cursor_from_text};

/// Items of a page when the request doesn't say.
const DEFAULT_LIMIT: usize = 50;
/// Most items of a page.
const MAX_LIMIT: usize = 200;

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Most items, 1 to 200.
    pub limit: usize,
    /// Sort key of the last item of the page before.
    pub cursor: Option<String>,
}

impl Default for Paging {
    fn default() -> Self {
        Self {
            limit: DEFAULT_LIMIT,
            cursor: None,
        }
    }
}

impl Paging {
    /// Takes one parameter of a query; `false` when it is not one of paging.
    ///
    /// # Errors
    /// 422 for a limit outside 1 to 200; 400 for a cursor that nobody here made.
    pub fn take(&mut self, name: &str, value: &str) -> Result<bool, Problem> {
        match name {
            "limit" => {
                let limit = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=MAX_LIMIT).contains(limit));
                self.limit = limit.ok_or_else(|| {
                    Problem::invalid_field(
                        "?limit",
                        format!("takes 1 to {MAX_LIMIT}, not {value:?}"),
                    )
                })?;
            }
            "cursor" => self.cursor = Some(cursor_from_text(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Reads a query that has nothing but paging.
    ///
    /// # Errors
    /// As [`take`](Self::take); 422 for any other parameter.
    pub fn parse(query: &[(String, String)]) -> Result<Self, Problem> {
        let mut paging = Self::default();
        for (name, value) in query {
            if !paging.take(name, value)? {
                return Err(unknown_parameter(name));
            }
        }
        Ok(paging)
    }
}

/// 422 for a parameter that a route doesn't know.
#[must_use]
pub fn unknown_parameter(name: &str) -> Problem {
    Problem::invalid_field(format!("?{name}"), "There is no such parameter.")
}
