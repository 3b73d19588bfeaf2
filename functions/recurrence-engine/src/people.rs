//! What people ask of a rule before they choose it.

use api::recurrence::RecurrencePreviewRequest;
use dapr::Dapr;
use function::{Function, Problem, Request, Response, json_response, parse_json};
use http::StatusCode;

use crate::preview;

/// `POST /api/recurrence/preview`
pub(crate) async fn preview<D: Dapr>(
    function: &Function<D>,
    request: &Request,
) -> Result<Response, Problem> {
    function.person(request).await?;
    let request: RecurrencePreviewRequest = parse_json(request)?;
    Ok(json_response(StatusCode::OK, &preview::answer(&request)?))
}
