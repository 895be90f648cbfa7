//! The rules of a single action, in a recipe or in a stored plan.

pub use crate::interpret::Violation;
use crate::interpret::action::kind_of;
use crate::model::action::Action;
use crate::model::condition::Condition;
use crate::model::diagnostic::Code;
use crate::model::path::TreePath;

/// The maximum number of categories and inputs in one `when` or `unless`. Those of every two actions on one path are
/// compared.
pub(super) const MAX_CONDITIONS: usize = 20;

/// The help about a path that an action may not name.
const PATH_HELP: &str = "write a path as in `docs/notes.md`; copy files with other names by a COPY_FILE of their folder";

/// The help about a path that only a template may have.
const ANY_PATH_HELP: &str =
    "add `any_path: true` to the action, or write a path as in `docs/notes.md`";

/// The help about a source that leaves the recipe's folder.
const SOURCE_HELP: &str =
    "`from` is a path below the folder of the recipe; recipes share files by `include`";

/// The help about the path in a field.
pub(super) fn path_help(field: &str, path: &str) -> &'static str {
    if TreePath::parse(path).is_ok() {
        ANY_PATH_HELP
    } else if field == "from" && path.starts_with("..") {
        SOURCE_HELP
    } else {
        PATH_HELP
    }
}

/// All broken rules of an action.
pub fn violations(action: &Action) -> Vec<Violation> {
    let common = action.common();
    let too_many = |field, condition: &Condition| {
        (condition.len() > MAX_CONDITIONS).then(|| Violation {
            code: Code::BadValue,
            field: Some(field),
            message: format!(
                "`{field}` names {} categories and inputs, the maximum is {MAX_CONDITIONS}",
                condition.len()
            ),
            help: "use `requires` of the option instead",
        })
    };
    let conditions = [("when", &common.when), ("unless", &common.unless)];
    let too_many = conditions
        .into_iter()
        .filter_map(|(field, condition)| too_many(field, condition));
    let source = kind_of(action).source().map(|path| ("from", path));
    let paths = action
        .paths()
        .into_iter()
        .chain(source)
        .filter(|_| !common.any_path)
        .filter_map(|(field, path)| Some((field, path, path.check().err()?)))
        .map(|(field, path, error)| Violation {
            code: Code::BadPath,
            field: Some(field),
            message: error.to_string(),
            help: path_help(field, path.as_str()),
        });
    too_many
        .chain(paths)
        .chain(kind_of(action).violations())
        .collect()
}
