//! What a recipe says about one dependency: the ecosystem of its manifest, the section, the name and the version range.

mod ecosystem;
mod name;
mod pep440;
mod range;
mod range_error;
mod section;
mod semver_set;
mod spans;

pub use ecosystem::Ecosystem;
pub use name::{PackageName, PackageNameError};
pub use range::{Relation, VersionRange};
pub use range_error::VersionRangeError;
pub use section::Section;
