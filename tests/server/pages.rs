//! The pages as a browser without script uses them: links, forms, cookies and redirects.

use super::support::{Answer, TestServer, program};
use crate::support::Sandbox;
use groundplan::app::caller::Access;
use groundplan::server::operation::Credential;
use groundplan::server::pages;

/// A browser without script: it keeps its cookie and says that its forms come from the same site.
pub(super) struct Browser<'s> {
    server: &'s TestServer,
    cookie: String,
}

impl<'s> Browser<'s> {
    pub(super) fn new(server: &'s TestServer) -> Self {
        let cookie = String::new();
        Self { server, cookie }
    }

    /// A browser that has signed in with a token.
    pub(super) fn signed_in(server: &'s TestServer, token: &str) -> Self {
        let mut browser = Self::new(server);
        browser.post("/sign-in", &[("token", token)]).is(303);
        browser
    }

    /// The key of its session.
    pub(super) fn key(&self) -> &str {
        self.cookie.split_once('=').unwrap().1
    }

    pub(super) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub(super) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form(fields);
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
        ];
        self.send("POST", path, &headers, body.as_bytes())
    }

    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let own = [("cookie", self.cookie.as_str()), ("accept", "text/html")];
        let headers: Vec<_> = own.iter().chain(headers).copied().collect();
        let answer = self.server.send(method, path, &headers, body);
        if let Some(cookie) = answer.cookie() {
            let pair = cookie.split(';').next().unwrap();
            pair.clone_into(&mut self.cookie);
        }
        answer
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// The hidden fields of a form in a page.
fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let field = |input: &str| {
        let value = |name: &str| {
            let (_, rest) = input.split_once(&format!("{name}=\""))?;
            Some(rest.split('"').next()?.to_owned())
        };
        Some((value("name")?, value("value")?))
    };
    page.split("<input type=\"hidden\"")
        .skip(1)
        .filter_map(field)
        .collect()
}

#[test]
fn every_page_leads_strangers_to_the_sign_in_and_refuses_users_without_its_rights() {
    let server = TestServer::start(&["--no-worker"]);
    let mut demo = Browser::signed_in(&server, &server.token("demo", &["--demo"]));
    let mut member = Browser::signed_in(&server, &server.token("ada", &[]));
    for page in pages::all() {
        if page.credential == Credential::Nothing {
            continue;
        }
        let path = page
            .path
            .replace("{id}", "nothing")
            .replace("{action}", "cancel")
            .replace("{treeId}", &"0".repeat(40))
            .replace("{*path}", "README.md")
            .replace("{slug}", "demo");
        let ask = |browser: &mut Browser| {
            if page.method == "GET" {
                browser.get(&path)
            } else {
                browser.post(&path, &[])
            }
        };
        let stranger = ask(&mut Browser::new(&server)).is(303);
        assert!(
            stranger.header("location").unwrap().starts_with("/sign-in"),
            "{path}"
        );
        let is_for_administrators = page.credential == Credential::User(Access::Administrate);
        let refused = [&mut demo, &mut member].map(|browser| ask(browser).status == 403);
        let expected = [
            is_for_administrators || page.method != "GET",
            is_for_administrators,
        ];
        assert_eq!(refused, expected, "{} {path}", page.method);
    }
}

#[test]
fn the_address_of_serve_signs_in_the_administrator_once() {
    let server = TestServer::start(&["--no-worker"]);
    let address = server.sign_in_address();
    let path = &address[address.find("/sign-in").unwrap()..];
    let mut browser = Browser::new(&server);
    let answer = browser.get(path).is(303);
    assert_eq!(answer.header("location"), Some("/"));
    let page = browser.get("/").is(200).text();
    assert!(page.contains("administrator"), "{page}");
    let again = Browser::new(&server).get(path).is(401);
    assert!(again.text().contains("was used, or is older"));
    assert_eq!(again.header("referrer-policy"), Some("no-referrer"));
}

#[test]
fn a_session_has_a_new_key_each_time_and_ends_with_the_sign_out() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let mut browser = Browser::new(&server);
    browser.cookie = "groundplan=chosen-by-somebody-else".to_owned();
    browser.get("/").is(303);
    let answer = browser.post("/sign-in", &[("token", &token)]).is(303);
    let cookie = answer.cookie().unwrap();
    assert!(
        cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"),
        "{cookie}"
    );
    assert!(!browser.cookie.contains("chosen-by-somebody-else"));
    let first = browser.cookie.clone();
    browser.post("/sign-in", &[("token", &token)]).is(303);
    assert_ne!(browser.cookie, first);
    let mut old = Browser::new(&server);
    old.cookie = first;
    old.get("/").is(303);
    let last = browser.cookie.clone();
    browser.get("/").is(200);
    browser.post("/sign-out", &[]).is(303);
    browser.cookie = last;
    browser.get("/").is(303);
}

