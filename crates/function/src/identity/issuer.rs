//! Whose tokens a function takes.

/// Who issues tokens, and for whom they must be.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The `iss` of its tokens.
    pub name: String,
    /// The `aud` that they must have.
    pub audience: String,
    /// Where its keys are (RFC 7517 key set).
    pub jwks_url: String,
}
