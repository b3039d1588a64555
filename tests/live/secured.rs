//! A real Kafka that asks who one is, over TLS, and a registry behind TLS with basic authentication; and what a person sees who gets
//! one of these settings wrong.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kernel::contract::MatchDecided;
use native_tls::{Identity, TlsAcceptor, TlsStream};

use crate::binary::{Running, ended};
use crate::client::Client;
use crate::journey::request;
use crate::servers::{available, free_port};

/// Partitions of the market topics.
const PARTITIONS: i32 = 4;
/// The password of all users: digits, which must stay text.
const PASSWORD: &str = "0123456789";
/// Basic authentication of `tripo` with that password (RFC 7617).
const BASIC: &str = "authorization: basic dhjpcg86mdeymzq1njc4oq==";

/// A Kafka that asks who one is; it ends when this is dropped.
struct Secured {
    server: Child,
    folder: PathBuf,
    /// Listeners: plain, with user and password over TLS, with certificates.
    plain: String,
    sasl: String,
    tls: String,
}

impl Secured {
    fn start() -> Result<Secured, String> {
        let script = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("servers").join(name);
        let ports = [free_port()?, free_port()?, free_port()?, free_port()?];
        let folder = std::env::temp_dir().join(format!("secured-{}-{}", std::process::id(), ports[0]));
        step(Command::new(script("kafka.sh")).arg("install"))?;
        step(Command::new(script("secure.sh")).arg("certificates").arg(&folder))?;
        step(Command::new(script("secure.sh")).arg("format").arg(&folder).args(ports.map(|port| port.to_string())))?;
        let log = fs::File::create(folder.join("server.log")).map_err(|error| error.to_string())?;
        let both = log.try_clone().map_err(|error| error.to_string())?;
        let mut server = Command::new(script("kafka.sh"));
        let server = server.arg("run").arg(&folder).stdin(Stdio::null()).stdout(log).stderr(both).spawn();
        let server = server.map_err(|error| error.to_string())?;
        let [plain, sasl, tls, _] = ports.map(|port| format!("127.0.0.1:{port}"));
        let secured = Secured { server, folder, plain, sasl, tls };
        let begun = Instant::now();
        while [&secured.plain, &secured.sasl, &secured.tls].iter().any(|address| TcpStream::connect(address).is_err()) {
            if begun.elapsed() > Duration::from_secs(90) {
                return Err("kafka with TLS did not listen within 90 s".to_owned());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(secured)
    }

    /// A file of its folder.
    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// The settings of a user with a password.
    fn user(&self, name: &str, mechanism: &str) -> Vec<(&'static str, String)> {
        vec![
            ("TRIPO__KAFKA__BROKERS", self.sasl.clone()),
            ("TRIPO__KAFKA__SECURITY", "sasl_tls".to_owned()),
            ("TRIPO__KAFKA__SASL_MECHANISM", mechanism.to_owned()),
            ("TRIPO__KAFKA__SASL_USERNAME", name.to_owned()),
            ("TRIPO__KAFKA__SASL_PASSWORD_FILE", self.file("password")),
            ("TRIPO__KAFKA__TLS_CA", self.file("ca.pem")),
        ]
    }

    /// The settings of one who shows a certificate.
    fn certificate(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TRIPO__KAFKA__BROKERS", self.tls.clone()),
            ("TRIPO__KAFKA__SECURITY", "tls".to_owned()),
            ("TRIPO__KAFKA__TLS_CA", self.file("ca.pem")),
            ("TRIPO__KAFKA__TLS_CERTIFICATE", self.file("client.pem")),
            ("TRIPO__KAFKA__TLS_KEY", self.file("client.key")),
            ("TRIPO__KAFKA__TLS_KEY_PASSWORD", "opensesame".to_owned()),
        ]
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Runs a step to its end; what it last said is the reason if it fails.
fn step(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    if output.status.success() { Ok(()) } else { Err(last.to_owned()) }
}

/// Sets one of the variables.
fn with(mut variables: Vec<(&'static str, String)>, name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    variables.retain(|(other, _)| *other != name);
    variables.push((name, value.to_owned()));
    variables
}

fn borrowed<'a>(variables: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// `tripo schemas topics` with these settings: its status and what it said.
fn topics(variables: &[(&'static str, String)]) -> (Option<i32>, String) {
    let partitions = PARTITIONS.to_string();
    ended(&["schemas", "topics", "--partitions", &partitions, "--replication", "1"], &borrowed(variables))
}

/// Puts TLS and basic authentication before the embedded registry; answers its address.
fn guarded(secured: &Secured, registry: &str) -> String {
    let pem = |name: &str| fs::read(secured.folder.join(name)).unwrap();
    let identity = Identity::from_pkcs8(&pem("server.pem"), &pem("server.key")).unwrap();
    let acceptor = TlsAcceptor::new(identity).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let registry = registry.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (acceptor, registry) = (acceptor.clone(), registry.clone());
            // One who breaks off, as a client that does not trust us does, ends his connection only.
            std::thread::spawn(move || drop(acceptor.accept(stream.unwrap()).map(|stream| pass(stream, &registry))));
        }
    });
    address
}

/// Passes one request on, if it says who it is, and its answer back.
fn pass(mut from: TlsStream<TcpStream>, registry: &str) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        from.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let lower = head.to_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|n| n.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    from.read_exact(&mut body)?;
    let mut answer = Vec::new();
    if lower.contains(BASIC) {
        let mut to = TcpStream::connect(registry)?;
        to.write_all(head.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes())?;
        to.write_all(&body)?;
        to.read_to_end(&mut answer)?;
    } else {
        answer.extend_from_slice(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    }
    from.write_all(&answer)?;
    from.shutdown()
}

/// The settings of the guarded registry.
fn registry_user(secured: &Secured, url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("TRIPO__REGISTRY__URL", url.to_owned()),
        ("TRIPO__REGISTRY__USERNAME", "tripo".to_owned()),
        ("TRIPO__REGISTRY__PASSWORD", PASSWORD.to_owned()),
        ("TRIPO__REGISTRY__TLS_CA", secured.file("ca.pem")),
    ]
}

#[test]
fn who_says_who_he_is_is_served_and_who_does_not_reads_why() {
    let Some(secured) = available("Apache Kafka with TLS", Secured::start()) else { return };
    let registry = embedded::Registry::start(0, None).unwrap();
    let url = guarded(&secured, registry.url());
    every_way_in(&secured);
    every_wrong_way(&secured);
    the_registrys_ways(&secured, &url);
    a_ride_is_decided(&secured, &url, registry.url());
}

fn every_way_in(secured: &Secured) {
    for variables in [secured.user("plain", "PLAIN"), secured.user("scram", "SCRAM-SHA-512"), secured.certificate()] {
        assert_eq!(topics(&variables), (Some(0), String::new()), "{variables:?}");
    }
}

fn every_wrong_way(secured: &Secured) {
    let wrong = secured.folder.join("wrong");
    fs::write(&wrong, "9876543210").unwrap();
    let (user, certificate) = (|| secured.user("scram", "SCRAM-SHA-512"), || secured.certificate());
    let file = "TRIPO__KAFKA__SASL_PASSWORD_FILE";
    let without = |mut variables: Vec<(&'static str, String)>, part: &str| {
        variables.retain(|(name, _)| !name.contains(part));
        variables
    };
    let refused = "the brokers refuse the user: check kafka.sasl_username, the password and kafka.sasl_mechanism";
    let authority = "the brokers' certificate is not signed by an authority in kafka.tls_ca";
    let cases = [
        (with(user(), file, wrong.to_str().unwrap()), refused),
        (with(secured.user("plain", "PLAIN"), file, wrong.to_str().unwrap()), refused),
        (with(user(), "TRIPO__KAFKA__SASL_USERNAME", "nobody"), refused),
        (
            with(user(), "TRIPO__KAFKA__SASL_MECHANISM", "SCRAM-SHA-256"),
            "the brokers do not take this kafka.sasl_mechanism",
        ),
        (with(user(), "TRIPO__KAFKA__TLS_CA", &secured.file("other.pem")), authority),
        (without(user(), "TLS_CA"), authority),
        (
            without(certificate(), "TLS_KEY").into_iter().filter(|(name, _)| !name.contains("CERTIFICATE")).collect(),
            "kafka.tls_certificate",
        ),
        (with(certificate(), "TRIPO__KAFKA__TLS_KEY_PASSWORD", "closesesame"), "check kafka.tls_key_password"),
        (with(certificate(), "TRIPO__KAFKA__BROKERS", &secured.plain), "check kafka.security"),
        (vec![("TRIPO__KAFKA__BROKERS", secured.sasl.clone())], "check kafka.security"),
    ];
    for (variables, part) in cases {
        let (status, said) = topics(&variables);
        assert_eq!((status, said.lines().count()), (Some(1), 1), "{variables:?}: {said}");
        assert!(said.starts_with("tripo: ") && said.contains(part), "{variables:?}: {said}");
        assert!(!said.contains(PASSWORD) && !said.contains("9876543210") && !said.contains("sesame"), "{said}");
    }
}

fn the_registrys_ways(secured: &Secured, url: &str) {
    let right = || registry_user(secured, url);
    let register = |variables: &[(&'static str, String)]| ended(&["schemas", "register"], &borrowed(variables));
    assert_eq!(register(&right()), (Some(0), String::new()));
    for (variables, part) in [
        (with(right(), "TRIPO__REGISTRY__PASSWORD", "9876543210"), "set registry.username and registry.password"),
        (vec![right().remove(0), right().remove(3)], "set registry.username and registry.password"),
        (with(right(), "TRIPO__REGISTRY__TLS_CA", &secured.file("other.pem")), "name its authority in registry.tls_ca"),
        (
            right().into_iter().filter(|(name, _)| !name.ends_with("CA")).collect(),
            "name its authority in registry.tls_ca",
        ),
    ] {
        let (status, said) = register(&variables);
        assert_eq!((status, said.lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains(part) && !said.contains("9876543210"), "{variables:?}: {said}");
    }
}

/// `tripo run` through all of it decides a ride, and says nothing but its first line.
fn a_ride_is_decided(secured: &Secured, url: &str, registry: &str) {
    let variables = [secured.user("scram", "SCRAM-SHA-512"), registry_user(secured, url)].concat();
    let mut running = Running::start(&["run", "matching"], &borrowed(&variables));
    running.becomes_ready();
    let client = Client::new(&secured.plain, registry, PARTITIONS);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    client.publish(&request("secured", now));
    client.until(|all: &[MatchDecided]| all.iter().find(|decided| decided.ride == "secured").cloned());
    let (status, said) = running.stop();
    assert_eq!((status, said.len()), (Some(0), 1), "{said:#?}");
}