#[test]
fn a_wrong_token_is_refused_and_tries_are_limited() {
    let server = TestServer::start(&["--no-worker"]);
    let mut browser = Browser::new(&server);
    let page = browser
        .post("/sign-in", &[("token", "gp_wrong")])
        .is(401)
        .text();
    assert!(page.contains("unknown, revoked or expired"), "{page}");
    let last = (0..20)
        .map(|_| browser.post("/sign-in", &[("token", "x")]).status)
        .last();
    assert_eq!(last, Some(429));
}

#[test]
fn a_form_of_another_site_changes_nothing() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let browser = Browser::signed_in(&server, &token);
    for headers in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("origin", "https://evil.example")],
        vec![],
    ] {
        let own = [
            ("cookie", browser.cookie.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let headers: Vec<_> = own.into_iter().chain(headers).collect();
        server
            .send("POST", "/products", &headers, b"name=Stolen")
            .is(403);
        server
            .send(
                "POST",
                "/sign-in",
                &headers,
                form(&[("token", &token)]).as_bytes(),
            )
            .is(403);
    }
    assert_eq!(
        server.get("/api/v1/products", &token).json()["items"],
        serde_json::json!([])
    );
}

#[test]
fn after_the_sign_in_a_person_is_where_the_link_led() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let mut browser = Browser::new(&server);
    let wanted = "/products/acme/bootstrap?catalog=demo&auth=none";
    let answer = browser.get(wanted).is(303);
    let sign_in = answer.header("location").unwrap().to_owned();
    let page = browser.get(&sign_in).is(200).text();
    let next = hidden_fields(&page)
        .into_iter()
        .find(|(name, _)| name == "next")
        .unwrap()
        .1;
    let next = next.replace("&#38;", "&");
    let answer = browser
        .post("/sign-in", &[("token", &token), ("next", &next)])
        .is(303);
    assert_eq!(answer.header("location"), Some(wanted));
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let answer = browser
            .post("/sign-in", &[("token", &token), ("next", next)])
            .is(303);
        assert_eq!(answer.header("location"), Some("/"), "{next}");
    }
}

#[test]
fn behind_a_prefix_every_address_of_a_page_has_it() {
    let server = TestServer::start(&[
        "--no-worker",
        "--public-url",
        "https://host.example/bootstrap",
    ]);
    let token = server.token("ada", &[]);
    let mut browser = Browser::signed_in(&server, &token);
    assert!(
        browser.cookie.starts_with("__Secure-groundplan="),
        "{}",
        browser.cookie
    );
    let answer = browser.post("/products", &[("name", "Acme Web")]).is(303);
    assert_eq!(
        answer.header("location"),
        Some("/bootstrap/products/acme-web")
    );
    for path in ["/", "/products/acme-web", "/products/acme-web/bootstrap"] {
        let page = browser.get(path).is(200).text();
        for attribute in ["href=\"", "action=\"", "src=\""] {
            for address in page
                .split(attribute)
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap())
            {
                assert!(
                    address.starts_with("/bootstrap/") || address.starts_with('#'),
                    "{path}: {address}"
                );
            }
        }
    }
}

