//! What is published: items for channels, by `POST /publish/` at the proxy.

use serde::{Deserialize, Serialize};

/// The body of a publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Items {
    /// In order.
    pub items: Vec<Item>,
}

/// One item for one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The channel's name.
    pub channel: String,
    /// An id of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What each kind of connection gets.
    pub formats: Formats,
}

/// The item by kind of connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Formats {
    /// For WebSockets.
    pub ws_message: Format,
}

/// What a WebSocket gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Format {
    /// A text message.
    Message {
        /// The text.
        content: String,
    },
    /// The end.
    Action {
        /// `close`
        action: String,
        /// The code of RFC 6455 section 7.4.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<u16>,
    },
}

impl Item {
    /// A text for everybody who hears `channel`.
    pub fn text(
        channel: impl Into<String>,
        id: impl Into<String>,
        content: impl Into<String>,
    ) -> Self {
        let formats = Formats {
            ws_message: Format::Message {
                content: content.into(),
            },
        };
        Self {
            channel: channel.into(),
            id: Some(id.into()),
            formats,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_pushpin_takes_it() {
        let items = Items {
            items: vec![Item::text("user-1", "e1", "hi")],
        };
        let json = r#"{"items":[{"channel":"user-1","id":"e1","formats":{"ws-message":{"content":"hi"}}}]}"#;
        assert_eq!(serde_json::to_string(&items).ok().as_deref(), Some(json));
        let close = r#"{"items":[{"channel":"c","formats":{"ws-message":{"action":"close","code":4401}}}]}"#;
        let read: Items = serde_json::from_str(close).expect("items");
        assert_eq!(
            read.items[0].formats.ws_message,
            Format::Action {
                action: "close".to_owned(),
                code: Some(4401)
            }
        );
    }
}
