//! Layers, origins, and every key with everything it does not take.

use super::*;
use crate::kafka::Access;
use crate::limits::Limits;

/// A folder of its own, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("settings-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn flags(pairs: &[(&str, &str)]) -> Sources {
    let flag = |(key, value): &(&str, &str)| Flag { flag: "--set", key: (*key).to_owned(), value: (*value).to_owned() };
    Sources { flags: pairs.iter().map(flag).collect(), ..Sources::default() }
}

fn variables(pairs: &[(&str, &str)]) -> Sources {
    let environment = pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
    Sources { environment, ..Sources::default() }
}

fn problems(sources: &Sources) -> Vec<String> {
    Settings::load(KEYS, sources).err().unwrap_or_default()
}

/// The sentences that a file leads to.
fn of_file(folder: &Folder, text: &str) -> Vec<String> {
    let path = folder.write("settings.toml", text);
    problems(&Sources { file: Some(path), ..Sources::default() })
}

#[test]
fn the_defaults_are_sound_and_those_of_the_program() {
    for key in KEYS {
        assert!(key.kind.read(key.default).is_some(), "{}", key.name);
        assert!(SECTIONS.iter().any(|(section, _)| *section == key.section()), "{}", key.name);
        assert_eq!(KEYS.iter().filter(|other| other.name == key.name).count(), 1, "{}", key.name);
    }
    let settings = Settings::load(KEYS, &Sources::default()).unwrap();
    assert_eq!(settings.limits(), Limits::default());
    let ours = settings.access("", "");
    assert_eq!(format!("{ours:?}"), format!("{:?}", Access::default()));
    let registry = crate::registry::Access::from("http://127.0.0.1:8081");
    assert_eq!(format!("{:?}", settings.registry()), format!("{registry:?}"));
    assert_eq!(settings.access("matching", "a-0").group, "matching");
    assert_eq!(format!("{:?}", settings.reading()), format!("{:?}", crate::store::Reading::default()));
}

/// A value that a key takes and that is not its default, as a variable gives it.
fn another(key: &Key) -> String {
    match key.kind {
        Kind::Integer { least, most, .. } => {
            [least, most].into_iter().map(|n| n.to_string()).find(|n| n != key.default).unwrap()
        }
        Kind::Choice(of) => of.iter().find(|word| **word != key.default).map(|word| (*word).to_owned()).unwrap(),
        Kind::Text if key.name == "registry.url" => "https://r:1".to_owned(),
        Kind::Text => "h:1".to_owned(),
        Kind::Path | Kind::Secret => "12345".to_owned(),
    }
}

#[test]
fn a_later_layer_wins_and_says_so_for_every_key() {
    let folder = Folder::new("layers");
    for key in KEYS {
        let value = another(key);
        let (section, name) = key.name.split_once('.').unwrap();
        let quote = if matches!(key.kind, Kind::Integer { .. }) { "" } else { "\"" };
        let file = folder.write("settings.toml", &format!("# one key\n[{section}]\n{name} = {quote}{value}{quote}\n"));
        let in_file = Sources { file: Some(file.clone()), ..Sources::default() };
        let in_both = Sources { file: Some(file.clone()), ..variables(&[(&key.variable(), &value)]) };
        let in_all = Sources { flags: flags(&[(key.name, &value)]).flags, ..in_both.clone() };
        let origins = [format!("{}:3", file.display()), key.variable(), "--set".to_owned()];
        for (sources, origin) in [in_file, in_both, in_all].iter().zip(origins) {
            let loading = Loading::layers(KEYS, sources);
            let entry = loading.entries.iter().find(|entry| entry.key.name == key.name).unwrap();
            assert_eq!((entry.origin.to_string(), loading.problems.clone()), (origin, vec![]), "{}", key.name);
            let shown = if matches!(key.kind, Kind::Secret) { "***" } else { &value };
            assert_eq!(entry.shown(), shown, "{}", key.name);
        }
    }
}

