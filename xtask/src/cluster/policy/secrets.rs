//! Where secrets are, and where they are not.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::objects::{items, name, text};
use super::subject::{Subject, each_container, of_kind};

/// Nothing that sounds secret has its value written down outside of a Secret.
pub(super) fn no_secret_in_the_open(subject: &Subject<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (who, _, container) in each_container(subject) {
        let open = items(&container["env"])
            .iter()
            .filter(|variable| !variable["value"].is_null());
        let open = open.filter(|variable| sounds_secret(text(&variable["name"])));
        wrong.extend(
            open.map(|variable| format!("{who} has the value of {}", text(&variable["name"]))),
        );
    }
    for app in of_kind(subject, "SpinApp") {
        for variable in items(&app["spec"]["variables"]) {
            let called = text(&variable["name"]);
            let secret = subject
                .manifest
                .variables
                .get(called)
                .is_some_and(|variable| variable.secret);
            if (secret || sounds_secret(called)) && variable["valueFrom"]["secretKeyRef"].is_null()
            {
                wrong.push(format!("{} has the value of {called}", name(app)));
            }
        }
    }
    for component in of_kind(subject, "Component") {
        let open = items(&component["spec"]["metadata"])
            .iter()
            .filter(|entry| !entry["value"].is_null());
        let open = open.filter(|entry| {
            sounds_secret(text(&entry["name"])) || text(&entry["name"]) == "connectionString"
        });
        wrong.extend(open.map(|entry| {
            format!(
                "{} has the value of {}",
                name(component),
                text(&entry["name"])
            )
        }));
    }
    for map in of_kind(subject, "ConfigMap") {
        for (file, content) in map["data"].as_object().into_iter().flatten() {
            if content_has_secret(text(content)) {
                wrong.push(format!("{} {file}", name(map)));
            }
        }
    }
    for secret in of_kind(subject, "Secret") {
        if secret["metadata"]["annotations"]["nudge.dev/generated"] != "true" {
            wrong.push(format!("{} is written in the chart", name(secret)));
        }
    }
    wrong
}

/// What refers to a key of a Secret finds it in a Secret or an ExternalSecret of the chart.
pub(super) fn secrets_are_made(subject: &Subject<'_>) -> Vec<String> {
    let mut made = BTreeSet::new();
    for secret in of_kind(subject, "Secret") {
        let keys = secret["stringData"].as_object().into_iter().flatten();
        made.extend(keys.map(|(key, _)| (text(&secret["metadata"]["name"]), key.as_str())));
    }
    for secret in of_kind(subject, "ExternalSecret") {
        let keys = items(&secret["spec"]["data"]).iter();
        made.extend(keys.map(|entry| {
            (
                text(&secret["spec"]["target"]["name"]),
                text(&entry["secretKey"]),
            )
        }));
    }
    let mut asked = Vec::new();
    for object in subject.objects {
        references(object, &mut |reference| {
            asked.push((name(object), reference))
        });
    }
    asked
        .into_iter()
        .filter(|(_, reference)| {
            !made.contains(&(text(&reference["name"]), text(&reference["key"])))
        })
        .map(|(who, reference)| format!("{who} asks for {reference}"))
        .collect()
}

/// Calls `found` with every `secretKeyRef` and every entry of a `secretTargetRef` in `value`.
fn references<'a>(value: &'a Value, found: &mut impl FnMut(&'a Value)) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match key.as_str() {
                    "secretKeyRef" => found(inner),
                    "secretTargetRef" => items(inner).iter().for_each(&mut *found),
                    _ => references(inner, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

fn sounds_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    // What only says where a secret is had, or how.
    let about = ["token_url", "jwks"].iter().any(|word| name.contains(word));
    !about
        && [
            "password",
            "passwd",
            "secret",
            "token",
            "credential",
            "_key",
            "apikey",
            "sig_key",
        ]
        .iter()
        .any(|word| name.contains(word))
}

/// A setting of a file that sounds secret must be a placeholder that is filled in where the file is used.
fn content_has_secret(content: &str) -> bool {
    content.contains("PRIVATE KEY")
        || content
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .any(|line| {
                let Some((key, value)) = line.split_once('=') else {
                    return false;
                };
                let value = value.trim();
                let key = key.trim();
                let setting = key
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
                setting && sounds_secret(key) && !value.is_empty() && !value.starts_with(['@', '$'])
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sounds_secret() {
        for (name, secret) in [
            ("app_api_token", true),
            ("grip_key", true),
            ("SMTP_PASSWORD", true),
            ("saslPassword", true),
            ("CLIENT_SECRET", true),
            ("TOKEN_URL", false),
            ("oidc_jwks_url", false),
            ("RPK_BROKERS", false),
        ] {
            assert_eq!(sounds_secret(name), secret, "{name}");
        }
    }

    #[test]
    fn a_files_secrets_are_placeholders() {
        for (content, secret) in [
            ("sig_key=@GRIP_KEY@", false),
            ("sig_key=changeme", true),
            ("-----BEGIN PRIVATE KEY-----", true),
            ("# password=x", false),
            ("token=$(curl x)", false),
            ("password=hunter2", true),
        ] {
            assert_eq!(content_has_secret(content), secret, "{content}");
        }
    }
}
