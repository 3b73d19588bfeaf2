//! What rules look at, and how they find something in it.

use serde_json::Value;

use super::super::manifest::Manifest;
use super::super::objects::{containers, name, pod, text};

/// What a rule looks at.
pub(in crate::cluster) struct Subject<'a> {
    pub(in crate::cluster) objects: &'a [Value],
    pub(in crate::cluster) manifest: &'a Manifest,
}

/// Every container of every object, with a name for messages.
pub(super) fn each_container<'a>(
    subject: &Subject<'a>,
) -> impl Iterator<Item = (String, &'a Value, &'a Value)> {
    subject.objects.iter().flat_map(|object| {
        pod(object).into_iter().flat_map(move |pod| {
            containers(pod).map(move |container| {
                (
                    format!("{} {}", name(object), text(&container["name"])),
                    pod,
                    container,
                )
            })
        })
    })
}

/// Every object of a kind.
pub(super) fn of_kind<'a>(
    subject: &Subject<'a>,
    kind: &'static str,
) -> impl Iterator<Item = &'a Value> {
    subject
        .objects
        .iter()
        .filter(move |object| object["kind"] == kind)
}
