//! Certificates and proxies: one rule for requests to the forge and for the push.

use super::Joint;
use crate::forge::fake::{Dialect, Fault, TOKEN};
use crate::forge::support::wait;
use crate::support::tls::{Authority, Certificate};
use groundplan::error::{Class, Explain as _};
use groundplan::forge::address::{ForgeAddress, RequestSettings};
use groundplan::forge::repository::Remote;
use groundplan::git::{AllowedHosts, Git, GitSettings};
use groundplan::model::preflight::ForgeKind;
use groundplan::publish::git_push::GitPush;
use groundplan::publish::push::PushError;
use groundplan::secret::Secret;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A port of this machine at which nothing listens.
fn dead_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// `groundplan new` for the forge behind TLS.
fn secure_command(joint: &Joint, address: SocketAddr) -> Command {
    let path = match joint.fake.dialect {
        Dialect::GitHub => "",
        Dialect::Forgejo => "/code",
    };
    joint.new_command_at(&format!("https://{address}{path}"), &["--format", "json"])
}

#[test]
fn a_private_authority_in_a_file_or_folder_is_accepted_for_requests_and_push() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let joint = Joint::start(dialect);
        let authority = Authority::new();
        let address = authority.serve(Certificate::Good, joint.front);
        joint.sandbox.write("ca.pem", &authority.pem);
        let mut command = secure_command(&joint, address);
        command.env("SSL_CERT_FILE", joint.sandbox.join("ca.pem"));
        joint.run(command).exits(0);
        assert!(joint.is_right());
    }
    let joint = Joint::start(Dialect::Forgejo);
    let authority = Authority::new();
    let address = authority.serve(Certificate::Good, joint.front);
    joint.sandbox.write("certificates/ca.pem", &authority.pem);
    let mut command = secure_command(&joint, address);
    command.env("SSL_CERT_DIR", joint.sandbox.join("certificates"));
    let ran = joint.run(command);
    // OpenSSL and rustls find certificates in a folder by hashed names or by their ending.
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn a_certificate_that_is_not_accepted_is_refused_with_its_reason_before_anything_is_sent() {
    for (certificate, is_known, reason) in [
        (
            Certificate::Good,
            false,
            "is signed by an unknown authority",
        ),
        (
            Certificate::SelfSigned,
            true,
            "is signed by an unknown authority",
        ),
        (Certificate::OtherHost, true, "is for another host"),
        (Certificate::Expired, true, "has expired"),
        (Certificate::NotYetValid, true, "is not valid yet"),
    ] {
        let joint = Joint::start(Dialect::Forgejo);
        let authority = Authority::new();
        let address = authority.serve(certificate, joint.front);
        joint.sandbox.write("ca.pem", &authority.pem);
        let mut command = secure_command(&joint, address);
        if is_known {
            command.env("SSL_CERT_FILE", joint.sandbox.join("ca.pem"));
        }
        let ran = joint.run(command).exits(3);
        let said = format!("the certificate {reason}");
        assert!(
            ran.stderr.contains(&said),
            "{certificate:?}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains("SSL_CERT_FILE"), "{}", ran.stderr);
        assert_eq!(joint.state().calls, Vec::<String>::new());
        assert_eq!(joint.state_files(), Vec::<String>::new());
    }
}

/// A push by git to a server with a certificate.
fn push(certificate: Certificate, passed: bool) -> PushError {
    let joint = Joint::start(Dialect::GitHub);
    let authority = Authority::new();
    let address = authority.serve(certificate, joint.front);
    joint.sandbox.write("ca.pem", &authority.pem);
    joint
        .sandbox
        .git("", &["init", "-q", "-b", "main", "built"]);
    let author = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    let commit = ["commit", "-q", "--allow-empty", "-m", "First"];
    joint.sandbox.git("built", &[&author[..], &commit].concat());
    let file = joint.sandbox.join("ca.pem").into_os_string();
    let push = GitPush {
        git: Arc::new(Git::new(GitSettings {
            path: std::env::var_os("PATH").unwrap(),
            passed: passed
                .then(|| ("SSL_CERT_FILE".to_owned(), file))
                .into_iter()
                .collect(),
            allow_file: false,
            allow_hosts: AllowedHosts::All,
            timeout: Duration::from_secs(30),
            max_bytes: GitSettings::MAX_BYTES,
        })),
        repository: joint.sandbox.join("built/.git"),
        user: GitPush::USER.to_owned(),
        secret: Some(Secret::parse(TOKEN.to_owned()).unwrap()),
    };
    let url = format!("https://{address}/acme/web.git").parse().unwrap();
    let error = push.run(&Remote::Url(url), &AtomicBool::new(false));
    error.expect_err("nothing can be pushed there")
}

#[test]
fn a_push_to_a_certificate_that_is_not_accepted_is_certainly_not_sent() {
    for (certificate, is_known) in [
        (Certificate::Good, false),
        (Certificate::SelfSigned, true),
        (Certificate::OtherHost, true),
        (Certificate::Expired, true),
        (Certificate::NotYetValid, true),
    ] {
        let error = push(certificate, is_known);
        assert!(
            matches!(error, PushError::Insecure { .. }),
            "{certificate:?}: {error:?}"
        );
        assert_eq!(error.class(), Class::Environment);
        let hint = error
            .hint()
            .unwrap()
            .render(|setting| setting.name().to_owned());
        assert!(hint.contains("SSL_CERT_FILE"), "{hint}");
    }
    // The handshake succeeds, and the forge does not know the repository.
    let error = push(Certificate::Good, true);
    assert!(!matches!(error, PushError::Insecure { .. }), "{error:?}");
}

#[test]
fn a_change_is_not_sent_when_the_handshake_fails() {
    let authority = Authority::new();
    let address = authority.serve(Certificate::Expired, dead_address());
    let address = format!("https://{address}");
    let address = ForgeAddress::parse(ForgeKind::Forgejo, Some(&address), &[]).unwrap();
    let settings = RequestSettings::new(Duration::from_secs(10));
    let clock = crate::forge::support::FakeClock::new();
    let error = wait(address.probe(&settings, clock.clone())).expect_err("it is not secure");
    assert_eq!(error.class(), Class::Environment, "{error}");
    assert_eq!(clock.waits.lock().unwrap().len(), 0, "it is not repeated");
}

/// A proxy for http that writes down the first line of every request.
struct HttpProxy {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl HttpProxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || stream.and_then(|stream| forward(stream, &seen)));
            }
        });
        Self { address, requests }
    }
}

