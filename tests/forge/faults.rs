//! Every fault of a request: the repetitions and the error.

use super::fake::{Dialect, FAULTS, Fake, Fault, TOKEN};
use super::support::{FakeClock, client, marker, proof, repo, wait};
use groundplan::forge::Forge;
use groundplan::forge::error::ForgeError;
use groundplan::forge::github::GitHub;
use groundplan::forge::repository::{Availability, NewRepository, Repository};
use groundplan::forge::site::Site;
use groundplan::forge::transport::HttpConfig;
use groundplan::model::preflight::OwnerKind;
use groundplan::secret::Secret;
use std::time::Duration;

const BOTH: [Dialect; 2] = [Dialect::GitHub, Dialect::Forgejo];
const FOR_EVER: usize = usize::MAX / 2;

async fn create(forge: &dyn Forge) -> Result<Repository, ForgeError> {
    let order = NewRepository {
        repo: repo("acme", "web"),
        owner_kind: OwnerKind::Organisation,
        marker: marker(),
    };
    forge.create(&order).await
}

/// The kind of an error in one word.
fn kind<T: std::fmt::Debug>(result: &Result<T, ForgeError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(ForgeError::Unauthorized { .. }) => "unauthorized",
        Err(ForgeError::NotFound { .. }) => "not found",
        Err(ForgeError::Moved) => "moved",
        Err(ForgeError::RateLimited { .. }) => "limited",
        Err(ForgeError::Unavailable { .. }) => "unavailable",
        Err(ForgeError::OutcomeUnknown { .. }) => "unknown",
        Err(ForgeError::Protocol { .. }) => "protocol",
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_change_is_sent_once_and_its_outcome_is_known_or_unknown() {
    for (fault, expected) in [
        (Fault::CutBefore, "unknown"),
        (Fault::CutAfter, "unknown"),
        (Fault::Late, "unknown"),
        (Fault::Truncated, "unknown"),
        (Fault::BadGatewayAfter, "unknown"),
        (Fault::BadGatewayBefore, "unknown"),
        (Fault::TooMany, "limited"),
        (Fault::SecondaryLimit, "limited"),
        (Fault::Unauthorized, "unauthorized"),
        (Fault::NotFound, "not found"),
        (Fault::Redirect, "moved"),
        (Fault::Garbage, "unknown"),
        (Fault::Huge, "unknown"),
    ] {
        for dialect in BOTH {
            let fake = Fake::start(dialect);
            let forge = client(&fake, FakeClock::new());
            fake.state().fault = Some((0, fault, FOR_EVER));
            let created = wait(create(&*forge));
            assert_eq!(kind(&created), expected, "{fault:?}: {created:?}");
            assert_eq!(fake.state().calls.len(), 1, "{fault:?}");
        }
    }
}

#[test]
fn a_read_is_repeated_only_while_the_forge_is_unreachable() {
    for (fault, expected, calls) in [
        (Fault::CutBefore, "unavailable", 4),
        (Fault::CutAfter, "unavailable", 4),
        (Fault::Truncated, "unavailable", 4),
        (Fault::BadGatewayBefore, "unavailable", 4),
        (Fault::BadGatewayAfter, "unavailable", 4),
        (Fault::TooMany, "limited", 1),
        (Fault::SecondaryLimit, "limited", 1),
        (Fault::Unauthorized, "unauthorized", 1),
        (Fault::NotFound, "not found", 1),
        (Fault::Redirect, "moved", 1),
        (Fault::Garbage, "protocol", 1),
        (Fault::Huge, "protocol", 1),
    ] {
        for dialect in BOTH {
            let fake = Fake::start(dialect);
            let forge = client(&fake, FakeClock::new());
            fake.state().fault = Some((0, fault, FOR_EVER));
            let account = wait(forge.current_user());
            assert_eq!(kind(&account), expected, "{fault:?}: {account:?}");
            assert_eq!(fake.state().calls.len(), calls, "{fault:?}");
        }
    }
}

#[test]
fn a_repeated_read_waits_longer_each_time_and_succeeds() {
    let fake = Fake::start(Dialect::GitHub);
    let clock = FakeClock::new();
    let forge = client(&fake, clock.clone());
    fake.state().fault = Some((0, Fault::BadGatewayBefore, 3));
    assert_eq!(wait(forge.current_user()).unwrap().login, "jane");
    let waits = [500, 1000, 2000].map(Duration::from_millis);
    assert_eq!(*clock.waits.lock().unwrap(), waits);
}

#[test]
fn a_read_with_a_late_answer_is_repeated() {
    let fake = Fake::start(Dialect::Forgejo);
    let forge = client(&fake, FakeClock::new());
    fake.state().fault = Some((0, Fault::Late, 1));
    assert_eq!(wait(forge.current_user()).unwrap().login, "jane");
    assert_eq!(fake.state().calls.len(), 2);
}

#[test]
fn nothing_is_sent_until_the_end_of_a_rate_limit() {
    let fake = Fake::start(Dialect::GitHub);
    let clock = FakeClock::new();
    let forge = client(&fake, clock.clone());
    fake.state().fault = Some((0, Fault::TooMany, 1));
    let limited = |seconds| ForgeError::RateLimited {
        retry_after: Duration::from_secs(seconds),
    };
    wait(async {
        use groundplan::base::clock::Clock as _;
        assert_eq!(forge.current_user().await, Err(limited(20)));
        clock.sleep(Duration::from_secs(5)).await;
        assert_eq!(forge.current_user().await, Err(limited(15)));
        assert_eq!(create(&*forge).await, Err(limited(15)));
        assert_eq!(fake.state().calls.len(), 1);
        clock.sleep(Duration::from_secs(15)).await;
        assert_eq!(forge.current_user().await.unwrap().login, "jane");
    });
}

#[test]
fn changes_are_sent_a_second_apart() {
    let fake = Fake::start(Dialect::GitHub);
    let clock = FakeClock::new();
    let forge = client(&fake, clock.clone());
    wait(async {
        let made = create(&*forge).await.unwrap();
        forge.set_description(&made, "one").await.unwrap();
        forge.set_description(&made, "two").await.unwrap();
    });
    assert_eq!(*clock.waits.lock().unwrap(), [Duration::from_secs(1); 2]);
}

#[test]
fn a_change_without_a_connection_is_known_to_be_unsent() {
    let fake = Fake::start(Dialect::GitHub);
    let forge = client(&fake, FakeClock::new());
    drop(fake);
    // The fake may accept one more connection before it closes.
    drop(wait(forge.current_user()));
    let created = wait(create(&*forge));
    assert_eq!(kind(&created), "unavailable", "{created:?}");
}

#[test]
fn a_forge_without_tls_gets_no_request() {
    let fake = Fake::start(Dialect::GitHub);
    let address = fake.address().replace("http://", "https://");
    let site = Site::github(&address, &[]).unwrap();
    let secret = Secret::parse(TOKEN.to_owned()).unwrap();
    let forge = GitHub::new(site, secret, HttpConfig::new(FakeClock::new())).unwrap();
    assert_eq!(kind(&wait(forge.current_user())), "unavailable");
    assert_eq!(kind(&wait(create(&forge))), "unavailable");
    assert_eq!(fake.state().calls.len(), 0);
}

#[test]
fn a_delete_follows_no_redirect() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        let forge = client(&fake, FakeClock::new());
        let (made, victim) = wait(async {
            let made = create(&*forge).await.unwrap();
            (made, fake.state().add("acme", "victim", "mine"))
        });
        let calls = fake.state().calls.len();
        // The repository, its branches and its tags are read before.
        fake.state().fault = Some((calls + 3, Fault::Redirect, FOR_EVER));
        let deleted = wait(forge.delete(made.id, &proof("acme", "web")));
        assert_eq!(deleted, Err(ForgeError::Moved));
        assert_eq!(fake.state().count("DELETE"), 1);
        assert!(fake.state().repos.contains_key(&victim));
        assert_eq!(fake.state().deletes, [0; 0]);
    }
}

#[test]
fn no_error_contains_the_token() {
    for dialect in BOTH {
        for fault in FAULTS {
            let fake = Fake::start(dialect);
            let forge = client(&fake, FakeClock::new());
            fake.state().fault = Some((0, fault, 2));
            let shown = format!(
                "{:?} {:?}",
                wait(create(&*forge)),
                wait(forge.current_user())
            );
            assert!(
                !shown.contains(TOKEN) && !shown.contains("canary"),
                "{shown}"
            );
        }
    }
}

#[test]
fn a_new_repository_that_does_not_answer_yet_is_absent() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        let forge = client(&fake, FakeClock::new());
        fake.state().hide_new = 2;
        wait(async {
            let made = create(&*forge).await.unwrap();
            assert_eq!(forge.repository(made.id).await, Ok(None));
            assert_eq!(
                forge.availability(&repo("acme", "web")).await,
                Ok(Availability::Free)
            );
            assert_eq!(forge.repository(made.id).await, Ok(Some(made)));
        });
    }
}
