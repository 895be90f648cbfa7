//! A tree in a folder of the disk, through a directory handle: no path is resolved twice and no link is followed.

mod disk_tree;
mod entry;
mod ignore;
mod scan;
mod write_all;

pub(super) use disk_tree::DiskEntry;
pub use disk_tree::DiskTree;
pub use scan::{Scan, scan, scan_catalog, scan_template};
pub(super) use write_all::write_all;
