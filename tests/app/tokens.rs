//! Tokens: scopes that a forge lists, and those that it does not.

use groundplan::app::tokens::check_usable;
use groundplan::forge::account::Account;
use groundplan::model::preflight::{ForgeKind, Permission};

fn account(scopes: Option<&[&str]>) -> Account {
    Account {
        login: "ada".to_owned(),
        id: 1,
        scopes: scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        expires_at: None,
        answered_at: None,
        can_delete: Permission::Unknown,
        rate_limit: None,
    }
}

#[test]
fn a_token_needs_the_scope_repo_where_the_forge_lists_scopes() {
    let message = |kind, scopes: Option<&[&str]>| {
        let checked = check_usable(kind, &account(scopes));
        checked.err().map(|error| error.to_string())
    };
    assert_eq!(message(ForgeKind::Github, Some(&["repo"])), None);
    assert_eq!(message(ForgeKind::Forgejo, None), None);
    assert_eq!(
        message(ForgeKind::Github, Some(&["gist"])).as_deref(),
        Some("the token lacks the scope `repo`")
    );
    let unlisted = message(ForgeKind::Github, None).unwrap();
    assert!(unlisted.contains("lists no scopes"), "{unlisted}");
}
