//! What the forges say of accounts, owners and renamed repositories.

use super::fake::{Dialect, Fake, NOON};
use super::support::{FakeClock, claim, client, client_with, marker, place, wait};
use groundplan::forge::account::{
    Account, Budget, OwnerKind, OwnerOption, OwnerStanding, Permission,
};
use groundplan::forge::error::{Denial, ForgeError};
use groundplan::forge::ownership::OwnershipError;
use groundplan::forge::repository::{Availability, NewRepository, RepositoryId};

fn order(kind: OwnerKind, owner: &str) -> NewRepository {
    NewRepository {
        place: place(owner, "web"),
        kind,
        marker: marker(),
    }
}

#[test]
fn github_tells_what_a_classic_token_may_do_and_until_when() {
    let fake = Fake::start(Dialect::GitHub);
    let forge = client(&fake, FakeClock::new());
    let mut account = Account {
        login: "jane".to_owned(),
        id: 7,
        scopes: Some(
            ["delete_repo", "repo", "workflow"]
                .map(str::to_owned)
                .into(),
        ),
        expires_at: Some(1_800_000_000),
        may_delete: Permission::Yes,
        budget: Some(Budget {
            limit: 5000,
            left: 4999,
            resets_at: NOON,
        }),
    };
    assert_eq!(wait(forge.current_user()), Ok(account.clone()));
    fake.state().scopes = "public_repo";
    account.scopes = Some(["public_repo".to_owned()].into());
    account.may_delete = Permission::No;
    assert_eq!(account.lacks(&["repo"]), ["repo"]);
    assert_eq!(wait(forge.current_user()), Ok(account));
}

#[test]
fn another_token_is_refused_by_name() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        let forge = client_with(&fake, FakeClock::new(), "ghp_another0123456789");
        let message = "status 401: Bad credentials".to_owned();
        assert_eq!(
            wait(forge.current_user()),
            Err(ForgeError::Unauthorized { message })
        );
    }
}

#[test]
fn every_owner_is_listed_with_its_standing() {
    let option = |login: &str, kind, standing| OwnerOption {
        login: login.to_owned(),
        kind,
        standing,
    };
    let blocked = OwnerStanding::PolicyBlocked(Denial::Policy);
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        let forge = client(&fake, FakeClock::new());
        let owners = wait(forge.owners()).unwrap();
        assert!(owners.is_complete);
        assert_eq!(
            owners.options,
            [
                option("jane", OwnerKind::Myself, OwnerStanding::Visible),
                option("acme", OwnerKind::Organisation, OwnerStanding::Visible),
                option("closed", OwnerKind::Organisation, blocked.clone()),
            ]
        );
        let owner = |name| wait(forge.owner(&place(name, "web").owner));
        assert_eq!(
            owner("jane"),
            Ok(option("jane", OwnerKind::Myself, OwnerStanding::Visible))
        );
        assert_eq!(
            owner("bob"),
            Ok(option("bob", OwnerKind::SomebodyElse, blocked.clone()))
        );
        assert!(matches!(owner("nobody"), Err(ForgeError::NotFound { .. })));
    }
}

#[test]
fn a_repository_is_made_for_the_user_or_an_organisation_and_for_nobody_else() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        let forge = client(&fake, FakeClock::new());
        let create = |kind, owner| wait(forge.create(&order(kind, owner)));
        assert_eq!(
            create(OwnerKind::Myself, "jane").unwrap().full_name,
            "jane/web"
        );
        assert_eq!(
            create(OwnerKind::Organisation, "acme").unwrap().full_name,
            "acme/web"
        );
        let closed = create(OwnerKind::Organisation, "closed");
        assert!(
            matches!(
                closed,
                Err(ForgeError::Forbidden {
                    why: Denial::Policy,
                    ..
                })
            ),
            "{closed:?}"
        );
        let calls = fake.state().calls.len();
        let bob = create(OwnerKind::SomebodyElse, "bob");
        assert!(matches!(bob, Err(ForgeError::Invalid { .. })), "{bob:?}");
        assert_eq!(fake.state().calls.len(), calls);
    }
}

#[test]
fn a_renamed_repository_is_seen_and_not_followed() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        let forge = client(&fake, FakeClock::new());
        let id = fake.state().add("acme", "renamed", "mine");
        fake.state().redirects.insert("acme/web".to_owned(), id);
        assert_eq!(
            wait(forge.availability(&place("acme", "web"))),
            Ok(Availability::Moved)
        );
        assert_eq!(fake.state().calls.len(), 1);
    }
}

#[test]
fn what_took_the_name_in_the_meantime_is_left_alone() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        let forge = client(&fake, FakeClock::new());
        let made = wait(forge.create(&order(OwnerKind::Organisation, "acme"))).unwrap();
        let stranger = {
            let mut state = fake.state();
            state.repos.get_mut(&made.id.0).unwrap().name = "renamed".to_owned();
            state.add("acme", "web", &marker().description())
        };
        let doubt = OwnershipError::Name {
            found: "acme/renamed".to_owned(),
            expected: "acme/web".to_owned(),
        };
        let deleted = wait(forge.delete(made.id, &claim("acme", "web")));
        assert_eq!(deleted, Err(ForgeError::NotOurs(doubt)));
        fake.state().repos.get_mut(&stranger).unwrap().stars = 1;
        let deleted = wait(forge.delete(RepositoryId(stranger), &claim("acme", "web")));
        assert_eq!(deleted, Err(ForgeError::NotOurs(OwnershipError::Traces)));
        assert_eq!(fake.state().count("DELETE"), 0);
    }
}

#[test]
fn a_token_that_may_not_delete_is_told_so() {
    let fake = Fake::start(Dialect::GitHub);
    fake.state().scopes = "repo";
    let forge = client(&fake, FakeClock::new());
    let made = wait(forge.create(&order(OwnerKind::Organisation, "acme"))).unwrap();
    let deleted = wait(forge.delete(made.id, &claim("acme", "web")));
    assert!(
        matches!(
            deleted,
            Err(ForgeError::Forbidden {
                why: Denial::Scopes,
                ..
            })
        ),
        "{deleted:?}"
    );
    assert_eq!(fake.state().repos.len(), 1);
}
