//! The environment of this process.

/// What a `secretKeyRef` names: an environment variable, on this host.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
