//! What the answers mean: facts, and findings where they stand in the way of publishing. Asks nothing itself.

use super::ask::Answers;
use super::obstacle;
use crate::forge::account::{Account, OwnerOption, OwnerStanding, Permission};
use crate::forge::error::ForgeError;
use crate::forge::repository::{Availability, RepoPath};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::plan::TemplatePin;
use crate::model::preflight::{self, Answer, Fact, ForgeKind, NameStatus, Preflight, Question};
use crate::model::report::Report;
use crate::model::timestamp::Timestamp;
use crate::scrub::scrub;

/// What is to be published, where, and when the forge was asked.
#[derive(Clone, Debug)]
pub struct Intent<'i> {
    pub kind: ForgeKind,
    pub host: String,
    pub place: RepoPath,
    /// The scopes that publishing needs.
    pub scopes: &'static [&'static str],
    pub template: &'i TemplatePin,
    /// In seconds since 1970.
    pub now: i64,
}

/// What a report gains by asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub preflight: Preflight,
    /// Certain obstacles besides the name.
    pub errors: Vec<Diagnostic>,
    /// The name is taken.
    pub collisions: Vec<Diagnostic>,
    pub warnings: Vec<Diagnostic>,
}

/// The longest text of a forge's that is repeated, in characters.
const LONGEST: usize = 200;

/// The scopes that publishing a tree needs: `workflow` where it holds workflows, which GitHub guards by itself.
pub fn scopes_for<'p>(mut paths: impl Iterator<Item = &'p str>) -> &'static [&'static str] {
    if paths.any(|path| path.starts_with(".github/workflows/")) {
        &["repo", "workflow"]
    } else {
        &["repo"]
    }
}

/// Judges the answers. Nothing when the clock stands outside the calendar.
pub fn judge(intent: &Intent<'_>, answers: &Answers) -> Option<Judgement> {
    let mut judgement = Judgement {
        preflight: Preflight {
            checked_at: Timestamp::of_unix_seconds(intent.now)?,
            kind: intent.kind,
            host: intent.host.clone(),
            facts: Vec::new(),
        },
        errors: Vec::new(),
        collisions: Vec::new(),
        warnings: Vec::new(),
    };
    match &answers.account {
        Ok(account) => judgement.account(intent, account),
        Err(error) => judgement.unanswered(intent, Question::Account, error),
    }
    match &answers.owner {
        Some(Ok(owner)) => judgement.owner(intent, owner),
        Some(Err(ForgeError::NotFound { .. })) => judgement.no_owner(intent),
        Some(Err(error)) => judgement.unanswered(intent, Question::Owner, error),
        None => {}
    }
    match &answers.name {
        Some(Ok(standing)) => judgement.name(intent, standing),
        Some(Err(error)) => judgement.unanswered(intent, Question::Name, error),
        None => {}
    }
    judgement.preflight.facts.push(Fact::Template {
        repo: intent.template.repo.to_string(),
        r#ref: intent.template.r#ref.clone(),
        sha: intent.template.sha.clone(),
    });
    Some(judgement)
}

impl Judgement {
    /// Adds what was learned to a report. The ids stay as they are.
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

    fn account(&mut self, intent: &Intent<'_>, account: &Account) {
        self.fact(Fact::Account {
            login: outside(&account.login),
        });
        if intent.kind == ForgeKind::Local {
            return;
        }
        let missing = account.lacks(intent.scopes);
        if !missing.is_empty() {
            self.errors.push(obstacle::missing_scopes(intent, &missing));
        }
        let given = account.scopes.as_ref();
        self.fact(Fact::Scopes {
            given: given.map(|given| given.iter().map(|scope| outside(scope)).collect()),
            missing: missing.into_iter().map(str::to_owned).collect(),
        });
        let at = account.expires_at;
        if let Some((at, moment)) = at.and_then(|at| Some((at, Timestamp::of_unix_seconds(at)?))) {
            self.warnings.extend(obstacle::expiry(intent, at, &moment));
        }
        self.fact(Fact::Expiry {
            at: at.and_then(Timestamp::of_unix_seconds),
        });
        if account.may_delete == Permission::No {
            self.warnings.push(obstacle::no_removal(intent));
        }
        self.fact(Fact::Removal {
            allowed: match account.may_delete {
                Permission::Yes => Answer::Yes,
                Permission::No => Answer::No,
                Permission::Unknown => Answer::Unknown,
            },
        });
        if let Some(budget) = account.budget {
            let resets_at = Timestamp::of_unix_seconds(budget.resets_at);
            let warning = obstacle::budget(intent, budget.left, resets_at.as_ref());
            self.warnings.extend(warning);
            self.fact(Fact::Budget {
                left: budget.left,
                limit: budget.limit,
                resets_at,
            });
        }
    }

