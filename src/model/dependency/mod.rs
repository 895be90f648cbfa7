//! Dependencies: the ecosystem of a manifest, its sections, package names and version ranges.

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