#[test]
fn a_page_allows_no_script_but_its_own() {
    let server = TestServer::start(&["--no-worker"]);
    let page = Browser::new(&server).get("/sign-in").is(200);
    let policy = page.header("content-security-policy").unwrap();
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "require-trusted-types-for 'script'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    let text = page.text();
    assert!(
        !text.contains("style=\"") && !text.contains("onclick") && !text.contains("data:"),
        "{text}"
    );
    let script = text
        .split("src=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let asset = server.send("GET", script, &[], b"").is(200);
    assert_eq!(
        asset.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    server.send("GET", "/assets/style.css", &[], b"").is(404);
}

#[test]
fn a_failure_is_a_page_for_people_and_a_problem_for_programs() {
    let server = TestServer::start(&["--no-worker"]);
    let mut browser = Browser::signed_in(&server, &server.token("ada", &[]));
    let page = browser.get("/products/nothing").is(404);
    assert!(
        page.text().contains("<h1>Not Found</h1>"),
        "{}",
        page.text()
    );
    let page = browser.get("/no-such-page").is(404);
    assert!(
        page.text().contains("<h1>Not Found</h1>"),
        "{}",
        page.text()
    );
    assert_eq!(server.get("/api/v1/nothing", "").problem(404), "not_found");
}

#[test]
fn names_are_shown_as_text() {
    let server = TestServer::start(&["--no-worker"]);
    let mut browser = Browser::signed_in(&server, &server.token("ada", &[]));
    let name = "<img src=x onerror=alert(1)> & \"Co\"";
    let answer = browser.post("/products", &[("name", name), ("slug", "co")]);
    let path = answer.is(303).header("location").unwrap().to_owned();
    let page = browser.get(&path).is(200).text();
    assert!(!page.contains("<img src=x"), "{page}");
    assert!(
        page.contains("&#60;img src=x onerror=alert(1)&#62; &#38;"),
        "{page}"
    );
}

#[test]
fn a_taken_slug_is_said_beside_the_form_and_what_was_typed_stays() {
    let server = TestServer::start(&["--no-worker"]);
    let mut browser = Browser::signed_in(&server, &server.token("ada", &[]));
    browser.post("/products", &[("name", "Acme Web")]).is(303);
    let page = browser
        .post("/products", &[("name", "Acme Web")])
        .is(409)
        .text();
    assert!(
        page.contains("acme-web") && page.contains("value=\"Acme Web\""),
        "{page}"
    );
    let check = browser.get("/?name=Acme+Web").is(200).text();
    assert!(
        check.contains("there is a product `acme-web` already"),
        "{check}"
    );
    let check = browser.get("/?name=%C5%81%C3%B3d%C5%BA").is(200).text();
    assert!(check.contains("<code>lodz</code>"), "{check}");
}

/// A signed-in browser with a product.
fn with_product(server: &TestServer) -> Browser<'_> {
    let mut browser = Browser::signed_in(server, &server.token("ada", &[]));
    browser.post("/products", &[("name", "Acme Web")]).is(303);
    browser
}

#[test]
fn configure_shows_all_options_and_the_result_of_the_address() {
    let server = TestServer::start(&["--no-worker"]);
    let mut browser = with_product(&server);
    let page = browser.get("/products/acme-web/bootstrap").is(200).text();
    for text in [
        "id=\"auth--session\"",
        "id=\"auth--none\"",
        "id=\"addons--docs\"",
        "Ready to create",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let checked = |page: &str, id: &str| {
        let rest = page.split(&format!("id=\"{id}\"")).nth(1).unwrap();
        rest.split('>').next().unwrap().contains("checked")
    };
    assert!(checked(&page, "auth--session") && !checked(&page, "auth--none"));
    let page = browser
        .get("/products/acme-web/bootstrap?catalog=demo&auth=none&before=catalog%3Ddemo%26auth%3Dsession")
        .is(200)
        .text();
    assert!(!checked(&page, "auth--session") && checked(&page, "auth--none"));
    // The dependency of the session goes, and its file.
    assert!(
        page.contains("Last change: <strong>~package.json, −lib/session.ts</strong>"),
        "{page}"
    );
    let page = browser
        .get("/products/acme-web/bootstrap?catalog=demo&auth=none&owner=-")
        .is(200)
        .text();
    assert!(page.contains("aria-invalid=\"true\""), "{page}");
    browser
        .get("/products/acme-web/bootstrap?catalog=unknown")
        .is(404);
}

#[test]
fn run_creates_the_tree_of_the_preview_and_another_one_is_never_made() {
    let server = TestServer::start(&[]);
    let mut browser = with_product(&server);
    let preview = "/products/acme-web/bootstrap/preview?catalog=demo&auth=session";
    let page = browser.get(preview).is(200).text();
    let fields = hidden_fields(page.split("/runs\">").nth(1).unwrap());
    let mut fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let tree = fields
        .iter()
        .find(|(name, _)| *name == "expect")
        .unwrap()
        .1
        .to_owned();
    // The choice of the form is changed behind the preview's back.
    let changed: Vec<_> = fields
        .iter()
        .copied()
        .filter(|(name, _)| *name != "auth")
        .chain([("auth", "none")])
        .collect();
    let page = browser
        .post("/products/acme-web/runs", &changed)
        .is(412)
        .text();
    assert!(
        page.contains("Nothing was created") && page.contains("lib/session.ts"),
        "{page}"
    );
    fields.push(("ignored", "field"));
    let answer = browser.post("/products/acme-web/runs", &fields).is(303);
    let run = answer.header("location").unwrap().to_owned();
    let token = server.token("ada", &[]);
    let id = run.rsplit('/').next().unwrap();
    let finished = server.finished(id, &token);
    assert_eq!(
        (&finished["status"], &finished["treeId"]),
        (&"succeeded".into(), &tree.into())
    );
    let page = browser.get(&run).is(200).text();
    assert!(
        page.contains("data-status=\"succeeded\"") && page.contains("git clone"),
        "{page}"
    );
    assert!(page.contains("Run again with these choices"), "{page}");
    let page = browser.get(&format!("{run}/cancel")).is(200).text();
    assert!(page.contains("Nothing was done"), "{page}");
    browser.post(&format!("{run}/cancel"), &[]).is(409);
    browser.get(&format!("{run}/explode")).is(404);
}

#[test]
fn a_file_of_a_preview_shows_its_difference_and_the_causes_of_its_lines() {
    let server = TestServer::start(&["--no-worker"]);
    let mut browser = with_product(&server);
    let page = browser
        .get("/products/acme-web/bootstrap/preview?catalog=demo&auth=session")
        .is(200)
        .text();
    let address = page
        .split("href=\"")
        .map(|rest| rest.split('"').next().unwrap())
        .find(|address| address.contains("/files/package.json"))
        .unwrap()
        .replace("&#38;", "&");
    let difference = browser.get(&address).is(200).text();
    assert!(
        difference.contains("added: </span>") && difference.contains("iron-session"),
        "{difference}"
    );
    assert!(
        difference.contains("auth/session: ADD_DEPENDENCY"),
        "{difference}"
    );
    let content = browser
        .get(&format!("{address}&view=content"))
        .is(200)
        .text();
    assert!(
        content.contains("auth/session: ADD_DEPENDENCY"),
        "{content}"
    );
    let only = browser
        .get("/products/acme-web/bootstrap/preview?catalog=demo&auth=session&only=auth/session")
        .is(200)
        .text();
    assert!(
        only.contains("session.ts") && !only.contains(">README.md</a>"),
        "{only}"
    );
    // Previews belong to their user.
    Browser::signed_in(&server, &server.token("eve", &[]))
        .get(&address)
        .is(404);
}

#[test]
fn the_theme_is_chosen_by_a_form_and_kept_in_a_cookie() {
    let server = TestServer::start(&["--no-worker"]);
    let mut browser = Browser::new(&server);
    let answer = browser
        .post("/theme", &[("theme", "dark"), ("back", "/sign-in")])
        .is(303);
    assert_eq!(answer.header("location"), Some("/sign-in"));
    assert!(
        browser
            .get("/sign-in")
            .text()
            .contains("data-theme=\"dark\"")
    );
    browser.post("/theme", &[("theme", "pink")]).is(400);
}

#[test]
fn on_https_the_cookie_is_bound_to_its_host() {
    let server = TestServer::start(&["--no-worker", "--public-url", "https://host.example"]);
    let token = server.token("ada", &[]);
    let mut browser = Browser::new(&server);
    let answer = browser.post("/sign-in", &[("token", &token)]).is(303);
    let cookie = answer.cookie().unwrap();
    assert!(cookie.starts_with("__Host-groundplan="), "{cookie}");
    assert!(
        cookie.contains("; Path=/;") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    // An unencrypted answer of the same host cannot plant a session.
    browser.cookie = browser.cookie.replace("__Host-", "");
    browser.get("/").is(303);
}

#[test]
fn a_taken_repository_name_is_told_and_cannot_be_run() {
    let server = TestServer::start(&["--no-worker"]);
    let mut browser = with_product(&server);
    let form =
        "/products/acme-web/bootstrap?catalog=demo&auth=none&before=catalog%3Ddemo&changed=repo";
    let page = browser.get(form).is(200).text();
    assert!(page.contains("ada/acme-web is free"), "{page}");
    let preview = "/products/acme-web/bootstrap/preview?catalog=demo&auth=none";
    let run = |page: &str| {
        let rest = page.split("id=\"run\"").nth(1).unwrap();
        rest.split('>').next().unwrap().trim().to_owned()
    };
    assert_eq!(run(&browser.get(preview).is(200).text()), "");
    let taken = server.sandbox.join("data/repositories/ada/acme-web.git");
    std::fs::create_dir_all(&taken).unwrap();
    let page = browser.get(form).is(200).text();
    assert!(page.contains("ada/acme-web is taken"), "{page}");
    let page = browser.get(preview).is(200).text();
    assert_eq!(run(&page), "disabled");
    assert!(page.contains("1 finding prevents the creation"), "{page}");
    let mut guest = Browser::signed_in(&server, &server.token("demo", &["--demo"]));
    assert!(!guest.get("/").is(200).text().contains("New product"));
}

#[test]
fn a_server_without_a_sign_in_address_works_all_the_same() {
    let sandbox = Sandbox::with_demo();
    let mut command = program(&sandbox);
    let created = command
        .args(["token", "create", "--user", "admin", "--demo"])
        .output();
    assert!(created.unwrap().status.success());
    let server = TestServer::start_in(sandbox, &["--no-worker"], &[], " ready ");
    server.send("GET", "/sign-in", &[], b"").is(200);
    let (_, log) = server.stop();
    assert!(log.contains("no sign-in address: "), "{log}");
}
