//! A browser that is signed in: it keeps the cookie of its session and sends forms.

use super::support::{Answer, TestServer};

/// A signed-in browser without script.
pub(crate) struct Browser<'s> {
    server: &'s TestServer,
    pub(crate) cookie: String,
}

impl TestServer {
    /// Signs in with a token.
    pub(crate) fn sign_in(&self, token: &str) -> Browser<'_> {
        let mut browser = Browser {
            server: self,
            cookie: String::new(),
        };
        let answer = browser.post("/sign-in", &[("token", token)]).is(303);
        let cookie = answer.header("set-cookie").unwrap();
        browser.cookie = cookie.split(';').next().unwrap().to_owned();
        browser
    }
}

impl Browser<'_> {
    pub(crate) fn get(&self, path: &str) -> Answer {
        let headers = [("cookie", self.cookie.as_str()), ("accept", "text/html")];
        self.server.send("GET", path, &headers, b"")
    }

    /// The text of a page.
    #[track_caller]
    pub(crate) fn page(&self, path: &str) -> String {
        let answer = self.get(path).is(200);
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        answer.text()
    }

    /// Sends a form.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
        ];
        self.server.send("POST", path, &headers, body.as_bytes())
    }

    /// Sends a form and reads the page that its answer leads to.
    #[track_caller]
    pub(crate) fn follow(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields).is(303);
        self.page(answer.header("location").unwrap())
    }
}
