//! The assessment of a forge's answers: facts for the report, and findings where they concern the publication. It sends no
//! request.

use super::answers::Answers;
use super::{PlannedPublication, excerpt, findings};
use crate::forge::account::{Account, OwnerOption};
use crate::forge::denial::Denial;
use crate::forge::error::ForgeError;
use crate::forge::repository::Availability;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::preflight::{Fact, NameStatus, OwnerStanding, Permission, Preflight, Question};
use crate::model::report::Report;
use crate::model::timestamp::Timestamp;

/// The part of a report that a preflight adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    pub preflight: Preflight,
    /// Certain obstacles other than the name.
    pub errors: Vec<Diagnostic>,
    /// A name that is taken.
    pub collisions: Vec<Diagnostic>,
    pub warnings: Vec<Diagnostic>,
}

impl Assessment {
    /// Assesses the answers. Nothing if the time of the preflight is outside the calendar.
    pub fn of(publication: &PlannedPublication<'_>, answers: &Answers) -> Option<Self> {
        let mut assessment = Self {
            preflight: Preflight {
                checked_at: Timestamp::of_unix_seconds(publication.now)?,
                kind: publication.kind,
                host: publication.host.clone(),
                facts: Vec::new(),
            },
            errors: Vec::new(),
            collisions: Vec::new(),
            warnings: Vec::new(),
        };
        match &answers.account {
            Ok(account) => assessment.account(publication, account),
            Err(error) => assessment.unanswered(publication, Question::Account, error),
        }
        match &answers.owner {
            Some(Ok(owner)) => assessment.owner(publication, owner),
            Some(Err(ForgeError::NotFound { .. })) => assessment.unknown_owner(publication),
            Some(Err(error)) => assessment.unanswered(publication, Question::Owner, error),
            None => {}
        }
        match &answers.availability {
            Some(Ok(availability)) => assessment.name(publication, availability),
            Some(Err(error)) => assessment.unanswered(publication, Question::Name, error),
            None => {}
        }
        let lost = super::lost_settings(publication.kind, publication.settings);
        if !lost.is_empty() {
            assessment.fact(Fact::Settings { lost });
        }
        assessment.fact(Fact::Template {
            repo: publication.template.repo.to_string(),
            r#ref: publication.template.r#ref.clone(),
            sha: publication.template.sha.clone(),
        });
        Some(assessment)
    }

    /// Adds the facts and findings to a report. Its ids do not change.
    pub fn add_to(self, report: &mut Report) {
        report.can_proceed &= self.errors.is_empty() && self.collisions.is_empty();
        report.errors.extend(self.errors);
        report.collisions.extend(self.collisions);
        report.warnings.extend(self.warnings);
        report.forge = Some(self.preflight);
    }

    fn fact(&mut self, fact: Fact) {
        self.preflight.facts.push(fact);
    }

    fn account(&mut self, publication: &PlannedPublication<'_>, account: &Account) {
        self.fact(Fact::Account {
            login: excerpt(&account.login),
        });
        if publication.kind.has_tokens() {
            self.scopes(publication, account);
            self.expiry(publication, account);
            self.removal(publication, account);
            self.rate_limit(publication, account);
        }
    }

    fn scopes(&mut self, publication: &PlannedPublication<'_>, account: &Account) {
        let missing = account.missing_scopes(publication.scopes);
        if !missing.is_empty() {
            self.errors
                .push(findings::missing_scopes(publication, &missing));
        }
        let given = account.scopes.as_ref();
        self.fact(Fact::Scopes {
            given: given.map(|given| given.iter().map(|scope| excerpt(scope)).collect()),
            missing: missing.into_iter().map(str::to_owned).collect(),
        });
    }

    fn expiry(&mut self, publication: &PlannedPublication<'_>, account: &Account) {
        let expiry = account
            .expires_at
            .and_then(|seconds| Some((seconds, Timestamp::of_unix_seconds(seconds)?)));
        if let Some((seconds, at)) = &expiry {
            // The forge decides on the expiry by its own clock.
            let now = account.answered_at.unwrap_or(publication.now);
            self.warnings.extend(findings::expiry(
                publication,
                seconds.saturating_sub(now),
                at,
            ));
        }
        self.fact(Fact::Expiry {
            at: expiry.map(|(_, at)| at),
        });
    }

    fn removal(&mut self, publication: &PlannedPublication<'_>, account: &Account) {
        if account.can_delete == Permission::No {
            self.warnings.push(findings::no_removal(publication));
        }
        self.fact(Fact::Removal {
            allowed: account.can_delete,
        });
    }

    fn rate_limit(&mut self, publication: &PlannedPublication<'_>, account: &Account) {
        let Some(rate_limit) = account.rate_limit else {
            return;
        };
        let resets_at = Timestamp::of_unix_seconds(rate_limit.resets_at);
        let warning = findings::rate_limit(publication, rate_limit.remaining, resets_at.as_ref());
        self.warnings.extend(warning);
        self.fact(Fact::Budget {
            left: rate_limit.remaining,
            limit: rate_limit.limit,
            resets_at,
        });
    }

    fn owner(&mut self, publication: &PlannedPublication<'_>, owner: &OwnerOption) {
        if owner.standing == OwnerStanding::Unknown {
            self.warnings
                .push(findings::owner_right_unknown(publication));
        }
        if let Some(denial) = owner.denial {
            self.errors
                .push(findings::owner_closed(publication, owner.kind, denial));
        }
        self.fact(Fact::Owner {
            owner: publication.repo.owner.clone(),
            kind: Some(owner.kind),
            standing: owner.standing,
            reason: owner
                .denial
                .map(|denial| findings::denial_reason(owner.kind, denial)),
        });
    }

    fn unknown_owner(&mut self, publication: &PlannedPublication<'_>) {
        self.warnings.push(findings::unknown_owner(publication));
        self.fact(Fact::Owner {
            owner: publication.repo.owner.clone(),
            kind: None,
            standing: OwnerStanding::Unknown,
            reason: None,
        });
    }

    fn name(&mut self, publication: &PlannedPublication<'_>, availability: &Availability) {
        let standing = match availability {
            Availability::Free => NameStatus::Free,
            Availability::Taken { full_name, .. } => {
                self.collisions
                    .push(findings::name_taken(publication, &excerpt(full_name)));
                NameStatus::Taken
            }
            Availability::Moved => {
                self.warnings.push(findings::name_redirects(publication));
                NameStatus::Redirect
            }
        };
        self.fact(Fact::Name {
            owner: publication.repo.owner.clone(),
            repo: publication.repo.name.clone(),
            standing,
        });
    }

    fn unanswered(
        &mut self,
        publication: &PlannedPublication<'_>,
        question: Question,
        error: &ForgeError,
    ) {
        let reason = excerpt(&error.to_string());
        match error {
            // A token that is revoked between two requests is refused twice and reported once.
            ForgeError::Unauthorized { .. } => {
                let is_reported =
                    |errors: &[Diagnostic]| errors.iter().any(|e| e.code == Code::TokenRefused);
                if !is_reported(&self.errors) {
                    self.errors
                        .push(findings::token_refused(publication, &reason));
                }
            }
            // Publishing sends the same request and fails in the same way.
            ForgeError::Forbidden {
                denial: Denial::Scopes,
                ..
            } => self
                .errors
                .push(findings::denied_scope(publication, &reason)),
            _ => self
                .warnings
                .push(findings::unanswered(publication, question, &reason)),
        }
        self.fact(Fact::Unanswered { question, reason });
    }
}