#[test]
fn every_key_refuses_what_it_does_not_take_in_every_layer() {
    let folder = Folder::new("wrong");
    for key in KEYS {
        let (section, name) = key.name.split_once('.').unwrap();
        let written: &[&str] = match key.kind {
            Kind::Integer { .. } => &["", "-1", "99999999999999999999", "1.5", "ten", "1e3", " 5", "true"],
            Kind::Choice(_) => &["", "yes", "PLAINTEXT ", "1", "sasl"],
            Kind::Text | Kind::Path | Kind::Secret => &["a\nb", "\u{7}"],
        };
        for value in written {
            for (sources, origin) in [
                (flags(&[(key.name, value)]), "--set".to_owned()),
                (variables(&[(&key.variable(), value)]), key.variable()),
            ] {
                let said = problems(&sources);
                assert_eq!(said.len(), 1, "{} {value:?}: {said:?}", key.name);
                let wanted = [key.name, &origin, &key.kind.takes()];
                assert!(wanted.iter().all(|part| said[0].contains(part)), "{}: {said:?}", key.name);
                assert!(!said[0].contains('\n') && !said[0].contains('\u{7}'), "{said:?}");
            }
        }
        let in_file: &[&str] = match key.kind {
            Kind::Integer { .. } => {
                &["\"5\"", "1.5", "true", "[1]", "{ a = 1 }", "-1", "99999999999999999999", "2020-01-01"]
            }
            _ => &["5", "1.5", "true", "[\"a\"]", "{ a = 1 }", "\"a\\nb\"", "2020-01-01"],
        };
        for value in in_file {
            let said = of_file(&folder, &format!("\n[{section}]\n\n{name} = {value}\n"));
            assert_eq!(said.len(), 1, "{} {value:?}: {said:?}", key.name);
            let place = format!("{}:4)", folder.0.join("settings.toml").display());
            assert!(said[0].contains(key.name) && said[0].contains(&place), "{said:?}");
            assert!(said[0].contains(&key.kind.takes()), "{said:?}");
        }
    }
}

#[test]
fn bounds_are_part_of_the_range() {
    for key in KEYS {
        if let Kind::Integer { least, most, .. } = key.kind {
            for (number, taken) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
                assert_eq!(key.kind.read(&number.to_string()).is_some(), taken, "{} {number}", key.name);
            }
        }
    }
}

