//! `groundplan owners`: closed owners are listed too.

use super::{kind, on_forge};
use crate::forge::fake::{Dialect, Fake, Fault};
use crate::support::Sandbox;
use serde_json::json;

#[test]
fn the_user_and_every_organisation_are_listed_with_their_standing() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        fake.state().organisations.push("quiet");
        let args = ["owners", "--forge", kind(dialect)];
        let sandbox = Sandbox::new();
        let ran = on_forge(&sandbox, &fake, args).exits(0);
        assert_eq!(
            ran.stdout,
            "jane    visible  yourself
acme    visible
closed  policy-blocked  the organisation does not allow this user to create repositories
quiet   unknown
"
        );
        let json = on_forge(&sandbox, &fake, args.iter().chain(&["--format", "json"])).json();
        assert_eq!(json["host"], "127.0.0.1");
        assert_eq!(json["kind"], kind(dialect));
        assert_eq!(json["isComplete"], true);
        assert_eq!(
            json["owners"],
            json!([
                { "login": "jane", "kind": "myself", "standing": "visible" },
                { "login": "acme", "kind": "organisation", "standing": "visible" },
                {
                    "login": "closed",
                    "kind": "organisation",
                    "standing": "policy-blocked",
                    "reason": "the organisation does not allow this user to create repositories",
                },
                { "login": "quiet", "kind": "organisation", "standing": "unknown" },
            ])
        );
    }
}

#[test]
fn the_owners_of_a_folder_are_its_folders() {
    let sandbox = Sandbox::new();
    sandbox.write("forge/acme/here", "");
    let ran = sandbox.groundplan(["owners", "--forge", "local", "--forge-url", "forge"]);
    assert_eq!(ran.exits(0).stdout, "acme  visible\n");
}

#[test]
fn what_goes_wrong_has_its_own_exit_code() {
    let fake = Fake::start(Dialect::GitHub);
    let sandbox = Sandbox::new();
    let owners = ["owners", "--forge", "github"];
    for (fault, code) in [
        (Fault::Unauthorized, 4),
        (Fault::TooMany, 3),
        (Fault::Garbage, 3),
    ] {
        fake.state().fault = Some((0, fault, usize::MAX));
        on_forge(&sandbox, &fake, owners).exits(code);
    }
    on_forge(&sandbox, &fake, ["owners"]).exits(2);
    sandbox.groundplan(owners).exits(2);
}
