//! After an upgrade, what an older version derived is brought to what this one derives: lists and instants by the rules of
//! the time zones, and where in the lists each task stands. Once for each version, beside everything else that goes on.

use std::path::Path;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde::Deserialize;
use tracing::{info, warn};

use crate::app::{App, Runtime};
use crate::check::check;
use crate::recorder::Recorder;

/// Raised when functions derive something otherwise than before.
const LAYOUT: u32 = 1;

/// The file that says by which version everything was derived.
const FILE: &str = "derived-by";

/// What a function says of itself.
#[derive(Deserialize)]
struct Health {
    time_zone_rules: String,
}

/// Checks and mends everything that is derived, of everybody, unless this version has done so.
///
/// # Errors
/// When a function does not answer; the next start tries again.
pub async fn settle(app: &App, data: &Path) -> Result<()> {
    let version = format!("{LAYOUT} {}", time_zone_rules(app).await?);
    let file = data.join(FILE);
    if std::fs::read_to_string(&file).is_ok_and(|by| by == version) {
        return Ok(());
    }
    let recorder = Recorder::Within(app);
    for user_id in app.sign_in.user_ids(None)? {
        let checked = check(&recorder, &user_id, true).await?;
        if !checked.mended.is_empty() {
            info!(user_id, "{} things are derived anew", checked.mended.len());
        }
        for line in checked.left {
            warn!(user_id, "not as its source says: {line}");
        }
    }
    std::fs::write(&file, version).with_context(|| format!("can't write {}", file.display()))
}

/// The version of the time zones' rules that the functions go by.
async fn time_zone_rules(app: &App) -> Result<String> {
    let Runtime::Here(functions) = &app.functions else {
        bail!("the functions run elsewhere");
    };
    let request = Request::get("/task-service/health")
        .header(header::HOST, "localhost")
        .body(Full::new(Bytes::new()))?;
    let response = functions.call("task-service", request).await?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.context("the answer broke off")?;
    if parts.status != StatusCode::OK {
        bail!("the task service answered {}", parts.status);
    }
    let health: Health = serde_json::from_slice(&body.to_bytes())?;
    Ok(health.time_zone_rules)
}