/// Passes one request on, whose line names the whole address.
fn forward(mut client: TcpStream, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let (line, rest) = text.split_once("\r\n").unwrap();
    seen.lock().unwrap().push(line.to_owned());
    let (method, address) = line.split_once(" http://").unwrap();
    let (host, path) = address.split_once('/').unwrap();
    let mut server = TcpStream::connect(host)?;
    let rest = rest.replacen("\r\n\r\n", "\r\nconnection: close\r\n\r\n", 1);
    server.write_all(format!("{method} /{path}\r\n{rest}").as_bytes())?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || io::copy(&mut from, &mut to));
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

const VARIABLES: [&str; 3] = ["http_proxy", "all_proxy", "ALL_PROXY"];

#[test]
fn proxy_variables_are_used_by_neither_requests_nor_push() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let joint = Joint::start(dialect);
        let mut command = joint.new_command(&[]);
        for variable in VARIABLES {
            command.env(variable, format!("http://{}", dead_address()));
        }
        joint.run(command).exits(0);
        assert!(joint.is_right());
    }
}

#[test]
fn with_the_flag_requests_and_push_go_through_the_proxy() {
    for variable in VARIABLES {
        let joint = Joint::start(Dialect::Forgejo);
        let proxy = HttpProxy::start();
        let mut command = joint.new_command(&["--forge-proxy", "env"]);
        command.env(variable, format!("http://{}", proxy.address));
        joint.run(command).exits(0);
        assert!(joint.is_right());
        let requests = proxy.requests.lock().unwrap();
        let is_git = |line: &&String| line.contains(".git/");
        let (pushes, calls) = (
            requests.iter().filter(is_git).count(),
            requests.iter().filter(|line| !is_git(line)).count(),
        );
        assert_eq!(calls, joint.state().calls.len(), "{requests:?}");
        assert_eq!(pushes, joint.git.requests().len(), "{requests:?}");
    }
}

#[test]
fn with_the_flag_a_dead_proxy_stops_both_and_an_excepted_host_needs_none() {
    let joint = Joint::start(Dialect::Forgejo);
    let command = |direct: Option<&str>| {
        let mut command = joint.new_command(&[]);
        command
            .env("GROUNDPLAN_FORGE_PROXY", "env")
            .env("http_proxy", format!("http://{}", dead_address()));
        if let Some(hosts) = direct {
            command.env("NO_PROXY", hosts);
        }
        command
    };
    joint.run(command(None)).exits(3);
    assert_eq!(joint.state().calls, Vec::<String>::new());
    assert_eq!(joint.git.requests(), Vec::<String>::new());
    joint.run(command(Some("example.org,127.0.0.1"))).exits(0);
    assert!(joint.is_right());
    let mut command = joint.new_command(&["--forge-proxy", "env"]);
    command.env("http_proxy", "socks5://127.0.0.1:1080");
    let ran = joint.run(command).exits(2);
    assert!(ran.stderr.contains("`socks5`"), "{}", ran.stderr);
}

#[test]
fn a_resumed_publication_uses_the_proxy_of_its_ledger() {
    let joint = Joint::start(Dialect::Forgejo);
    let proxy = HttpProxy::start();
    let address = format!("http://{}", proxy.address);
    // The description is refused at the end of the first run.
    let first = Joint::start(Dialect::Forgejo);
    first.run(first.new_command(&[])).exits(0);
    let calls = first.state().calls.clone();
    let describe = calls.iter().position(|call| call.starts_with("PATCH"));
    joint.state().fault = Some((describe.unwrap(), Fault::Unauthorized, 1));
    let mut command = joint.new_command(&["--forge-proxy", "env"]);
    command.env("http_proxy", &address);
    joint.run(command).exits(4);
    let ledger = joint.ledger();
    assert!(
        fs::read_to_string(format!("{}.forge.json", ledger.display()))
            .unwrap()
            .contains("\"proxy\": \"env\"")
    );
    let before = proxy.requests.lock().unwrap().len();
    let mut command = joint.command(&["resume", ledger.to_str().unwrap()]);
    command.env("http_proxy", &address);
    joint.run(command).exits(0);
    assert!(joint.is_right());
    assert!(proxy.requests.lock().unwrap().len() > before);
}
