//! What must hold for every object that the chart makes, whatever the values say.

mod secrets;
mod subject;

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use serde_json::Value;

pub(super) use subject::Subject;

use super::objects::{items, name, pod, text};
use subject::{each_container, of_kind};

/// Looks at all objects and says what is wrong.
type Rule = fn(&Subject<'_>) -> Vec<String>;

/// All rules.
const RULES: [(&str, Rule); 9] = [
    ("no container runs as root", no_root),
    ("every container has requests and limits", limits),
    ("every image is pinned", pinned_images),
    ("nothing holds a token of the Kubernetes API", no_api_token),
    (
        "secrets are only in Secrets",
        secrets::no_secret_in_the_open,
    ),
    (
        "every secret that something asks for is made",
        secrets::secrets_are_made,
    ),
    ("nothing but the public paths is public", only_public_paths),
    ("traffic is denied unless a policy allows it", default_deny),
    (
        "a function has the variables and paths of spin.toml",
        as_the_manifest_says,
    ),
];

/// Applies every rule.
pub(super) fn check(subject: &Subject<'_>) -> Result<()> {
    apply(&RULES, subject)
}

/// Applies those that are about a pod alone, to pods as the API server would store them.
pub(super) fn check_pods(subject: &Subject<'_>) -> Result<()> {
    apply(&RULES[..3], subject)
}

fn apply(rules: &[(&str, Rule)], subject: &Subject<'_>) -> Result<()> {
    let mut found = Vec::new();
    for (promise, rule) in rules {
        found.extend(
            rule(subject)
                .into_iter()
                .map(|what| format!("{promise}: {what}")),
        );
    }
    if found.is_empty() {
        Ok(())
    } else {
        bail!("{}", found.join("\n"))
    }
}

fn no_root(subject: &Subject<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (who, pod, container) in each_container(subject) {
        let (pod, own) = (
            &pod["spec"]["securityContext"],
            &container["securityContext"],
        );
        let user = own["runAsUser"].as_u64().or(pod["runAsUser"].as_u64());
        let demands = [
            ("runAsNonRoot", pod["runAsNonRoot"] == true),
            ("a user that is not 0", user.is_some_and(|user| user != 0)),
            (
                "allowPrivilegeEscalation: false",
                own["allowPrivilegeEscalation"] == false,
            ),
            (
                "no capabilities",
                own["capabilities"]["drop"][0] == "ALL" && own["capabilities"]["add"].is_null(),
            ),
            ("not privileged", own["privileged"] != true),
            (
                "the default seccomp profile",
                pod["seccompProfile"]["type"] == "RuntimeDefault",
            ),
        ];
        wrong.extend(
            demands
                .into_iter()
                .filter(|(_, holds)| !holds)
                .map(|(what, _)| format!("{who} lacks: {what}")),
        );
    }
    wrong
}

fn limits(subject: &Subject<'_>) -> Vec<String> {
    let lacks = |resources: &Value| -> Vec<&'static str> {
        let needed = [
            ("requests", "cpu"),
            ("requests", "memory"),
            ("limits", "cpu"),
            ("limits", "memory"),
        ];
        needed
            .into_iter()
            .filter(|(kind, what)| text(&resources[kind][what]).is_empty())
            .map(|(kind, _)| kind)
            .collect()
    };
    let pods =
        each_container(subject).map(|(who, _, container)| (who, lacks(&container["resources"])));
    let apps = of_kind(subject, "SpinApp").map(|app| (name(app), lacks(&app["spec"]["resources"])));
    let daprds = of_kind(subject, "Deployment").filter_map(|object| {
        let annotations = &object["spec"]["template"]["metadata"]["annotations"];
        (annotations["dapr.io/enabled"] == "true").then(|| {
            let needed = ["requests", "limits"].into_iter().filter(|kind| {
                ["cpu", "memory"].iter().any(|what| {
                    let annotation =
                        format!("dapr.io/sidecar-{what}-{}", kind.trim_end_matches('s'));
                    text(&annotations[annotation]).is_empty()
                })
            });
            (format!("daprd of {}", name(object)), needed.collect())
        })
    });
    pods.chain(apps)
        .chain(daprds)
        .filter(|(_, lacks)| !lacks.is_empty())
        .map(|(who, lacks)| format!("{who} lacks {}", lacks.join(", ")))
        .collect()
}

fn pinned_images(subject: &Subject<'_>) -> Vec<String> {
    let pods = each_container(subject)
        .map(|(who, _, container)| (who, text(&container["image"]).to_owned()));
    let apps =
        of_kind(subject, "SpinApp").map(|app| (name(app), text(&app["spec"]["image"]).to_owned()));
    pods.chain(apps)
        .filter(|(_, image)| {
            let last = image.rsplit('/').next().unwrap_or_default();
            let tag = last.split_once(':').map(|(_, tag)| tag);
            tag.is_none_or(|tag| tag.is_empty() || tag == "latest") && !image.contains("@sha256:")
        })
        .map(|(who, image)| format!("{who} has {image}"))
        .collect()
}

fn no_api_token(subject: &Subject<'_>) -> Vec<String> {
    let pods = subject
        .objects
        .iter()
        .filter_map(|object| Some((object, &pod(object)?["spec"])));
    let accounts = of_kind(subject, "ServiceAccount").map(|account| (account, account));
    pods.chain(accounts)
        .filter(|(_, holder)| holder["automountServiceAccountToken"] != false)
        .map(|(object, _)| name(object))
        .collect()
}

