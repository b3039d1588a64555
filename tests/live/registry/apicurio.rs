//! Apicurio Registry as a child process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::call;
use crate::servers::{available, free_port};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server; its process ends when this is dropped.
pub(super) struct Apicurio {
    server: Child,
    log: PathBuf,
    url: String,
}

/// A server, or none where there is no JDK 21 or where it cannot be had and is not required.
pub(super) fn apicurio() -> Option<Apicurio> {
    match script(&["java"]) {
        Ok(output) if output.status.success() => available("Apicurio Registry", Apicurio::start()),
        Ok(output) if output.status.code() == Some(3) => {
            tests::not_run("needs JDK 21", "the verdicts of a real registry were not compared");
            None
        }
        Ok(output) => available("Apicurio Registry", Err(last_line(&output.stderr))),
        Err(why) => available("Apicurio Registry", Err(why)),
    }
}

impl Apicurio {
    /// Where its Confluent interface is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    fn start() -> Result<Apicurio, String> {
        let installed = script(&["install"])?;
        if !installed.status.success() {
            return Err(last_line(&installed.stderr));
        }
        let (port, management) = (free_port()?, free_port()?);
        let log = std::env::temp_dir().join(format!("apicurio-{}-{port}.log", std::process::id()));
        let out = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let both = out.try_clone().map_err(|error| error.to_string())?;
        // The script replaces itself by the server, so the child's id is the server's.
        let server = Command::new(path())
            .args(["run", &port.to_string(), &management.to_string()])
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(both)
            .spawn()
            .map_err(|error| format!("{}: {error}", path().display()))?;
        Apicurio { server, log, url: format!("http://127.0.0.1:{port}/apis/ccompat/v7") }.ready()
    }

    fn ready(mut self) -> Result<Apicurio, String> {
        let begun = Instant::now();
        let address = self.url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned();
        while begun.elapsed() < PATIENCE {
            if let Ok(Some(status)) = self.server.try_wait() {
                return Err(format!("ended with {status}: {}", last_line(&fs::read(&self.log).unwrap_or_default())));
            }
            if std::net::TcpStream::connect(&address).is_ok() && call(&self.url, "GET", "/subjects", "") == 200 {
                return Ok(self);
            }
            thread::sleep(Duration::from_millis(100));
        }
        Err(format!("not ready within {} s", PATIENCE.as_secs()))
    }
}

impl Drop for Apicurio {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_file(&self.log);
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("servers/registry.sh")
}

fn script(arguments: &[&str]) -> Result<Output, String> {
    let output = Command::new(path()).args(arguments).stdin(Stdio::null()).output();
    output.map_err(|error| format!("{}: {error}", path().display()))
}

fn last_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned()
}
