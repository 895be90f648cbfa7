//! The token of a forge on the page of settings: tested, stored, shown without its value, and removed.

use super::pages::Browser;
use super::pages_board::part;
use super::support::{KEY, TestServer};
use crate::forge::fake::{Dialect, Fake, TOKEN};
use crate::support::Sandbox;

/// A server for a fake forge.
fn server(fake: &Fake) -> TestServer {
    let kind = match fake.dialect {
        Dialect::GitHub => "github",
        Dialect::Forgejo => "forgejo",
    };
    let address = fake.address();
    let flags = ["--no-worker", "--forge", kind, "--forge-url", &address];
    let key = [("BOOTSTRAP_ENCRYPTION_KEY", KEY)];
    TestServer::start_in(Sandbox::with_demo(), &flags, &key, " ready ")
}

#[test]
fn a_token_of_a_forge_is_tested_stored_and_removed() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        let server = server(&fake);
        let mut browser = Browser::signed_in(&server, &server.token("ada", &[]));
        let page = browser.page("/settings");
        assert!(page.contains("No token is stored."), "{page}");
        let is_github = matches!(dialect, Dialect::GitHub);
        let sentence = "A classic personal access token with the scope <code>repo</code> is needed";
        assert_eq!(page.contains(sentence), is_github, "{page}");
        assert!(!page.contains(">Remove<"), "{page}");

        let empty = browser.post("/settings/token", &[("do", "save")]).is(400);
        assert!(empty.text().contains("enter a token"));
        let wrong = [("token", "ghp_wrong"), ("do", "save")];
        let wrong = browser.post("/settings/token", &wrong).is(422).text();
        assert!(
            wrong.contains("id=\"token-result\"") && !wrong.contains("ghp_wrong"),
            "{wrong}"
        );
        let tested = browser
            .post("/settings/token", &[("token", TOKEN), ("do", "test")])
            .is(200)
            .text();
        let result = part(&tested, "id=\"token-result\">", "</div>");
        assert!(
            result.contains("<code>jane</code> and can create repositories"),
            "{result}"
        );
        assert!(tested.contains("No token is stored."), "{tested}");

        let saved = [("token", TOKEN), ("do", "save")];
        let page = browser.follow("/settings/token", &saved);
        assert!(page.contains("The token was tested and stored."), "{page}");
        assert_eq!(part(&page, "<dt>Login</dt><dd><code>", "</code>"), "jane");
        let scopes = part(&page, "<dt>Scopes</dt><dd>", "</dd>");
        let expires = part(&page, "<dt>Expires</dt><dd>", "</dd>");
        if is_github {
            assert!(
                scopes.contains("<code>repo</code> <code>workflow</code>"),
                "{scopes}"
            );
            assert!(expires.contains("2027-01-15T08:00:00Z"), "{expires}");
        } else {
            assert_eq!(scopes, "not listed by the forge");
            assert_eq!(expires, "no end is known");
        }
        assert!(
            part(&page, "<dt>Verified</dt><dd>", "</dd>").contains("just now"),
            "{page}"
        );
        assert!(!page.contains(TOKEN), "{page}");
        // Without a text, the stored one is tested.
        browser.post("/settings/token", &[("do", "test")]).is(200);

        assert!(
            browser
                .page("/settings/token/remove")
                .contains("revoke it there")
        );
        let page = browser.follow("/settings/token/remove", &[]);
        assert!(
            page.contains("The token of the forge was removed."),
            "{page}"
        );
        assert!(page.contains("No token is stored."), "{page}");
        let nothing = browser.post("/settings/token", &[("do", "test")]);
        assert!(
            nothing.status == 422 || nothing.status == 400,
            "{}",
            nothing.text()
        );
    }
}

#[test]
fn a_token_that_cannot_create_repositories_is_not_stored() {
    let fake = Fake::start(Dialect::GitHub);
    fake.state().scopes = "read:user";
    let server = server(&fake);
    let mut browser = Browser::signed_in(&server, &server.token("ada", &[]));
    let fields = [("token", TOKEN), ("do", "test")];
    let tested = browser.post("/settings/token", &fields).is(200).text();
    let result = part(&tested, "id=\"token-result\">", "</div>");
    assert!(
        result.contains("cannot be used") && result.contains("<code>read:user</code>"),
        "{result}"
    );
    let fields = [("token", TOKEN), ("do", "save")];
    let refused = browser.post("/settings/token", &fields).is(422).text();
    assert!(refused.contains("No token is stored."), "{refused}");
}
