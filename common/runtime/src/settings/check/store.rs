//! The keys of the store.

use super::{host_and_port, pem};
use crate::settings::Loading;

/// Checks them against each other.
pub(super) fn check(loading: &mut Loading) {
    let (kind, data, nodes, keyspace) = ("store.kind", "store.data", "store.nodes", "store.keyspace");
    if loading.sound(&[kind, data]) && loading.text(kind) == "redb" && !loading.set_by_someone(data) {
        let said = loading.said(kind);
        loading.wrong(data, format!("{said} needs {data}: name a folder, or take memory or cql"));
    }
    if loading.sound(&[nodes]) && !loading.text(nodes).split(',').all(|node| host_and_port(node.trim(), 1)) {
        loading.wrong(nodes, format!("{}: take host:port, several with commas between", loading.said(nodes)));
    }
    // It stands in statements, where nothing can be bound in its place.
    let plain = |name: &str| {
        (1..=48).contains(&name.len())
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if loading.sound(&[keyspace]) && !plain(loading.text(keyspace)) {
        let said = loading.said(keyspace);
        loading.wrong(keyspace, format!("{said}: take 1 to 48 small letters, digits and _, a letter first"));
    }
    let (user, password) = ("store.username", "store.password");
    let sound = loading.sound(&[user, password]) && !loading.broken.contains("store.password_file");
    if sound && loading.set_by_someone(user) != loading.set_by_someone(password) {
        let (set, missing) = if loading.set_by_someone(user) { (user, password) } else { (password, user) };
        let said = loading.said(set);
        loading.wrong(missing, format!("{said} needs {missing}: set both or none"));
    }
    let (security, ca) = ("store.security", "store.tls_ca");
    if loading.sound(&[security, ca]) && loading.set_by_someone(ca) && loading.text(security) != "tls" {
        let (said, security) = (loading.said(ca), loading.said(security));
        loading.wrong(ca, format!("{said} but {security}: take tls, or leave it out"));
    }
    pem(loading, ca, "CERTIFICATE");
}