#[test]
fn a_key_that_is_unknown_is_named_and_the_near_one_suggested() {
    let folder = Folder::new("unknown");
    let place = folder.0.join("settings.toml").display().to_string();
    for (sentence, said) in [
        (
            "kafka.broker (--set) is not a setting: did you mean kafka.brokers?".to_owned(),
            problems(&flags(&[("kafka.broker", "x")])),
        ),
        (
            "brokers (--set) is not a setting: did you mean kafka.brokers?".to_owned(),
            problems(&flags(&[("brokers", "x")])),
        ),
        (
            "TRIPO__KAFKA__SASL_PASWORD sets no key that exists: did you mean TRIPO__KAFKA__SASL_PASSWORD?".to_owned(),
            problems(&variables(&[("TRIPO__KAFKA__SASL_PASWORD", "hunter2")])),
        ),
        (
            "TRIPO_KAFKA_SASL_PASSWORD sets nothing: did you mean TRIPO__KAFKA__SASL_PASSWORD?".to_owned(),
            problems(&variables(&[("TRIPO_KAFKA_SASL_PASSWORD", "hunter2")])),
        ),
        (
            "limits.asks (--set) is not a setting: did you mean limits.asks_taken?".to_owned(),
            problems(&flags(&[("limits.asks", "5")])),
        ),
        (
            format!("kafka.sasl.password ({place}:2) is not a setting: did you mean kafka.sasl_password?"),
            of_file(&folder, "[kafka]\nsasl.password = \"hunter2\"\n"),
        ),
        (
            format!("weather ({place}:1) is not a setting: leave it out; `tripo config` lists all keys"),
            of_file(&folder, "weather = 1\n"),
        ),
    ] {
        assert_eq!(said, [sentence]);
    }
    // What is not ours is not looked at.
    assert_eq!(
        problems(&variables(&[("TRIPO_DATA", "x"), ("PATH", "y"), ("tripo__kafka__x", "z")])),
        Vec::<String>::new()
    );
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let folder = Folder::new("all");
    let file = folder.write("settings.toml", "[run]\nworkers = 900\ncolour = 1\n[log]\nlevel = \"wran\"\n");
    let mut sources = variables(&[("TRIPO__LIMITS__ASKS_TAKEN", "5000"), ("TRIPO__HTTP__ADDRESS", "everywhere")]);
    sources.file = Some(file.clone());
    sources.flags = flags(&[("kafka.brokers", "b"), ("kafka.security", "ssl")]).flags;
    let file = file.display();
    assert_eq!(
        problems(&sources),
        [
            format!("log.level is \"wran\" ({file}:5): did you mean warn? It takes one of off, error, warn, info, debug"),
            format!("run.colour ({file}:3) is not a setting: leave it out; `tripo config` lists all keys"),
            format!("run.workers is 900 ({file}:2): take 1 to 64 workers"),
            "kafka.security is \"ssl\" (--set): take one of plaintext, tls, sasl_plaintext, sasl_tls".to_owned(),
            "kafka.brokers is \"b\" (--set): take host:port, several with commas between".to_owned(),
            "http.address is \"everywhere\" (TRIPO__HTTP__ADDRESS): take host:port such as 0.0.0.0:9464, or nothing for none".to_owned(),
            "limits.asks_taken is 5000 records (TRIPO__LIMITS__ASKS_TAKEN) and limits.asks_in_hand is 4000 records (default): it may \
             not be more, lower the one or raise the other"
                .to_owned(),
        ]
    );
}

#[test]
fn a_password_of_digits_stays_text_and_is_never_shown() {
    let folder = Folder::new("secret");
    let user = [("TRIPO__KAFKA__SECURITY", "sasl_tls"), ("TRIPO__KAFKA__SASL_USERNAME", "u")];
    let given = |name: &str, value: &str| Settings::load(KEYS, &variables(&[user[0], user[1], (name, value)]));
    let settings = given("TRIPO__KAFKA__SASL_PASSWORD", "0012345").unwrap();
    assert_eq!(settings.access("", "").security.sasl.unwrap().password.reveal(), "0012345");
    let file = |text: &str| folder.write("password", text).display().to_string();
    for text in ["0012345", "0012345\n", "0012345\r\n"] {
        let settings = given("TRIPO__KAFKA__SASL_PASSWORD_FILE", &file(text)).unwrap();
        assert_eq!(settings.access("", "").security.sasl.unwrap().password.reveal(), "0012345", "{text:?}");
        assert!(!format!("{settings:?}{:?}", settings.access("", "")).contains("0012345"));
        assert!(settings.entries().iter().all(|entry| !entry.shown().contains("0012345")));
        assert_eq!(settings.origin("kafka.sasl_password").unwrap().to_string(), "TRIPO__KAFKA__SASL_PASSWORD_FILE");
    }
    for text in ["", "\n", "a\nb\n"] {
        let said = given("TRIPO__KAFKA__SASL_PASSWORD_FILE", &file(text)).unwrap_err();
        assert!(said.len() == 1 && said[0].starts_with("kafka.sasl_password_file is "), "{said:?}");
    }
    let both = [
        user[0],
        user[1],
        ("TRIPO__KAFKA__SASL_PASSWORD", "hunter2"),
        ("TRIPO__KAFKA__SASL_PASSWORD_FILE", &file("x")),
    ];
    let said = problems(&variables(&both));
    assert!(
        said.len() == 1 && said[0].ends_with("are both set: leave one out") && !said[0].contains("hunter2"),
        "{said:?}"
    );
    let said = problems(&flags(&[("registry.url", "http://me:hunter2@r:1")]));
    assert!(
        said.len() == 1 && said[0].starts_with("registry.url (--set) holds a user") && !said[0].contains("hunter2"),
        "{said:?}"
    );
    for (key, value) in [
        ("registry.url", "http://r:1/@hunter2"),
        ("registry.url", "me:hunter2@r:1"),
        ("registry.url", "http://r:1/?key=hunter2"),
        ("registry.url", "http://me:hunter2@r\u{1}"),
        ("kafka.brokers", "me:hunter2@b:1"),
    ] {
        let loaded = Settings::load(KEYS, &flags(&[(key, value)]));
        let told = loaded.map_or_else(|said| said.join("\n"), |settings| format!("{settings:?}"));
        assert!(told.contains(key) && !told.contains("hunter2"), "{told}");
    }
    assert!(!format!("{:?}", flags(&[("kafka.sasl_password", "hunter2")])).contains("hunter2"));
}

