//! By which names the tokens of the local sign-in are known, and where its keys are.

/// The `iss` of local tokens.
pub const ISSUER: &str = "urn:nudge:local";
/// The `aud` of local tokens.
pub const AUDIENCE: &str = "nudge";
/// The screen's client id.
pub const CLIENT_ID: &str = "nudge-web";
/// Where functions find the key set, through Dapr: answered inside the process.
pub const JWKS_URL: &str = "http://sign-in.nudge.internal/jwks.json";
