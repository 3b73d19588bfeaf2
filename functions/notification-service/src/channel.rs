//! The channels as the service sees them; in the component they are components of their own (`wit/channels.wit`).

/// What a channel is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same however often it is sent.
    pub id: String,
    /// The notification's kind.
    pub kind: String,
    /// One line.
    pub title: String,
    /// A sentence.
    pub body: String,
    /// Where the task can be seen.
    pub link: String,
}

/// What a channel makes of it: a message for an output binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The binding.
    pub name: String,
    /// Its operation.
    pub operation: String,
    /// JSON.
    pub data: String,
    /// In the binding's own terms.
    pub metadata: Vec<(String, String)>,
}

/// The channels.
pub trait Channels {
    /// E-mail.
    ///
    /// # Errors
    /// Why it can never be sent to this address.
    fn email(&self, message: &Message, address: &str) -> Result<Request, String>;
}
