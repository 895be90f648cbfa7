//! The rules of a single action, in a recipe or in a stored plan.

pub use crate::interpret::Violation;
use crate::interpret::action::kind_of;
use crate::model::action::Action;
use crate::model::diagnostic::Code;

/// The maximum number of categories in one `when`. Those of every two actions on one path are compared.
pub(super) const MAX_CONDITIONS: usize = 20;

/// All broken rules of an action.
pub fn violations(action: &Action) -> Vec<Violation> {
    let conditions = action.common().when.len();
    let too_many = (conditions > MAX_CONDITIONS).then(|| Violation {
        code: Code::BadValue,
        field: Some("when"),
        message: format!("`when` names {conditions} categories, the maximum is {MAX_CONDITIONS}"),
        help: "use `requires` of the option instead",
    });
    too_many
        .into_iter()
        .chain(kind_of(action).violations())
        .collect()
}
