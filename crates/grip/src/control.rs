//! Control messages: text events that begin with `c:`, which the proxy keeps to itself.

use serde::{Deserialize, Serialize};

use crate::Event;

/// What begins a control message.
const PREFIX: &str = "c:";

/// What a function asks of the proxy for one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Control {
    /// Hear a channel.
    Subscribe {
        /// Its name.
        channel: String,
    },
    /// Hear it no more.
    Unsubscribe {
        /// Its name.
        channel: String,
    },
    /// Send something whenever nothing else was sent for a while.
    KeepAlive {
        /// What to send.
        content: String,
        /// After how many seconds.
        timeout: u64,
    },
}

impl Control {
    /// The event that says it.
    #[must_use]
    pub fn event(&self) -> Event {
        Event::Text(format!(
            "{PREFIX}{}",
            serde_json::to_string(self).expect("a control message with string keys")
        ))
    }

    /// The control message in a text; `None` when the text is for the client. One that is not known here is
    /// `Some(None)`: it is not for the client either.
    #[must_use]
    pub fn parse(text: &str) -> Option<Option<Self>> {
        text.strip_prefix(PREFIX)
            .map(|json| serde_json::from_str(json).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_messages() {
        let subscribe = Control::Subscribe {
            channel: "user-1".to_owned(),
        };
        let text = r#"c:{"type":"subscribe","channel":"user-1"}"#;
        assert_eq!(subscribe.event(), Event::Text(text.to_owned()));
        assert_eq!(Control::parse(text), Some(Some(subscribe)));
        assert_eq!(Control::parse(r#"c:{"type":"detach"}"#), Some(None));
        assert_eq!(Control::parse(r#"{"type":"hello"}"#), None);
    }
}
