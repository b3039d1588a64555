//! Real servers for tests: installed if need be, started on free ports, and stopped with the test.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A node of Apache Kafka, or the only one: it can be killed and started again on its folder, and ends when this is dropped.
pub(crate) struct Kafka {
    server: Option<Child>,
    folder: PathBuf,
    address: String,
}

impl Kafka {
    /// Where clients find it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The node of a folder with settings; nothing listens yet.
    pub(crate) fn at(folder: PathBuf, port: u16) -> Kafka {
        Kafka { server: None, folder, address: format!("127.0.0.1:{port}") }
    }

    /// Its settings and an empty log; nothing listens yet.
    pub(crate) fn prepare() -> Result<Kafka, String> {
        let (port, controller) = (free_port()?, free_port()?);
        let folder = folder(port)?;
        let ports = [port.to_string(), controller.to_string()];
        run(Command::new(script()).arg("install"))?;
        run(Command::new(script()).arg("format").arg(&folder).args(&ports))?;
        Ok(Kafka::at(folder, port))
    }

    /// Starts it, for the first time or again, and waits until it answers.
    pub(crate) fn start(&mut self) -> Result<(), String> {
        self.launch(&[])?;
        self.ready()
    }

    /// Starts it without waiting.
    pub(crate) fn launch(&mut self, environment: &[(&str, &str)]) -> Result<(), String> {
        let log = self.folder.join("server.log");
        let log = fs::File::options().create(true).append(true).open(log).map_err(|error| error.to_string())?;
        let both = log.try_clone().map_err(|error| error.to_string())?;
        // The script replaces itself by the server, so the child's id is the server's.
        let mut command = Command::new(script());
        command.arg("run").arg(&self.folder).envs(environment.iter().copied());
        let server = command.stdin(Stdio::null()).stdout(log).stderr(both).spawn();
        self.server = Some(server.map_err(|error| format!("{} cannot be run: {error}", script().display()))?);
        Ok(())
    }

    /// Kills it as a lost machine would go; what it acknowledged stays in its folder.
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Waits until it answers.
    pub(crate) fn ready(&mut self) -> Result<(), String> {
        let begun = std::time::Instant::now();
        while begun.elapsed() < std::time::Duration::from_secs(90) {
            if let Some(Ok(Some(status))) = self.server.as_mut().map(Child::try_wait) {
                let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
                let last = log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("").to_owned();
                return Err(format!("kafka ended with {status}: {last}"));
            }
            if std::net::TcpStream::connect(&self.address).is_ok() {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Err("kafka did not listen within 90 s".to_owned())
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What installs, formats and runs Kafka.
pub(crate) fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("servers/kafka.sh")
}

/// An empty folder for the node at `port`.
pub(crate) fn folder(port: u16) -> Result<PathBuf, String> {
    let folder = std::env::temp_dir().join(format!("kafka-{}-{port}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    Ok(folder)
}

/// A running Apache Kafka, or none if it cannot be had here; where servers are required, that is a failure.
pub(crate) fn kafka() -> Option<Kafka> {
    let mut kafka = prepared()?;
    let started = kafka.start();
    available("Apache Kafka", started).map(|()| kafka)
}

/// The same, not started yet.
pub(crate) fn prepared() -> Option<Kafka> {
    available("Apache Kafka", Kafka::prepare())
}

/// Prints why a server is not there, or fails where servers are required.
pub(crate) fn available<T>(name: &str, started: Result<T, String>) -> Option<T> {
    match started {
        Ok(server) => Some(server),
        Err(why) if required() => panic!("{name} is required and could not be started: {why}"),
        Err(why) => {
            tests::not_run(name, &why);
            None
        }
    }
}

/// Whether a server that cannot be started is a failure.
fn required() -> bool {
    let set = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    set("TRIPO_REQUIRE_SERVERS", "1") || set("CI", "true")
}

/// A port nobody listens on now, that no other test is given, and that the system gives to no connection either: some tests listen
/// on theirs a while later, or again.
pub(crate) fn free_port() -> Result<u16, String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (least, count) = (10_000, 20_000);
    let start = std::process::id().wrapping_mul(137) % count;
    for _ in 0..count {
        let port = least + (start + NEXT.fetch_add(1, Relaxed)) % count;
        let port = u16::try_from(port).map_err(|error| error.to_string())?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(format!("no free port in {least} to {}", least + count))
}

/// Runs a step to its end; what it last said is the reason if it fails.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned())
}