#[test]
fn of_a_password_and_a_file_with_it_that_of_the_later_layer_holds() {
    let folder = Folder::new("later");
    let path = folder.write("password", "of the file").display().to_string();
    let user = [("kafka.security", "sasl_tls"), ("kafka.sasl_username", "u")];
    for (variable, flag, holds) in [
        (("TRIPO__KAFKA__SASL_PASSWORD", "itself"), ("kafka.sasl_password_file", path.as_str()), "of the file"),
        (("TRIPO__KAFKA__SASL_PASSWORD_FILE", path.as_str()), ("kafka.sasl_password", "itself"), "itself"),
    ] {
        let sources = Sources { flags: flags(&[user[0], user[1], flag]).flags, ..variables(&[variable]) };
        let settings = Settings::load(KEYS, &sources).unwrap();
        assert_eq!(settings.access("", "").security.sasl.unwrap().password.reveal(), holds);
    }
}

/// Settings, and parts of what is said of them.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn what_needs_or_contradicts_another_key_is_said() {
    let folder = Folder::new("cross");
    let pem = folder.write("a.pem", "-----BEGIN CERTIFICATE-----\n").display().to_string();
    let empty = folder.write("b.pem", "x").display().to_string();
    let cases: &[Case<'_>] = &[
        (&[("kafka.security", "sasl_tls")], &["needs kafka.sasl_username", "needs kafka.sasl_password"]),
        (
            &[("kafka.sasl_username", "u")],
            &["kafka.sasl_username is \"u\" (--set) but kafka.security is \"plaintext\" (default)"],
        ),
        (&[("kafka.tls_ca", &pem)], &["take tls or sasl_tls"]),
        (&[("kafka.security", "tls"), ("kafka.tls_ca", &empty)], &["holds no certificate"]),
        (&[("kafka.security", "tls"), ("kafka.tls_ca", "/nowhere.pem")], &["cannot be read"]),
        (&[("kafka.security", "tls"), ("kafka.tls_certificate", &pem)], &["needs kafka.tls_key"]),
        (&[("registry.tls_ca", &pem)], &["take https"]),
        (&[("registry.username", "u")], &["needs registry.password"]),
        (&[("registry.url", "r:8081")], &["take http://host:port"]),
        (&[("registry.url", "ftp://r")], &["take http://host:port"]),
        (&[("registry.url", "http://r:1/?a=b")], &["registry.url (--set) holds a query"]),
        (&[("run.grace_ms", "5000")], &["kafka.commit_ms is 10000 milliseconds (default) and run.grace_ms is 5000"]),
        (&[("kafka.session_ms", "20000")], &["kafka.transaction_ms is 10000 milliseconds (default)"]),
        (
            &[("kafka.queued_kbytes", "1024"), ("kafka.fetch_partition_bytes", "2000000")],
            &["kafka.queued_kbytes is 1024 KiB"],
        ),
        (&[("kafka.brokers", "")], &["take host:port"]),
        (&[("kafka.brokers", "a:1,,b:2")], &["take host:port"]),
        (&[("kafka.brokers", "http://a:1")], &["take host:port"]),
        (&[("run.instance", "a b")], &["without blanks"]),
        (&[("store.kind", "redb")], &["store.kind is \"redb\" (--set) needs store.data: name a folder"]),
        (&[("store.nodes", "h")], &["store.nodes is \"h\" (--set): take host:port"]),
        (&[("store.keyspace", "a; DROP")], &["take 1 to 48 small letters"]),
        (&[("store.keyspace", "9a")], &["a letter first"]),
        (&[("store.username", "u")], &["needs store.password"]),
        (&[("store.tls_ca", &pem)], &["take tls, or leave it out"]),
        (&[("store.security", "tls"), ("store.tls_ca", &empty)], &["holds no certificate"]),
        (&[("store.deadline_ms", "200"), ("store.write_ms", "100")], &["store.deadline_ms is 200 milliseconds"]),
        (&[("store.kind", "redb"), ("store.data", "/tmp")], &[]),
        (&[("store.kind", "cql"), ("store.nodes", "a:1, b:2")], &[]),
        (&[("kafka.brokers", "a:1, [::1]:2,b-c.d_e:65535")], &[]),
        (&[("http.address", "")], &[]),
        (&[("kafka.security", "tls"), ("kafka.tls_ca", &pem)], &[]),
    ];
    for (pairs, wanted) in cases {
        let said = problems(&flags(pairs));
        assert_eq!(said.len(), wanted.len(), "{pairs:?}: {said:?}");
        assert!(said.iter().zip(*wanted).all(|(said, part)| said.contains(part)), "{pairs:?}: {said:?}");
    }
}