    fn owner(&mut self, intent: &Intent<'_>, owner: &OwnerOption) {
        let reason = match &owner.standing {
            OwnerStanding::Visible => None,
            OwnerStanding::Unknown => {
                self.warnings.push(obstacle::owner_unknown(intent));
                None
            }
            OwnerStanding::PolicyBlocked(denial) => {
                let finding = obstacle::owner_closed(intent, owner.kind, *denial);
                let reason = obstacle::why_closed(owner.kind, *denial);
                self.errors.push(finding);
                Some(reason)
            }
        };
        self.fact(Fact::Owner {
            owner: intent.place.owner.clone(),
            kind: Some(kind(owner)),
            standing: standing(owner),
            reason,
        });
    }

    fn no_owner(&mut self, intent: &Intent<'_>) {
        self.warnings.push(obstacle::no_owner(intent));
        self.fact(Fact::Owner {
            owner: intent.place.owner.clone(),
            kind: None,
            standing: preflight::OwnerStanding::Unknown,
            reason: None,
        });
    }

    fn name(&mut self, intent: &Intent<'_>, standing: &Availability) {
        let standing = match standing {
            Availability::Free => NameStatus::Free,
            Availability::Taken { full_name, .. } => {
                let finding = obstacle::name_taken(intent, &outside(full_name));
                self.collisions.push(finding);
                NameStatus::Taken
            }
            Availability::Moved => {
                self.warnings.push(obstacle::name_moved(intent));
                NameStatus::Redirect
            }
        };
        self.fact(Fact::Name {
            owner: intent.place.owner.clone(),
            repo: intent.place.name.clone(),
            standing,
        });
    }

    fn unanswered(&mut self, intent: &Intent<'_>, question: Question, error: &ForgeError) {
        let reason = outside(&error.to_string());
        match error {
            // It may be revoked between two questions; once is enough.
            ForgeError::Unauthorized { .. } => {
                let is_refusal = |finding: &Diagnostic| finding.code == Code::TokenRefused;
                if !self.errors.iter().any(is_refusal) {
                    self.errors.push(obstacle::token_refused(intent, &reason));
                }
            }
            _ => self
                .warnings
                .push(obstacle::unanswered(intent, question, &reason)),
        }
        self.fact(Fact::Unanswered { question, reason });
    }
}

/// The document's word for who an owner is.
pub fn kind(owner: &OwnerOption) -> preflight::OwnerKind {
    use crate::forge::account::OwnerKind;
    match owner.kind {
        OwnerKind::Myself => preflight::OwnerKind::Myself,
        OwnerKind::Organisation => preflight::OwnerKind::Organisation,
        OwnerKind::SomebodyElse => preflight::OwnerKind::SomebodyElse,
    }
}

/// The document's word for how an owner stands.
pub fn standing(owner: &OwnerOption) -> preflight::OwnerStanding {
    match owner.standing {
        OwnerStanding::Visible => preflight::OwnerStanding::Visible,
        OwnerStanding::Unknown => preflight::OwnerStanding::Unknown,
        OwnerStanding::PolicyBlocked(_) => preflight::OwnerStanding::PolicyBlocked,
    }
}

/// A text of the forge's own, as it may be repeated: one line, not long, and without what looks like a token.
pub fn outside(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    scrub(text, &[])
        .chars()
        .map(printable)
        .take(LONGEST)
        .collect()
}
