//! Requests checked by Prism against each forge's OpenAPI description. `tests/contract.sh` runs these tests.

use super::fake::TOKEN;
use super::support::{FakeClock, marker, proof, repo, wait};
use groundplan::forge::Forge;
use groundplan::forge::error::ForgeError;
use groundplan::forge::forgejo::Forgejo;
use groundplan::forge::github::GitHub;
use groundplan::forge::repository::{Availability, Content, NewRepository};
use groundplan::forge::site::Site;
use groundplan::forge::transport::HttpConfig;
use groundplan::model::preflight::OwnerKind;
use groundplan::secret::Secret;

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/contract.sh"))
}

/// Sends every request once. Prism answers with the description's examples, which are independent of each other.
async fn call_everything(forge: &dyn Forge, owner: &str, name: &str) {
    let repo = repo(owner, name);
    forge.current_user().await.unwrap();
    forge.owners().await.unwrap();
    forge.owner(&repo.owner).await.unwrap();
    let Availability::Taken { id, full_name } = forge.availability(&repo).await.unwrap() else {
        panic!("the example repository exists");
    };
    assert!(repo.is_exactly(&full_name));
    for kind in [OwnerKind::CurrentUser, OwnerKind::Organisation] {
        let order = NewRepository {
            repo: repo.clone(),
            owner_kind: kind,
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
        .set_description(&repository, "Acme's web site")
        .await
        .unwrap();
    // The example is not ours, so no delete is sent.
    let deleted = forge.delete(id, &proof(owner, name)).await;
    assert!(
        matches!(deleted, Err(ForgeError::NotOurs(_))),
        "{deleted:?}"
    );
}

#[test]
#[ignore = "needs Prism from npm: run tests/contract.sh"]
fn the_requests_conform_to_githubs_description() {
    let site = Site::github(&setting("CONTRACT_GITHUB"), &[]).unwrap();
    let secret = Secret::parse(TOKEN.to_owned()).unwrap();
    let forge = GitHub::new(site, secret, HttpConfig::new(FakeClock::new())).unwrap();
    wait(call_everything(&forge, "octocat", "Hello-World"));
}

#[test]
#[ignore = "needs Prism from npm: run tests/contract.sh"]
fn the_requests_conform_to_forgejos_description() {
    let site = Site::forgejo(&setting("CONTRACT_FORGEJO"), &[]).unwrap();
    let secret = Secret::parse(TOKEN.to_owned()).unwrap();
    let forge = Forgejo::new(site, secret, HttpConfig::new(FakeClock::new())).unwrap();
    wait(call_everything(&forge, "acme", "web"));
}