#[test]
fn a_named_file_must_be_there_and_be_toml() {
    let folder = Folder::new("named");
    let missing = problems(&Sources { file: Some("/nowhere.toml".into()), ..Sources::default() });
    assert!(missing.len() == 1 && missing[0].starts_with("/nowhere.toml (--settings) cannot be read"), "{missing:?}");
    let missing = problems(&variables(&[("TRIPO_SETTINGS", "/nowhere.toml")]));
    assert!(
        missing.len() == 1 && missing[0].starts_with("/nowhere.toml (TRIPO_SETTINGS) cannot be read"),
        "{missing:?}"
    );
    let path = folder.write("huge.toml", &"#".repeat((1 << 20) + 1));
    assert_eq!(problems(&Sources { file: Some(path), ..Sources::default() }).len(), 1);
    let said = of_file(&folder, "[run]\nworkers = = 5\n");
    assert!(said[0].contains("settings.toml:2 is no TOML"), "{said:?}");
}

#[test]
fn the_document_sets_every_key_to_its_default_and_names_its_range() {
    let folder = Folder::new("document");
    let text = document(KEYS);
    let path = folder.write("tripo.toml", &text);
    let settings = Settings::load(KEYS, &Sources { file: Some(path), ..Sources::default() }).unwrap();
    let plain = Settings::load(KEYS, &Sources::default()).unwrap();
    for (entry, default) in settings.entries().iter().zip(plain.entries()) {
        assert!(matches!(entry.origin, Origin::File(..)), "{} is not in the document", entry.key.name);
        assert_eq!(entry.value.shown(&entry.key), default.value.shown(&entry.key), "{}", entry.key.name);
    }
}

/// Files of few tokens, so that sections and keys repeat: whatever stands there, nobody panics and every sentence has one line.
#[test]
fn no_file_makes_it_panic() {
    const TOKENS: &[&str] =
        &["[run]", "[kafka]", "workers", "brokers", " = ", "\n", "\"", "5", "{", "}", "[", ".", "\u{1}", "é", "'''"];
    let folder = Folder::new("garbage");
    for seed in 0..2_000_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut text = String::new();
        for _ in 0..(seed % 24) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(TOKENS[(state >> 33) as usize % TOKENS.len()]);
        }
        let said = of_file(&folder, &text);
        assert!(said.iter().all(|sentence| !sentence.contains(['\n', '\u{1}'])), "seed {seed}: {text:?}: {said:?}");
    }
}
