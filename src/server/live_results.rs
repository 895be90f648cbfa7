//! The results that people look at while they choose: the next choice is compared with the one before, which need not be
//! computed again.

use crate::model::digest::Digest;
use crate::model::report::Report;
use crate::store::id::UserId;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// The last result of each of the users who chose last. A server without it computes the result again.
#[derive(Debug, Default)]
pub struct LiveResults(Mutex<VecDeque<LiveResult>>);

#[derive(Debug)]
struct LiveResult {
    user: UserId,
    /// The query of the choice.
    query: String,
    report: Arc<Report>,
}

impl LiveResults {
    /// The largest number of results. One takes some hundred kilobytes.
    const MOST: usize = 32;

    /// The result of a choice of a user, if it is the last one that this user made, over a version of its catalogue.
    pub fn find(&self, user: &UserId, query: &str, version: &Digest) -> Option<Arc<Report>> {
        let results = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = results.iter().find(|result| result.user == *user)?;
        let is_same = own.query == query && own.report.catalog_version == *version;
        is_same.then(|| Arc::clone(&own.report))
    }

    /// Keeps the result of a choice in place of the user's earlier one.
    pub fn keep(&self, user: &UserId, query: String, report: &Arc<Report>) {
        let mut results = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        results.retain(|result| result.user != *user);
        if results.len() == Self::MOST {
            results.pop_front();
        }
        results.push_back(LiveResult {
            user: user.clone(),
            query,
            report: Arc::clone(report),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::report_difference::empty_report;

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    #[test]
    fn only_the_last_choice_of_a_user_over_the_same_catalogue_is_found() {
        let results = LiveResults::default();
        let report = Arc::new(empty_report());
        let version = report.catalog_version.clone();
        let (ada, eve) = (user("ada"), user("eve"));
        results.keep(&ada, "auth=none".to_owned(), &report);
        assert!(results.find(&ada, "auth=none", &version).is_some());
        assert!(results.find(&eve, "auth=none", &version).is_none());
        assert!(
            results
                .find(&ada, "auth=none", &Digest::of(b"other"))
                .is_none()
        );
        results.keep(&ada, "auth=session".to_owned(), &report);
        assert!(results.find(&ada, "auth=none", &version).is_none());
        for number in 0..LiveResults::MOST {
            results.keep(&user(&format!("u{number}")), String::new(), &report);
        }
        assert!(results.find(&ada, "auth=session", &version).is_none());
        assert!(results.find(&user("u0"), "", &version).is_some());
    }
}
