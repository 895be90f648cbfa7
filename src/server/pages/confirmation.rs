//! The page that asks before a change is made.

use super::fields::Fields;
use super::frame::Frame;
use askama::Template;

/// A question with the form that makes the change.
#[derive(Template)]
#[template(path = "confirmation.html")]
pub(super) struct ConfirmationPage {
    pub(super) frame: Frame,
    pub(super) title: String,
    /// The subject and the consequences, in sentences.
    pub(super) sentences: Vec<String>,
    /// The reason why nothing was done, or cannot be done.
    pub(super) refusal: Option<String>,
    /// The path of the form's target; none if the change cannot be made.
    pub(super) target: Option<String>,
    pub(super) fields: Fields,
    pub(super) button: String,
    pub(super) is_destructive: bool,
    /// The path of the page to go back to.
    pub(super) back: String,
}
