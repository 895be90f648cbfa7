//! Requests checked by Prism against each forge's OpenAPI description. `tests/contract.sh` runs these tests.

use super::fake::TOKEN;
use super::settings::all;
use super::support::{FakeClock, marker, proof, repo, wait};
use groundplan::forge::Forge;
use groundplan::forge::error::ForgeError;
use groundplan::forge::forgejo::Forgejo;
use groundplan::forge::github::GitHub;
use groundplan::forge::pull_request::{NewPullRequest, PullRequestText, PullRequests};
use groundplan::forge::repository::{Availability, Content, NewRepository, RepoPath};
use groundplan::forge::settings::{NewFile, SettingsError};
use groundplan::forge::site::Site;
use groundplan::forge::transport::HttpConfig;
use groundplan::model::path::TreePath;
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
    // The examples are not changed by a request, so the settings still differ.
    let settings = forge.settings().unwrap();
    let applied = settings.apply(&repo, &all()).await;
    assert!(
        matches!(applied, Err(SettingsError::NotKept { .. })),
        "{applied:?}"
    );
    let path = TreePath::parse("README.md").unwrap();
    let file = NewFile {
        path: &path,
        bytes: b"# Web\n",
        message: "Add README.md",
    };
    settings.commit_file(&repo, file).await.unwrap();
    let branched = settings.commit_file_to_new_branch(&repo, "proof", file);
    branched.await.unwrap();
    settings.delete_branch(&repo, "proof").await.unwrap();
    call_pull_requests(forge.pull_requests().unwrap(), &repo).await;
    // Forgejo's example of a content is no base64.
    let read = settings.file(&repo, "main", &path).await;
    assert!(
        matches!(read, Ok(Some(_)) | Err(ForgeError::Protocol { .. })),
        "{read:?}"
    );
    // The example is not ours, so no delete is sent.
    let deleted = forge.delete(id, &proof(owner, name)).await;
    assert!(
        matches!(deleted, Err(ForgeError::NotOurs(_))),
        "{deleted:?}"
    );
}

async fn call_pull_requests(pulls: &dyn PullRequests, repo: &RepoPath) {
    let text = PullRequestText {
        title: "Update acme".to_owned(),
        body: "A new version.".to_owned(),
        is_draft: true,
    };
    let new = NewPullRequest {
        branch: "groundplan/update-1".to_owned(),
        base: "main".to_owned(),
        text: text.clone(),
    };
    conforms(&pulls.default_branch(repo).await);
    conforms(&pulls.open_pull_requests(repo).await);
    conforms(&pulls.open_pull_request(repo, &new).await);
    conforms(&pulls.revise_pull_request(repo, 1, &text).await);
    conforms(&pulls.comment(repo, 1, "A comment.").await);
}

/// Fails for a request that the description refuses. An example may be no answer that a forge gives.
#[track_caller]
fn conforms<T: std::fmt::Debug>(result: &Result<T, ForgeError>) {
    let is_answered = matches!(
        result,
        Ok(_) | Err(ForgeError::Protocol { .. } | ForgeError::OutcomeUnknown { .. })
    );
    assert!(is_answered, "{result:?}");
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
