//! Spin's variables: defaults of the manifest, `SPIN_VARIABLE_…` of the environment, templates of the components.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, bail};

use crate::manifest::Manifest;

/// The application's variables, by name.
#[derive(Debug, Clone)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// The values: `set` (what the host itself decides) before `SPIN_VARIABLE_NAME` of the environment before the
    /// manifest's default.
    ///
    /// # Errors
    /// When a required variable has no value.
    pub fn resolve(
        manifest: &Manifest,
        set: &HashMap<String, String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let mut values = BTreeMap::new();
        for (name, variable) in &manifest.variables {
            let from_environment =
                || environment(&format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase()));
            let value = set
                .get(name)
                .cloned()
                .or_else(from_environment)
                .or_else(|| variable.default.clone());
            let Some(value) = value else {
                bail!(
                    "the variable {name} has no value; set SPIN_VARIABLE_{}",
                    name.to_ascii_uppercase()
                );
            };
            values.insert(name.clone(), value);
        }
        Ok(Self(values))
    }

    /// `template` with every `{{ name }}` replaced.
    ///
    /// # Errors
    /// When a name is not a variable of the application, or braces are left open.
    pub fn expand(&self, template: &str) -> Result<String> {
        let mut expanded = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after
                .split_once("}}")
                .with_context(|| format!("{template:?} has {{{{ without }}}}"))?;
            let name = name.trim();
            let value = self
                .0
                .get(name)
                .with_context(|| format!("{template:?} names {name:?}, which is no variable"))?;
            expanded.push_str(before);
            expanded.push_str(value);
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        let values =
            [("a", "1"), ("b_c", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = Variables(values.into());
        assert_eq!(
            variables.expand("x{{ a }}y{{b_c}}").ok().as_deref(),
            Some("x1y2")
        );
        assert_eq!(variables.expand("plain").ok().as_deref(), Some("plain"));
        assert!(variables.expand("{{ nope }}").is_err());
        assert!(variables.expand("{{ a").is_err());
    }
}
