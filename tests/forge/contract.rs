//! The requests, judged by Prism from each forge's own description. `tests/contract.sh` starts it and runs this.

use super::fake::TOKEN;
use super::support::{FakeClock, claim, marker, place, wait};
use groundplan::forge::Forge;
use groundplan::forge::account::OwnerKind;
use groundplan::forge::error::ForgeError;
use groundplan::forge::forgejo::Forgejo;
use groundplan::forge::github::GitHub;
use groundplan::forge::http::HttpConfig;
use groundplan::forge::repository::{Availability, Content, NewRepository};
use groundplan::forge::site::Site;
use groundplan::secret::Secret;

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/contract.sh"))
}

/// Makes every call once. Prism answers with the description's examples, which know nothing of each other.
async fn call_everything(forge: &dyn Forge, owner: &str, name: &str) {
    let place = place(owner, name);
    forge.current_user().await.unwrap();
    forge.owners().await.unwrap();
    forge.owner(&place.owner).await.unwrap();
    let Availability::Taken { id, full_name } = forge.availability(&place).await.unwrap() else {
        panic!("the example repository stands there");
    };
    assert!(place.is(&full_name));
    for kind in [OwnerKind::Myself, OwnerKind::Organisation] {
        let order = NewRepository {
            place: place.clone(),
            kind,
            marker: marker(),
        };
        assert_eq!(forge.create(&order).await.unwrap().id, id);
    }
    let repository = forge.repository(id).await.unwrap().unwrap();
    assert_ne!(
        repository.content,
        Content::Empty,
        "the examples have branches"
    );
    forge
        .describe(&repository, "Acme's web site")
        .await
        .unwrap();
    // The example is not ours, so the request for its removal is never made.
    let deleted = forge.delete(id, &claim(owner, name)).await;
    assert!(
        matches!(deleted, Err(ForgeError::NotOurs(_))),
        "{deleted:?}"
    );
}

#[test]
#[ignore = "needs Prism from npm: run tests/contract.sh"]
fn githubs_own_description_accepts_the_requests() {
    let site = Site::github(&setting("CONTRACT_GITHUB"), &[]).unwrap();
    let secret = Secret::parse(TOKEN.to_owned()).unwrap();
    let forge = GitHub::new(site, secret, HttpConfig::new(FakeClock::new())).unwrap();
    wait(call_everything(&forge, "octocat", "Hello-World"));
}

#[test]
#[ignore = "needs Prism from npm: run tests/contract.sh"]
fn forgejos_own_description_accepts_the_requests() {
    let site = Site::forgejo(&setting("CONTRACT_FORGEJO"), &[]).unwrap();
    let secret = Secret::parse(TOKEN.to_owned()).unwrap();
    let forge = Forgejo::new(site, secret, HttpConfig::new(FakeClock::new())).unwrap();
    wait(call_everything(&forge, "acme", "web"));
}
