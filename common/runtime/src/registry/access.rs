//! Where the registry is, and how its clients are made.

use std::time::Duration;

use reqwest::{Certificate, ClientBuilder};

use crate::settings::Secret;

/// Where the registry is and who we are to it.
#[derive(Clone, Debug)]
pub struct Access {
    /// Address, `http` or `https`.
    pub url: String,
    /// User for basic authentication; empty: none.
    pub username: String,
    /// Password of that user.
    pub password: Secret,
    /// Who may sign its certificate, beside those whom the system trusts: path of a PEM file; empty: nobody else.
    pub tls_ca: String,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Most schemas, and most unknown ids, that are remembered; the oldest is forgotten first and asked for again.
    pub remembered: usize,
}

impl From<&str> for Access {
    /// A registry that asks nobody for a name.
    fn from(url: &str) -> Access {
        Access {
            url: url.to_owned(),
            username: String::new(),
            password: Secret::default(),
            tls_ca: String::new(),
            timeout: Duration::from_secs(2),
            remembered: 1_024,
        }
    }
}

impl Access {
    /// How an HTTP client for it is made.
    ///
    /// # Errors
    /// The authorities cannot be read.
    pub(super) fn client(&self) -> Result<ClientBuilder, String> {
        // It is ours: a proxy of the environment is for the world outside. What it redirects to is not, and gets no password.
        let redirects = reqwest::redirect::Policy::none();
        let mut client = ClientBuilder::new().no_proxy().timeout(self.timeout).redirect(redirects);
        if !self.tls_ca.is_empty() {
            let unusable = |why: String| format!("{}: {why}: name a PEM file with certificates", self.tls_ca);
            let pem = std::fs::read(&self.tls_ca).map_err(|error| unusable(error.to_string()))?;
            for authority in Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))? {
                client = client.add_root_certificate(authority);
            }
        }
        Ok(client)
    }
}