fn only_public_paths(subject: &Subject<'_>) -> Vec<String> {
    let components = subject.manifest.component.keys();
    let mut public: BTreeSet<String> = components
        .flat_map(|id| subject.manifest.public_paths(id))
        .collect();
    // Where the sign-in of a development cluster is.
    if of_kind(subject, "Deployment").any(|object| text(&object["metadata"]["name"]) == "dex") {
        public.insert("/dex".to_owned());
    }
    let mut wrong = Vec::new();
    let mut hosts = BTreeSet::new();
    for ingress in of_kind(subject, "Ingress") {
        for rule in items(&ingress["spec"]["rules"]) {
            hosts.insert(text(&rule["host"]).to_owned());
            let paths = items(&rule["http"]["paths"])
                .iter()
                .map(|path| text(&path["path"]));
            wrong.extend(
                outside(paths, &public).map(|path| format!("{} has {path}", name(ingress))),
            );
        }
    }
    for route in of_kind(subject, "HTTPRoute") {
        hosts.extend(
            items(&route["spec"]["hostnames"])
                .iter()
                .map(|host| text(host).to_owned()),
        );
        let matches = items(&route["spec"]["rules"])
            .iter()
            .flat_map(|rule| items(&rule["matches"]));
        let paths = matches.map(|one| text(&one["path"]["value"]));
        wrong.extend(outside(paths, &public).map(|path| format!("{} has {path}", name(route))));
    }
    for route in of_kind(subject, "InterceptorRoute") {
        for rule in items(&route["spec"]["rules"]) {
            let front = items(&rule["hosts"])
                .iter()
                .any(|host| hosts.contains(text(host)));
            let paths = items(&rule["paths"])
                .iter()
                .map(|path| text(&path["value"]));
            if front {
                wrong.extend(
                    outside(paths, &public).map(|path| format!("{} has {path}", name(route))),
                );
                wrong.extend(
                    items(&rule["paths"])
                        .is_empty()
                        .then(|| format!("{} has every path", name(route))),
                );
            }
        }
    }
    let open = of_kind(subject, "Service")
        .filter(|service| ["NodePort", "LoadBalancer"].contains(&text(&service["spec"]["type"])));
    wrong.extend(open.map(|service| format!("{} is open to the outside", name(service))));
    for (who, pod, container) in each_container(subject) {
        let ports = items(&container["ports"])
            .iter()
            .any(|port| !port["hostPort"].is_null());
        if ports || pod["spec"]["hostNetwork"] == true {
            wrong.push(format!("{who} is on the node's network"));
        }
    }
    wrong
}

fn outside<'a>(
    paths: impl Iterator<Item = &'a str>,
    public: &BTreeSet<String>,
) -> impl Iterator<Item = &'a str> {
    paths.filter(|path| !public.contains(*path))
}

fn default_deny(subject: &Subject<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let denies = of_kind(subject, "NetworkPolicy").any(|policy| {
        let spec = &policy["spec"];
        spec["podSelector"]
            .as_object()
            .is_some_and(serde_json::Map::is_empty)
            && spec["policyTypes"] == serde_json::json!(["Ingress", "Egress"])
            && spec["ingress"].is_null()
            && spec["egress"].is_null()
    });
    if !denies {
        wrong.push("there is no policy that denies all".to_owned());
    }
    for policy in of_kind(subject, "NetworkPolicy") {
        for (direction, side) in [("ingress", "from"), ("egress", "to")] {
            for rule in items(&policy["spec"][direction]) {
                if items(&rule[side]).is_empty() {
                    wrong.push(format!(
                        "{} lets everybody through ({direction})",
                        name(policy)
                    ));
                }
            }
        }
    }
    wrong
}

fn as_the_manifest_says(subject: &Subject<'_>) -> Vec<String> {
    let manifest = subject.manifest;
    let mut wrong = Vec::new();
    let apps: BTreeSet<&str> = of_kind(subject, "SpinApp")
        .map(|app| text(&app["metadata"]["name"]))
        .collect();
    let components: BTreeSet<&str> = manifest.component.keys().map(String::as_str).collect();
    wrong.extend(
        components
            .symmetric_difference(&apps)
            .map(|one| format!("{one} is in spin.toml or in the chart, not in both")),
    );
    for app in of_kind(subject, "SpinApp") {
        let id = text(&app["metadata"]["name"]);
        if app["spec"]["components"] != serde_json::json!([id]) {
            wrong.push(format!("{id} runs {}", app["spec"]["components"]));
        }
        let given: BTreeSet<&str> = items(&app["spec"]["variables"])
            .iter()
            .map(|variable| text(&variable["name"]))
            .collect();
        for needed in manifest.application_variables(id) {
            let variable = manifest.variables.get(needed);
            let secret = variable.is_some_and(|variable| variable.secret);
            let local = variable
                .and_then(|variable| variable.default.as_deref())
                .is_some_and(|default| default.contains("127.0.0.1"));
            if !given.contains(needed) && (secret || local || needed.starts_with("oidc")) {
                wrong.push(format!("{id} is not given {needed}"));
            }
        }
        let unknown = given
            .iter()
            .filter(|variable| !manifest.variables.contains_key(**variable));
        wrong
            .extend(unknown.map(|variable| {
                format!("{id} is given {variable}, which spin.toml does not have")
            }));
    }
    for route in of_kind(subject, "InterceptorRoute") {
        let id = text(&route["metadata"]["name"]);
        if !components.contains(id) {
            continue;
        }
        let rules = items(&route["spec"]["rules"]);
        let has: BTreeSet<String> = rules
            .iter()
            .flat_map(|rule| items(&rule["paths"]))
            .map(|path| text(&path["value"]).to_owned())
            .collect();
        if has != manifest.public_paths(id) {
            wrong.push(format!(
                "{id} is reached by {has:?}, and spin.toml says {:?}",
                manifest.public_paths(id)
            ));
        }
    }
    wrong
}
