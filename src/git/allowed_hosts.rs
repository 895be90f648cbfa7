//! The hosts that the operator allows, beyond those of public and private networks.

use crate::base::host;

/// The hosts of a [`HostGroup`](host::HostGroup) that may be contacted.
#[derive(Clone, Debug)]
pub enum AllowedHosts {
    /// All: the operator named the address.
    All,
    /// Those of a list.
    Only(Vec<String>),
}

impl AllowedHosts {
    pub(super) fn contains(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(hosts) => {
                let wanted = host::canonical(host);
                hosts
                    .iter()
                    .any(|allowed| host::canonical(allowed) == wanted)
            }
        }
    }
}
